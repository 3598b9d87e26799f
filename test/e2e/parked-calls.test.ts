import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Bridge, startBridge } from '../support/bridge.ts';
import { fixture, fixtureLine } from '../support/fixtures.ts';
import {
  type Answerer,
  createStatelessClient,
  questionsOf,
  type StatelessAnswer,
  type StatelessClient,
  withResponses,
} from '../support/stateless.ts';
import { isRunning } from './processes.ts';
import { serverStatusOf } from './status.ts';
import { temporaryFolder } from './temporary-folder.ts';

const OLD = ['--stdio', `old=${fixtureLine('eras-server', '--era', '2025', '--name', 'old')}`];
const ELICITATION = { capabilities: { elicitation: {} } };
const ASK = { name: 'ask', arguments: { kind: 'elicitation', message: 'How?' } };
const YES = { action: 'accept', content: { answer: 'yes' } };
const answerYes: Answerer = () => YES;

/** The params with which a call is tried again, all its questions answered alike. */
function withYes(params: object, asked: StatelessAnswer): object {
  const keys = Object.keys(questionsOf(asked) ?? {});
  return withResponses(params, asked, Object.fromEntries(keys.map((key) => [key, YES])));
}

function pidIn({ result }: StatelessAnswer): number {
  const pid = (result?.structuredContent as { pid: number } | undefined)?.pid;
  // Zero would be the test's own process group.
  if (!pid) throw new Error('there is no process in this answer');
  return pid;
}

const refused = (answer: StatelessAnswer) => [answer.result, answer.error?.code];
const REFUSED = [undefined, -32602];

describe('the state of a call to a server of 2025 that waits for an answer', () => {
  const askedAt = async (bridge: Bridge): Promise<{ client: StatelessClient; asked: StatelessAnswer }> => {
    const client = createStatelessClient(bridge.url, ELICITATION);
    const asked = await client.request('tools/call', ASK);
    expect(asked.result).toMatchObject({ resultType: 'input_required', requestState: expect.any(String) });
    return { client, asked };
  };

  it('is of use to the request it was made for only', async () => {
    await using bridge = await startBridge(OLD);
    const { client, asked } = await askedAt(bridge);
    const { inputResponses, requestState } = withYes({}, asked) as Record<string, unknown>;
    const others: [string, object][] = [
      ['tools/call', { name: 'ask', arguments: { kind: 'elicitation', message: 'Why?' } }],
      ['tools/call', { name: 'ask-and-hang', arguments: ASK.arguments }],
      ['tools/call', { name: 'ask' }],
      ['prompts/get', { name: 'question' }],
      ['resources/read', { uri: 'old://question' }],
    ];
    for (const [method, params] of others) {
      expect(refused(await client.request(method, { ...params, inputResponses, requestState }))).toEqual(REFUSED);
    }
    const { result } = await client.request('tools/call', withYes(ASK, asked));
    expect(result?.structuredContent).toEqual(YES);
  });

  it('is of use once', async () => {
    await using bridge = await startBridge(OLD);
    const { client, asked } = await askedAt(bridge);
    const retry = withYes(ASK, asked);
    const [first, second] = await Promise.all([
      client.request('tools/call', retry),
      client.request('tools/call', retry),
    ]);
    const served = [first, second].filter(({ result }) => result?.resultType === 'complete');
    expect(served.map(({ result }) => result?.structuredContent)).toEqual([YES]);
    expect(refused(await client.request('tools/call', retry))).toEqual(REFUSED);
  });

  it('is of use as it was given out only', async () => {
    await using bridge = await startBridge(OLD);
    const { client, asked } = await askedAt(bridge);
    const state = asked.result?.requestState as string;
    const retry = withYes(ASK, asked);
    // Each character is turned, but for the last ones, whose bits need not all mean something.
    const bent = Array.from(state.slice(0, -2), (character, index) => {
      const other = character === 'A' ? 'B' : 'A';
      return state.slice(0, index) + other + state.slice(index + 1);
    });
    const sample = bent.filter((_, index) => index % 7 === 0);
    for (const requestState of [
      '',
      'x',
      5,
      null,
      {},
      `${state}x`,
      state.slice(0, -4),
      state.toUpperCase(),
      ...sample,
    ]) {
      expect(refused(await client.request('tools/call', { ...retry, requestState }))).toEqual(REFUSED);
    }
    expect((await client.request('tools/call', retry)).result?.structuredContent).toEqual(YES);
  });

  it('is of no use to another bridge', async () => {
    await using bridge = await startBridge(OLD);
    await using other = await startBridge(OLD);
    const { asked } = await askedAt(bridge);
    const client = createStatelessClient(other.url, ELICITATION);
    expect(refused(await client.request('tools/call', withYes(ASK, asked)))).toEqual(REFUSED);
  });

  it('is of no use at another URL of the same bridge', async () => {
    const mcpServers = {
      one: fixture('eras-server', '--era', '2025', '--name', 'old'),
      two: fixture('eras-server', '--era', '2025', '--name', 'old'),
    };
    await using bridge = await startBridge([], { config: { mcpServers } });
    const at = (name: string) => createStatelessClient(`${bridge.origin}/servers/${name}/mcp`, ELICITATION);
    const asked = await at('one').request('tools/call', ASK);
    expect(refused(await at('two').request('tools/call', withYes(ASK, asked)))).toEqual(REFUSED);
    expect((await at('one').request('tools/call', withYes(ASK, asked))).result?.structuredContent).toEqual(YES);
  });

  it('is of no use once the server has ended, which its client is told', async () => {
    await using bridge = await startBridge(OLD);
    const client = createStatelessClient(bridge.url, ELICITATION);
    const pid = pidIn(await client.call('pid'));
    // It is lent out again, as it has nothing to do.
    const asked = await client.request('tools/call', ASK);
    process.kill(pid, 'SIGKILL');
    await expect.poll(() => isRunning(pid)).toBe(false);
    const retried = await client.request('tools/call', withYes(ASK, asked));
    expect(retried.error?.message).toContain('old');
    expect(retried.result).toBeUndefined();
    expect((await client.callWithAnswers('tools/call', ASK, answerYes)).result?.structuredContent).toEqual(YES);
  });
});

describe('calls that wait for an answer', () => {
  it('are served by one process, if they come one after the other', async () => {
    await using bridge = await startBridge(OLD);
    const client = createStatelessClient(bridge.url, ELICITATION);
    for (let index = 0; index < 10; index += 1) {
      expect((await client.callWithAnswers('tools/call', ASK, answerYes)).result?.structuredContent).toEqual(YES);
    }
    // Besides the one that all share.
    expect((await serverStatusOf(bridge, 'old')).links).toBe(2);
  });

  it('never have more processes than are allowed: who waits longest makes room for others', async () => {
    const mcpServers = { old: { ...fixture('eras-server', '--era', '2025', '--name', 'old'), maxLinks: 3 } };
    await using bridge = await startBridge([], { config: { mcpServers } });
    const client = createStatelessClient(bridge.url, ELICITATION);
    const asked: StatelessAnswer[] = [];
    for (let index = 0; index < 6; index += 1) {
      asked.push(await client.request('tools/call', ASK));
      expect((await serverStatusOf(bridge, 'old')).links).toBeLessThanOrEqual(3);
    }
    const retried = await Promise.all(asked.map((answer) => client.request('tools/call', withYes(ASK, answer))));
    const late = { error: { message: expect.stringContaining('call again') } };
    const served = { result: { structuredContent: YES } };
    expect(retried).toMatchObject([late, late, late, late, served, served]);
    const plain = createStatelessClient(bridge.url);
    expect((await plain.call('echo', { message: 'hello' })).result).toMatchObject({ resultType: 'complete' });
  });
});

describe('more calls at once than there may be processes', () => {
  it('are served in turn', async () => {
    const mcpServers = { old: { ...fixture('eras-server', '--era', '2025', '--name', 'old'), maxLinks: 3 } };
    await using bridge = await startBridge([], { config: { mcpServers } });
    const client = createStatelessClient(bridge.url, ELICITATION);
    const messages = Array.from({ length: 20 }, (_, index) => `call ${index}`);
    const answers = await Promise.all(messages.map((message) => client.call('echo', { message })));
    expect(answers.map(({ result }) => result?.structuredContent)).toEqual(messages.map((message) => ({ message })));
    expect((await serverStatusOf(bridge, 'old')).links).toBeLessThanOrEqual(3);
  });
});

describe('giving up a call to a server of 2025', () => {
  it.each([
    ['before it has asked anything', 'hang', { label: 'before' }],
    ['after its question was answered', 'ask-and-hang', { message: 'after' }],
  ])('is told to the server: %s', async (_when, name, args) => {
    await using folder = await temporaryFolder();
    const ledger = join(folder.path, 'ledger');
    await using bridge = await startBridge([
      '--stdio',
      fixtureLine('eras-server', '--era', '2025', '--ledger', ledger),
    ]);
    const client = createStatelessClient(bridge.url, ELICITATION);
    const params = { name, arguments: args };
    const options = { meta: { progressToken: 1 } };
    let stream = await client.open('tools/call', params, options);
    let frame = await stream.next();
    if (frame.result) {
      const asked = { status: stream.status, headers: {}, frames: [frame], result: frame.result, error: undefined };
      stream = await client.open('tools/call', withYes(params, asked), options);
      frame = await stream.next();
    }
    expect(frame.method).toBe('notifications/progress');
    stream.close();
    await expect.poll(() => readFile(ledger, 'utf8').catch(() => '')).toBe(`${JSON.stringify(params)}\n`);
    // Whoever comes next is not served by a process that may still be at it.
    expect((await client.callWithAnswers('tools/call', ASK, answerYes)).result?.structuredContent).toEqual(YES);
  });
});
