import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Bridge, startBridge } from '../support/bridge.ts';
import { fixture, fixtureLine } from '../support/fixtures.ts';
import { rawPost } from '../support/http.ts';
import { openRawSession, type RawSession } from './raw-session.ts';

/** Ways to ask for the tool `secret` of a server that takes all of them; `PREFIX` stands for what precedes names in the view. */
const ATTEMPTS = {
  'by its name': call('"name":"PREFIXsecret"'),
  'by its own name': call('"name":"secret"'),
  'in capitals': call('"name":"PREFIXSECRET"'),
  'in mixed case': call('"name":"PREFIXSecret"'),
  'with spaces around': call('"name":"PREFIX secret "'),
  'with an escaped letter': call('"name":"PREFIXs\\u0065cret"'),
  'under an escaped key': call('"n\\u0061me":"PREFIXsecret"'),
  'in the second of two names': call('"name":"PREFIXopen","name":"PREFIXsecret"'),
  'in the first of two names': call('"name":"PREFIXsecret","name":"PREFIXopen"'),
  'in a second name with an escaped key': call('"name":"PREFIXopen","n\\u0061me":"secret"'),
  'in a second name in capitals': call('"name":"PREFIXopen","NAME":"secret"'),
  'in second params':
    '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"PREFIXopen"},"params":{"name":"secret"}}',
  'in second params in capitals':
    '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"PREFIXopen"},"Params":{"name":"secret"}}',
  'under a second method': '{"jsonrpc":"2.0","id":1,"method":"x","method":"tools/call","params":{"name":"secret"}}',
  'under a second method in capitals':
    '{"jsonrpc":"2.0","id":1,"method":"x","Method":"tools/call","params":{"name":"secret"}}',
  'in a notification': '{"jsonrpc":"2.0","method":"tools/call","params":{"name":"PREFIXsecret"}}',
  'as a task': call('"name":"PREFIXsecret","task":{"ttl":1000}'),
  'in a batch': `[${call('"name":"PREFIXopen"')},${call('"name":"PREFIXsecret"')}]`,
};
const FILTERS = { '--deny': ['--deny', 'sec*'], '--allow': ['--allow', 'open,calls'] };
const VIEWS = { 'a single server': '', 'one of several servers': 'a__' };

describe.each(Object.entries(FILTERS))('a tool hidden by %s', (_flag, filter) => {
  describe.each(Object.entries(VIEWS))('of %s', (_view, prefix) => {
    let bridge: Bridge;
    let session: RawSession;

    beforeAll(async () => {
      const other = prefix === '' ? [] : ['--stdio', `b=${fixtureLine('echo-server')}`];
      bridge = await startBridge(['--stdio', `a=${fixtureLine('lenient-server')}`, ...other, ...filter]);
      // The revision with batches. The capability gives the client a process of its own, to which its notifications go.
      session = await openRawSession(bridge.url, { revision: '2025-03-26', capabilities: { roots: {} } });
    });
    afterAll(() => bridge.stop());

    it('is not listed', async () => {
      const { text } = await session.post(1, 'tools/list');
      expect(text).toContain(`"${prefix}open"`);
      expect(text).not.toContain('secret');
    });

    it.each(Object.entries(ATTEMPTS))('cannot be called %s', async (_way, attempt) => {
      await session.send(attempt.replaceAll('PREFIX', prefix));
      expect(await calledTools(session, prefix)).not.toContain('secret');
    });

    it('is refused like a tool that does not exist', async () => {
      const { error } = await session.call(1, `${prefix}secret`);
      const unknown = await session.call(1, `${prefix}unknown`);
      expect(error).toMatchObject({ code: -32602, message: expect.stringContaining(`Unknown tool: ${prefix}secret.`) });
      expect(unknown.error?.code ?? -32602).toBe(-32602);
    });

    it('does not keep the others from being called', async () => {
      await session.call(1, `${prefix}open`);
      expect(await calledTools(session, prefix)).toContain('open');
    });
  });
});

describe('a filter', () => {
  const several = ['--stdio', `a=${fixtureLine('echo-server')}`, '--stdio', `b=${fixtureLine('echo-server')}`];

  it('may speak of the names that clients see, and holds at the server’s own URL too', async () => {
    await using bridge = await startBridge([...several, '--deny', 'a__echo']);
    const merged = await openRawSession(bridge.url);
    const alone = await openRawSession(`${bridge.origin}/servers/a/mcp`);
    const other = await openRawSession(`${bridge.origin}/servers/b/mcp`);
    expect((await merged.call(1, 'a__echo')).error?.code).toBe(-32602);
    expect((await merged.call(1, 'b__echo')).result).toBeDefined();
    expect((await alone.call(1, 'echo')).error?.code).toBe(-32602);
    expect((await alone.post(1, 'tools/list')).text).not.toContain('"echo"');
    expect((await other.call(1, 'echo')).result).toBeDefined();
  });

  it('denies what it also allows', async () => {
    await using bridge = await startBridge([...several, '--allow', '*o*', '--deny', '*g']);
    const names = await toolNames(await openRawSession(bridge.url));
    expect(names).toEqual(['a__echo', 'a__progress', 'a__touch', 'b__echo', 'b__progress', 'b__touch']);
  });

  it('of one server in the config is its own', async () => {
    const server = fixture('echo-server');
    const mcpServers = { a: { ...server, tools: { deny: ['*'] } }, b: { ...server, tools: { allow: ['pid'] } } };
    await using bridge = await startBridge([], { config: { mcpServers } });
    expect(await toolNames(await openRawSession(bridge.url))).toEqual(['b__pid']);
  });

  it('keeps the cursors of a single server’s pages', async () => {
    const server = fixtureLine('echo-server', '--tools', 'alpha,secret,gamma', '--pages', '3');
    await using bridge = await startBridge(['--stdio', server, '--deny', 'secret']);
    const session = await openRawSession(bridge.url);
    const { messages } = await session.post(1, 'tools/list', { cursor: 'from-1' });
    expect(messages[0]?.result).toEqual({ tools: [], nextCursor: 'from-2' });
  });

  it.each([
    ['--allow', 'ech', 'allow "ech"'],
    ['--deny', 'a__ecko', 'deny "a__ecko"'],
  ])('that matches no tool is reported: %s %s', async (flag, glob, report) => {
    await using bridge = await startBridge([...several, flag, glob, '--deny', 'pid']);
    await expect.poll(bridge.stderr).toContain(JSON.stringify(`${report} matches no tool`).slice(1, -1));
    expect(bridge.stderr()).not.toContain('pid');
  });

  it.each(['[', '(a'])('that cannot be read ends the start with the reason: %s', async (glob) => {
    await expect(startBridge([...several, '--allow', glob])).rejects.toThrow(`The allow glob "${glob}" cannot be read`);
  });

  it('is not shown to strangers', async () => {
    await using bridge = await startBridge([...several, '--deny', 'pid']);
    const { text } = await rawPost(bridge.url, call('"name":"a__pid"'));
    expect(text).not.toMatch(/deny|filter|hidden/i);
  });
});

function call(params: string): string {
  return `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{${params}}}`;
}

/** The tools that the server was asked for since the last time, this question included. */
async function calledTools(session: RawSession, prefix: string): Promise<string[]> {
  const { result } = await session.call('calls', `${prefix}calls`);
  const content = (result?.content ?? []) as { text: string }[];
  return JSON.parse(content[0]?.text ?? 'null');
}

async function toolNames(session: RawSession): Promise<string[]> {
  const { messages } = await session.post(1, 'tools/list');
  const tools = (messages[0]?.result?.tools ?? []) as { name: string }[];
  return tools.map(({ name }) => name);
}
