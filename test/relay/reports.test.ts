import { describe, expect, it } from 'vitest';
import { notificationFrame } from '../../src/protocol/message.ts';
import { filterOf, said, viewOf } from '../catalog/settings.ts';
import { createLogBook } from '../upstream/support.ts';
import { type Part, type PlayOptions, playRelays, ruled } from './support.ts';

const CHANGED = notificationFrame('notifications/tools/list_changed');
const HOPELESS = { type: 'string' };
const RENAMED = { type: 'object', properties: { $top: {} } };

const offers = (...tools: object[]): Part => ({ answer: () => ({ result: { tools } }) });

/** What is reported once these servers have told; `more` waits for what is logged later. */
async function report(parts: Part[], options: PlayOptions = {}) {
  const { log, lines } = createLogBook();
  const relays = await playRelays(parts, { ...options, log });
  for (const { upstream } of relays.played) upstream.start();
  await relays.settled;
  const of = (level: string) => lines.filter((line) => line.startsWith(level)).map((line) => line.slice(6));
  return { relays, warnings: () => of('warn'), debug: () => of('debug').filter((line) => line.includes('the tool ')) };
}

describe('a tool that is hidden for its schema', () => {
  it('is reported with the reason and the way out, once, whichever URL it is missing at', async () => {
    const { warnings, relays } = await report([offers({ name: 'x', inputSchema: HOPELESS }), offers()], {
      ...ruled({ schemas: 'strict' }),
      views: [viewOf('v')],
    });
    expect(warnings()).toEqual([
      expect.stringMatching(/^a: the tool "x" is hidden, .*: it takes no objects.*"schemas": "original"/),
    ]);
    relays.played[0]?.say(CHANGED);
    await expect.poll(() => relays.received[0]?.length).toBeGreaterThan(2);
    expect(warnings()).toHaveLength(1);
  });

  it('is not reported where its name hides it anyway', async () => {
    const { warnings } = await report(
      [offers({ name: 'x', inputSchema: HOPELESS })],
      ruled({ schemas: 'strict', tools: filterOf({ deny: ['x'] }) }),
    );
    expect(warnings()).toEqual([]);
  });

  it('is not reported where schemas are shown as they are', async () => {
    expect((await report([offers({ name: 'x', inputSchema: HOPELESS })])).warnings()).toEqual([]);
  });
});

it('tells of a tool without a name of its own, where schemas are mended', async () => {
  const twice = [{ name: 'x' }, { title: 'none' }, { name: 'x', description: 'Again.' }];
  const { warnings } = await report([offers(...twice)], ruled({ schemas: 'strict' }));
  const said = 'a: a tool is hidden, as clients would refuse all tools for it: it';
  expect(warnings()).toEqual([`${said} is called "x" like a later one`, `${said} has no name`]);
  expect((await report([offers(...twice)])).warnings()).toEqual([]);
});

it('tells of mended schemas only who wants to know everything', async () => {
  const { warnings, debug } = await report([offers({ name: 'x', inputSchema: RENAMED })], ruled({ schemas: 'strict' }));
  expect([warnings(), debug()]).toEqual([
    [],
    ['a: the tool "x" has a mended schema: spelt out that anything is taken at properties.$top; renamed "$top" to top'],
  ]);
  expect((await report([offers({ name: 'x', inputSchema: RENAMED })])).debug()).toEqual([]);
});

describe('what the owner said in vain', () => {
  it('is reported: a parameter that is not there, a tool that is not there', async () => {
    const overrides = [said({ glob: 'x', hidden: ['nope'] }), said({ glob: 'gone', title: 'T' })];
    const { warnings } = await report(
      [offers({ name: 'x', inputSchema: { type: 'object', properties: { path: {} } } })],
      ruled({ overrides }),
    );
    expect(warnings()).toEqual([
      'a: the tool "x": There is no parameter "nope".',
      'a test: override "gone" matches no tool',
    ]);
  });

  it("is reported of a view's overrides, too", async () => {
    const { warnings } = await report([offers({ name: 'x' })], {
      views: [viewOf('v', { overrides: { a: [said({ glob: 'gone', origin: 'the view v' })] } })],
    });
    expect(warnings()).toEqual(['the view v: override "gone" matches no tool']);
  });

  it('is reported of filters: those of all servers, of one, and of a view', async () => {
    const { warnings } = await report([offers({ name: 'x' }), offers({ name: 'y' })], {
      ...ruled({ tools: filterOf({ allow: ['x', 'y', 'z'] }) }),
      tools: filterOf({ deny: ['nope'] }),
      views: [viewOf('v', { servers: ['a'], tools: filterOf({ allow: ['x', 'y'] }) })],
    });
    expect(warnings().sort()).toEqual([
      'a test: allow "x" matches no tool',
      'a test: allow "y" matches no tool',
      'a test: allow "z" matches no tool',
      'the view v: allow "y" matches no tool',
      'tools of all servers: deny "nope" matches no tool',
    ]);
  });

  it('is not that a filter of all servers matches nothing of the few that a URL shows', async () => {
    const { warnings } = await report([offers({ name: 'x' }), offers({ name: 'y' })], {
      tools: filterOf({ deny: ['y', 'a__x'] }),
      views: [viewOf('v', { servers: ['a'] }), viewOf('w', { servers: ['b'] })],
    });
    expect(warnings()).toEqual([]);
  });

  it('is not reported while a server has not told: it may be meant for that one', async () => {
    let isUp = false;
    const late: Part = {
      answer: () => (isUp ? { result: { tools: [{ name: 'y' }] } } : { error: { code: 1, message: 'not now' } }),
    };
    const { warnings, relays } = await report([offers({ name: 'x' }), late], { tools: filterOf({ deny: ['nope'] }) });
    expect(warnings()).toEqual(['b: cannot list its tools: b: tools/list failed: not now']);
    isUp = true;
    relays.played[1]?.say(CHANGED);
    await expect.poll(() => warnings().length).toBe(2);
    expect(warnings()[1]).toBe('tools of all servers: deny "nope" matches no tool');
  });

  it('is reported again where it is another thing', async () => {
    let tools: object[] = [{ name: 'x', inputSchema: HOPELESS }];
    const changing: Part = { answer: () => ({ result: { tools } }) };
    const { warnings, relays } = await report([changing], ruled({ schemas: 'strict' }));
    tools = [{ name: 'y', inputSchema: HOPELESS }];
    relays.played[0]?.say(CHANGED);
    await expect.poll(() => warnings().length).toBe(2);
    expect(warnings()[1]).toMatch(/^a: the tool "y" is hidden/);
  });
});

describe('tools for research', () => {
  const source = (tool: string | undefined) => ({ tool, parameter: undefined, arguments: {}, fields: {} });
  const researchOf = (search?: string, fetch?: string) => ({
    research: { origin: 'the file', search: source(search), fetch: source(fetch) },
  });
  const BOTH = [offers({ name: 'find' }, { name: 'gone' }), offers({ name: 'get' })];

  it('that are made of what is not there are reported, with what may be meant', async () => {
    const said = async (...sources: [string?, string?]) => (await report(BOTH, researchOf(...sources))).warnings();
    expect(await said('find', 'b__gett')).toEqual([
      'the file.search: there is no tool "find", so there is no research; did you mean "a__find"?',
      'the file.fetch: there is no tool "b__gett", so there is no research; did you mean "b__get"?',
    ]);
    expect(await said(undefined, 'nothing like it')).toEqual([
      'the file.fetch: there is no tool "nothing like it", so there is no research; mcp-bridge tools lists all',
    ]);
    expect(await said('a__find', 'b__get')).toEqual([]);
  });

  it('may be made of what is hidden', async () => {
    const options = { ...ruled({ tools: filterOf({ deny: ['*'] }) }), ...researchOf('a__find', 'b__get') };
    expect((await report(BOTH, options)).warnings()).toEqual([]);
  });

  it('are not judged while a server has not told', async () => {
    const late: Part = { answer: () => ({ error: { code: 1, message: 'not now' } }) };
    const { warnings } = await report([offers({ name: 'x' }), late], researchOf('b__get'));
    expect(warnings()).toEqual([expect.stringContaining('cannot list its tools')]);
  });

  it('are not judged while a server that has told of a change does not tell of its tools', async () => {
    let fails = false;
    const changing: Part = {
      answer: () => (fails ? { error: { code: 1, message: 'not now' } } : { result: { tools: [{ name: 'get' }] } }),
    };
    const { warnings, relays } = await report([offers({ name: 'x' }), changing], researchOf('b__get'));
    fails = true;
    relays.played[1]?.say(CHANGED);
    await expect.poll(warnings).toHaveLength(1);
    relays.played[0]?.say(CHANGED);
    await expect
      .poll(() => relays.received[0]?.filter((frame) => frame.string('method') === 'tools/list').length)
      .toBe(2);
    expect(warnings()).toEqual([expect.stringContaining('cannot list its tools')]);
  });
});

describe('an override of prompts or resources', () => {
  const LISTS: Record<string, object> = {
    'prompts/list': { prompts: [{ name: 'greet' }] },
    'resources/list': { resources: [{ uri: 'file:///a' }] },
    'resources/templates/list': { resourceTemplates: [{ uriTemplate: 'log:///{day}' }] },
  };
  const overrides = ruled({
    promptOverrides: [said({ glob: 'greet' }), said({ glob: 'great' })],
    resourceOverrides: [said({ glob: 'file:///*' }), said({ glob: 'log:///*' }), said({ glob: 'fil:///*' })],
  });
  const server = (lists: Record<string, object>, capabilities: object): Part => ({
    capabilities,
    answer: (method) =>
      method in lists ? { result: lists[method] } : { error: { code: -32601, message: 'Method not found' } },
  });

  it('is reported where it matches nothing', async () => {
    const { warnings } = await report([server(LISTS, { prompts: {}, resources: {} })], overrides);
    await expect.poll(() => warnings().length).toBe(2);
    expect(warnings()).toEqual([
      'a test: override "great" matches no prompt',
      'a test: override "fil:///*" matches no resource',
    ]);
  });

  it('is reported of a server that has none, and not of one that does not tell', async () => {
    const { warnings } = await report([server({}, { resources: {} })], overrides);
    await expect.poll(() => warnings().length).toBe(2);
    expect(warnings().every((line) => line.endsWith('matches no prompt'))).toBe(true);
  });
});
