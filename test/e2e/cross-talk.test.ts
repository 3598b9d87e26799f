import { describe, expect, it } from 'vitest';
import { type Bridge, startBridge } from '../support/bridge.ts';
import { connectHttp, connectSse, type PeerOptions } from '../support/clients.ts';
import { fixture, fixtureLine } from '../support/fixtures.ts';
import { rawPost } from '../support/http.ts';
import { CALLERS, type Caller, type ToolCall } from './callers.ts';
import { openRawSession, type RawSession } from './raw-session.ts';

const ECHO = ['--stdio', fixtureLine('echo-server')];
const CLIENTS = 20;
/** All at once, and the same for all clients. `1` is not `"1"`. */
const IDS = [1, 2, 3, 4, 5, '1', '2', '3', '4', '5'];

async function connectMany(bridge: Bridge, connect: (bridge: Bridge) => Promise<Caller>): Promise<Caller[]> {
  return Promise.all(Array.from({ length: CLIENTS }, () => connect(bridge)));
}

/** Every client makes its calls, round by round, and gets exactly what is its own, in order. */
async function callAndCheck(clients: readonly Caller[], rounds: number): Promise<void> {
  await Promise.all(
    clients.map(async (client, index) => {
      for (let round = 0; round < rounds; round += 1) {
        const calls = IDS.map((id, position) =>
          toCall(id, position, `client ${index}, round ${round}, ${typeof id} ${id}`),
        );
        expect(await client.callAll(calls.map(({ call }) => call))).toEqual(calls.map(({ expected }) => expected));
      }
      expect(client.strays()).toEqual([]);
    }),
  );
}

/** Every second call is one that reports progress. */
function toCall(id: string | number, position: number, label: string): { call: ToolCall; expected: object[] } {
  const answer = (structuredContent: object): object => ({
    jsonrpc: '2.0',
    id,
    result: { content: [{ type: 'text', text: JSON.stringify(structuredContent) }], structuredContent },
  });
  if (position % 2 === 0) {
    return { call: { id, name: 'echo', arguments: { message: label } }, expected: [answer({ message: label })] };
  }
  const steps = [1, 2, 3].map((progress) => ({
    jsonrpc: '2.0',
    method: 'notifications/progress',
    params: { progressToken: id, progress, total: 3, message: label },
  }));
  return {
    call: { id, name: 'progress', arguments: { steps: 3, ms: 1, label } },
    expected: [...steps, answer({ steps: 3, label })],
  };
}

describe('twenty clients with the same ids and progress tokens get their own answers and progress, in order,', () => {
  it.each(Object.entries(CALLERS))('on a shared process, over %s', async (_, connect) => {
    await using bridge = await startBridge(ECHO);
    const clients = await connectMany(bridge, connect);
    await callAndCheck(clients, 5);
    for (const client of clients) client.close();
  });

  it('on a shared process, over all transports at once', async () => {
    await using bridge = await startBridge(ECHO);
    const kinds = Object.values(CALLERS);
    const clients = await Promise.all(
      Array.from({ length: CLIENTS }, (_, index) => kinds[index % kinds.length]?.(bridge) as Promise<Caller>),
    );
    await callAndCheck(clients, 15);
    for (const client of clients) client.close();
  });

  it.each(['Streamable HTTP', 'SSE'])('on a process each, over %s', async (transport) => {
    const mcpServers = { echo: { ...fixture('echo-server'), maxLinks: CLIENTS + 1 } };
    await using bridge = await startBridge(['--isolation', 'session'], { config: { mcpServers } });
    const clients = await connectMany(bridge, CALLERS[transport] as (bridge: Bridge) => Promise<Caller>);
    await callAndCheck(clients, 3);
    for (const client of clients) client.close();
  });
});

describe('among the traffic of many clients', () => {
  it('a question reaches the client whose call it belongs to, and its answer that call', async () => {
    await using bridge = await startBridge(ECHO);
    const connect = Object.values(CALLERS);
    const others = await Promise.all(connect.map((each) => each(bridge)));
    const askOften = async (index: number): Promise<void> => {
      const name = `asked ${index}`;
      const questions: string[] = [];
      const options: PeerOptions = {
        name,
        elicit(message) {
          questions.push(message);
          return { action: 'accept', content: { answer: `${name} was asked ${message}` } };
        },
      };
      const url = index % 2 === 0 ? bridge.url : (bridge.sseUrl as string);
      await using peer = await (index % 2 === 0 ? connectHttp : connectSse)(url, options);
      const own = Array.from({ length: 30 }, (_, question) => `question ${question} of ${name}`);
      const answers = await Promise.all(
        own.map((message) => peer.client.callTool({ name: 'ask', arguments: { kind: 'elicitation', message } })),
      );
      expect(answers.map(({ structuredContent }) => structuredContent)).toEqual(
        own.map((message) => ({ action: 'accept', content: { answer: `${name} was asked ${message}` } })),
      );
      expect(questions.sort()).toEqual(own.sort());
    };
    await Promise.all([callAndCheck(others, 10), ...[0, 1, 2, 3].map(askOften)]);
    for (const client of others) client.close();
  });

  it('cancelling a call leaves those be that have the same id', async () => {
    await using bridge = await startBridge(ECHO);
    const [impatient, patient] = await Promise.all([openRawSession(bridge.url), openRawSession(bridge.url)]);
    const answer = patient.call(1, 'sleep', { ms: 1000 });
    const given = impatient.post(1, 'tools/call', { name: 'sleep', arguments: { ms: 30_000 } });
    // Cancelled once it runs, which the next answer of the same process tells.
    await impatient.call(2, 'pid');
    await rawPost(
      bridge.url,
      { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1 } },
      impatient.headers,
    );
    expect((await given).messages).toEqual([]);
    expect((await answer).result?.structuredContent).toEqual({ slept: 1000 });
    expect((await patient.call(2, 'cancelled')).result?.structuredContent).toMatchObject({
      cancelled: [{ name: 'sleep', arguments: { ms: 30_000 } }],
    });
  });
});

describe('log messages', () => {
  it('come at the level that each client has set, though the process is shared', async () => {
    await using bridge = await startBridge(ECHO);
    const [quiet, curious] = await Promise.all([openRawSession(bridge.url), openRawSession(bridge.url)]);
    await quiet.post(1, 'logging/setLevel', { level: 'error' });
    await curious.post(1, 'logging/setLevel', { level: 'debug' });
    expect(await logged(quiet, 'info', 'a')).toEqual([]);
    expect(await logged(curious, 'info', 'b')).toEqual(['b']);
    expect(await logged(quiet, 'error', 'c')).toEqual(['c']);
    expect(await logged(curious, 'debug', 'd')).toEqual(['d']);
  });

  it.each(['auto', 'session'])('never reach the call of another client, with isolation %s', async (isolation) => {
    await using bridge = await startBridge(['--isolation', isolation, ...ECHO]);
    const sessions = await Promise.all(Array.from({ length: 10 }, () => openRawSession(bridge.url)));
    const heard = await Promise.all(
      sessions.map((session, index) =>
        Promise.all(IDS.map((id) => logged(session, 'info', `client ${index}, ${typeof id} ${id}`))),
      ),
    );
    for (const [index, messages] of heard.entries()) {
      for (const message of messages.flat()) expect(message).toMatch(new RegExp(`^client ${index},`));
      // On a process of one's own there is no doubt whose they are, so that none is lost.
      if (isolation === 'session') expect(messages.flat()).toHaveLength(IDS.length);
    }
  });
});

/** Has the server log a message, and resolves with what of its log came with the answer. */
async function logged(session: RawSession, level: string, message: string): Promise<unknown[]> {
  const { messages } = await session.post(message, 'tools/call', { name: 'log', arguments: { level, message } });
  return messages.filter(({ method }) => method === 'notifications/message').map(({ params }) => params?.data);
}
