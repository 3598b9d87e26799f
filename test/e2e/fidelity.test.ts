import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RawJson } from '../../src/protocol/raw-json.ts';
import { fixture, fixtureLine } from '../support/fixtures.ts';
import { openRawStdio, RAW_OPENERS, type RawPeer } from './raw-peer.ts';

/** Members and numbers that a parser or a schema on the way would change. */
const UNKNOWN = '"x-unknown":{"deep":[null,1.0,9007199254740993,"\\u00e9"]},"x-big":12345678901234567890';

/** Requests whose answers name nothing that several servers could both have. */
const CALLS = [
  'unknown-members',
  'unknown-content',
  'structured-array',
  'structured-string',
  'no-content',
  'embedded-resource',
  'odd-text',
  'error',
  'notification',
].map((name) => ['tools/call', name, `{"name":"${name}","arguments":{}}`] as const);
const OTHERS = [
  ['prompts/get', 'a prompt', '{"name":"p"}'],
  ['resources/read', 'a resource', '{"uri":"ui://widget"}'],
  ['completion/complete', 'a prompt', '{"ref":{"type":"ref/prompt","name":"p"},"argument":{"name":"a","value":""}}'],
  ['completion/complete', 'a template', '{"ref":{"type":"ref/resource","uri":"x://{id}"},"argument":{"name":"id"}}'],
  ['x-vendor/method', 'a method nobody knows', `{${UNKNOWN}}`],
] as const;
const LISTS = ['tools/list', 'prompts/list', 'resources/list', 'resources/templates/list'];

/** A server whose answers are known to the letter; see the fixture. */
const openServer = (): Promise<RawPeer> => openRawStdio(fixture('fidelity-server'));

describe.each(Object.entries(RAW_OPENERS))('a single server, over %s', (_, open) => {
  let direct: RawPeer;
  let bridged: RawPeer;

  beforeAll(async () => {
    [direct, bridged] = await Promise.all([openServer(), open(['--stdio', fixtureLine('fidelity-server')])]);
  });
  afterAll(async () => {
    await direct[Symbol.asyncDispose]();
    await bridged[Symbol.asyncDispose]();
  });

  it('introduces itself in its own words', () => {
    expect(bridged.opened).toBe(direct.opened);
  });

  it.each([...CALLS, ...OTHERS])(
    '%s: all that comes with %s is as the server wrote it',
    async (method, _what, params) => {
      const expected = await direct.request(method, params);
      expect(await bridged.request(method, params)).toEqual(expected);
    },
  );

  it.each(LISTS)('%s is as the server wrote it', async (method) => {
    const expected = await direct.request(method);
    expect(await bridged.request(method)).toEqual(expected);
  });

  it('receives what the client sent, to the letter', async () => {
    const params = `{"name":"received","arguments":{"n":1.0,${UNKNOWN}},"_meta":{"x":1.0,${UNKNOWN}},${UNKNOWN}}`;
    expect(await received(bridged, params)).toContain(`"params":${params}`);
  });

  it('receives the progress token of the client under another name, and all around it as it was', async () => {
    const params = `{"name":"received","_meta":{"x":1.0,"progressToken":"mine","y":1.0},${UNKNOWN}}`;
    const line = await received(bridged, params);
    expect(line.replace(/"progressToken":\d+/, '"progressToken":"mine"')).toContain(`"params":${params}`);
    expect(line).not.toContain('mine');
  });
});

describe.each(Object.entries(RAW_OPENERS))('a notification that nobody knows, over %s,', (_, open) => {
  const method = 'notifications/x-vendor';
  const params = { 'x-unknown': { deep: [null] } };

  it.each([
    ['a single server', ['--stdio', fixtureLine('echo-server')], 'heard'],
    [
      'each of several',
      ['--stdio', `a=${fixtureLine('echo-server')}`, '--stdio', `b=${fixtureLine('echo-server')}`],
      'b__heard',
    ],
  ])('reaches %s', async (_servers, args, heard) => {
    await using peer = await open(args);
    await peer.notify(method, JSON.stringify(params));
    // The first is the bridge's own, to open the session.
    const answer = await peer.request('tools/call', `{"name":"${heard}"}`);
    const { structuredContent } = JSON.parse(answer.at(-1) ?? '').result;
    expect(structuredContent.heard.slice(1)).toEqual([{ method, params }]);
  });
});

describe('several servers', () => {
  let direct: RawPeer;
  let merged: RawPeer;

  beforeAll(async () => {
    const servers = [
      '--stdio',
      `other=${fixtureLine('echo-server')}`,
      '--stdio',
      `own=${fixtureLine('fidelity-server')}`,
    ];
    [direct, merged] = await Promise.all([openServer(), RAW_OPENERS['Streamable HTTP'](servers)]);
  });
  afterAll(async () => {
    await direct[Symbol.asyncDispose]();
    await merged[Symbol.asyncDispose]();
  });

  it.each(LISTS)('%s: only names change', async (method) => {
    const [own = ''] = await direct.request(method);
    const [all = ''] = await merged.request(method);
    const isNamed = method === 'tools/list' || method === 'prompts/list';
    const expected = itemsOf(own).map((item) => (isNamed ? item.replace('"name":"', '"name":"own__') : item));
    expect(itemsOf(all)).toEqual(expect.arrayContaining(expected));
  });

  it.each([...CALLS, ...OTHERS])(
    '%s: all that comes with %s is as the server wrote it',
    async (method, _what, params) => {
      const expected = await direct.request(method, params);
      const answer = await merged.request(method, params.replace(/"name":"(?=[a-z-]+"(?:,"arg|\}))/, '"name":"own__'));
      expect(answer.map(withoutId)).toEqual(expected.map(withoutId));
    },
  );
});

/** What the server got, when it is asked to say so. */
async function received(peer: RawPeer, params: string): Promise<string> {
  const answer = await peer.request('tools/call', params);
  return JSON.parse(answer.at(-1) ?? '').result.content[0].text;
}

/** The items of a list, as they were written. */
function itemsOf(answer: string): string[] {
  const result = RawJson.parse(answer).raw('result') as RawJson;
  const [member = ''] = Object.keys(result.value as object);
  return (
    result
      .raw(member)
      ?.items()
      .map(({ text }) => text) ?? []
  );
}

function withoutId(text: string): string {
  return text.replace(/^\{"jsonrpc":"2.0","id":\d+,/, '');
}
