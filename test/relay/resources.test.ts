import { describe, expect, it } from 'vitest';
import type { Client } from '../../src/protocol/exchange.ts';
import { requestFrame } from '../../src/protocol/message.ts';
import { RawJson } from '../../src/protocol/raw-json.ts';
import type { RelaySwitch } from '../../src/relay/relay-switch.ts';
import { requestsOf } from '../upstream/played-server.ts';
import { contentOf, createClient, createExchange, NO_RULES } from '../upstream/support.ts';
import { type Part, type PlayedRelays, playRelays } from './support.ts';

/** A server with these resources, whose contents tell what was asked for. */
const offers = (uris: string[], templates: string[] = [], has: (uri: string) => boolean = () => true): Part => ({
  capabilities: { resources: { subscribe: true } },
  answer(method, params) {
    if (method === 'resources/list') return { result: { resources: uris.map((uri) => ({ uri, name: uri })) } };
    if (method === 'resources/templates/list')
      return { result: { resourceTemplates: templates.map((uriTemplate) => ({ uriTemplate, name: 't' })) } };
    const uri = params.string('uri') ?? '';
    if (method !== 'resources/read') return { result: {} };
    return has(uri)
      ? {
          result: {
            contents: [
              { uri, text: 'x', own: 1.5 },
              { uri: 'other:1', text: 'y' },
            ],
          },
        }
      : { error: { code: -32002, message: `no ${uri}` } };
  },
});

async function ask(relay: RelaySwitch | undefined, method: string, uri: unknown, client: Client = createClient()) {
  return contentOf((await relay?.handle(createExchange(requestFrame(method, { uri }), { client }))) as RawJson);
}
const read = ({ merged }: PlayedRelays, uri: unknown) => ask(merged, 'resources/read', uri);
const uriOfs = (answer: Record<string, unknown>) =>
  (answer as { contents?: { uri: string }[] }).contents?.map(({ uri }) => uri);
const asked = ({ received }: PlayedRelays, method = 'resources/read') =>
  received.map((frames) => requestsOf(frames, method).map((frame) => frame.raw('params')?.get('uri')));

async function listed(relays: PlayedRelays): Promise<string[]> {
  const { resources } = contentOf(await relays.merged.handle(createExchange(requestFrame('resources/list'))));
  return (resources as { uri: string }[]).map(({ uri }) => uri);
}

describe('a resource', () => {
  it('is read from the server that has listed it, even if nobody has asked for a list yet', async () => {
    const relays = await playRelays([offers(['a:1']), offers(['b:1'])]);
    expect(uriOfs(await read(relays, 'b:1'))).toEqual(['b:1', 'other:1']);
    expect(asked(relays)).toEqual([[], ['b:1']]);
  });

  it('that several servers have is read from each under a URI of its own, and its contents say that one', async () => {
    const relays = await playRelays([offers(['s:1']), offers(['s:1'])]);
    const [first, second] = (await listed(relays)) as [string, string];
    expect(first).not.toBe(second);
    for (const uri of [first, second]) expect(uriOfs(await read(relays, uri))).toEqual([uri, 'other:1']);
    expect(asked(relays)).toEqual([['s:1'], ['s:1']]);
  });

  it('comes as the server sent it, to the byte, where its URI is its own', async () => {
    const contents = RawJson.parse('[ {"uri":"a:1", "own":1.50} , {"uri":"other:1"} ]');
    const part: Part = {
      capabilities: { resources: {} },
      answer: (method) => ({ result: method === 'resources/read' ? { contents } : { resources: [{ uri: 'a:1' }] } }),
    };
    const { merged } = await playRelays([part, offers([])]);
    const answer = await merged.handle(createExchange(requestFrame('resources/read', { uri: 'a:1' })));
    expect(answer.raw('result')?.raw('contents')?.text).toBe(contents.text);
  });

  it('that matches a template of one server is read from that one', async () => {
    const relays = await playRelays([offers([]), offers([], ['b:{id}'])]);
    expect(uriOfs(await read(relays, 'b:7'))?.[0]).toBe('b:7');
    expect(asked(relays)).toEqual([[], ['b:7']]);
  });

  it('that nobody has listed is asked for in turn, and is the one of the first who has it', async () => {
    const has = (uri: string) => uri === 'c:1';
    const relays = await playRelays([offers([], [], () => false), offers([], [], has), offers([])]);
    expect(uriOfs(await read(relays, 'c:1'))?.[0]).toBe('c:1');
    expect(asked(relays)).toEqual([['c:1'], ['c:1'], []]);
  });

  it('that nobody has is not found, and the answer says which', async () => {
    const none = offers([], [], () => false);
    const withoutResources: Part = { capabilities: {} };
    const relays = await playRelays([none, withoutResources]);
    expect(await read(relays, 'x:1')).toMatchObject({ code: -32002 });
    expect(asked(relays)).toEqual([['x:1'], []]);
    const nobody = await playRelays([withoutResources, withoutResources]);
    expect(await read(nobody, 'x:1')).toEqual({ code: -32002, message: 'Resource not found', data: { uri: 'x:1' } });
    expect(await read(nobody, 7)).toEqual({ code: -32002, message: 'Resource not found', data: { uri: '' } });
  });

  it('that a server has an error for leaves it at that', async () => {
    const relays = await playRelays([offers(['s:1'], [], () => false), offers(['s:1'])]);
    const [first] = await listed(relays);
    expect(await read(relays, first)).toEqual({ code: -32002, message: 'no s:1' });
  });

  it("is shown with the owner's word, under its own URI", async () => {
    const resourceOverrides = [{ glob: 'a:*', origin: 'a test', title: 'T' }];
    const { merged } = await playRelays([offers(['a:1', 'b:1'])], {
      settings: { rules: { ...NO_RULES, resourceOverrides } },
    });
    expect(contentOf(await merged.handle(createExchange(requestFrame('resources/list'))))).toEqual({
      resources: [
        { uri: 'a:1', name: 'a:1', title: 'T' },
        { uri: 'b:1', name: 'b:1' },
      ],
    });
  });
});

describe('updates of a resource', () => {
  it('are asked of the server that has it, under its own URI, and taken back there', async () => {
    const relays = await playRelays([offers(['s:1']), offers(['s:1'])]);
    const [, second] = await listed(relays);
    const client = createClient();
    expect(await ask(relays.merged, 'resources/subscribe', second, client)).toEqual({});
    expect(await ask(relays.merged, 'resources/unsubscribe', second, client)).toEqual({});
    expect(asked(relays, 'resources/subscribe')).toEqual([[], ['s:1']]);
    expect(asked(relays, 'resources/unsubscribe')).toEqual([[], ['s:1']]);
  });

  it('are not for those who keep no session', async () => {
    const relays = await playRelays([offers(['a:1']), offers([])]);
    const client = createClient('sessionless', { listens: false });
    expect(await ask(relays.merged, 'resources/subscribe', 'a:1', client)).toMatchObject({ code: -32600 });
    expect(asked(relays, 'resources/subscribe')).toEqual([[], []]);
  });

  it('cannot be had of what nobody has, but can always be taken back', async () => {
    const relays = await playRelays([offers([]), offers([])]);
    expect(await ask(relays.merged, 'resources/subscribe', 'x:1')).toMatchObject({
      code: -32002,
      data: { uri: 'x:1' },
    });
    expect(await ask(relays.merged, 'resources/unsubscribe', 'x:1')).toEqual({});
    expect(asked(relays, 'resources/unsubscribe')).toEqual([[], []]);
  });
});
