import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Answer, type Ask, withFrame } from '../../src/protocol/exchange.ts';
import { errorFrame, requestFrame, resultFrame } from '../../src/protocol/message.ts';
import { RawJson } from '../../src/protocol/raw-json.ts';
import { awaitTask } from '../../src/upstream/awaited-task.ts';
import { Peer } from '../../src/upstream/peer.ts';
import { StatelessLink } from '../../src/upstream/stateless-link.ts';
import { playServer } from './played-server.ts';
import { createClient, createExchange, INFO, NO_EVENTS } from './support.ts';

const PREFIX = 'io.modelcontextprotocol/';
const EXTENSIONS = { [`${PREFIX}tasks`]: {} };
const ELICIT = { method: 'elicitation/create', params: { message: '?' } };
const INTERVAL = 100;

// The clock of the tests is none to this module, unless it is made of what they turn.
vi.mock('node:timers/promises', () => ({ setTimeout: wait }));
beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function wait(ms: number, value?: unknown, { signal }: { signal?: AbortSignal } = {}): Promise<unknown> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const timer = setTimeout(resolve, ms, value);
    signal?.addEventListener('abort', () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
}

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);
const taskOf = (status: string, members: object = {}) =>
  RawJson.of({ resultType: 'complete', taskId: 't', status, pollIntervalMs: INTERVAL, ...members });

/** A task that is waited for. What its server says of it, and what its client answers, is up to the test. */
function createWait(created: object = {}) {
  const sent: { method: string; params: unknown }[] = [];
  const asks: Ask[] = [];
  const answers: ((answer: Answer) => void)[] = [];
  const server = {
    task: taskOf('working'),
    answer: async (method: string): Promise<Answer> => resultFrame(method === 'tasks/get' ? server.task : {}),
  };
  const exchange = createExchange('a', {
    ask(ask) {
      asks.push(ask);
      return new Promise((resolve) => answers.push(resolve));
    },
  });
  const outcome = { value: undefined as unknown, error: undefined as unknown };
  const wait = awaitTask(RawJson.of({ taskId: 't', pollIntervalMs: INTERVAL, ...created }), exchange, (frame) => {
    const method = frame.string('method') ?? '';
    sent.push({ method, params: frame.raw('params')?.value });
    return server.answer(method);
  });
  wait.then(
    (answer) => {
      outcome.value = answer;
    },
    (error) => {
      outcome.error = error;
    },
  );
  const methods = () => sent.map(({ method }) => method);
  const reply = (index: number, result: object) => answers[index]?.(resultFrame(result));
  return { exchange, sent, methods, asks, answers, reply, server, outcome };
}

describe('a task', () => {
  it('is asked for as often as its server wants, which may change', async () => {
    const { sent, server } = createWait({ pollIntervalMs: 300 });
    server.task = taskOf('working', { pollIntervalMs: 50 });
    await pass(299);
    expect(sent).toEqual([]);
    await pass(1);
    expect(sent).toEqual([{ method: 'tasks/get', params: { taskId: 't' } }]);
    await pass(50);
    expect(sent).toHaveLength(2);
  });

  it.each([
    ['every second', undefined, 1000],
    ['every second', 'soon', 1000],
    ['every 20 ms at most', 0, 20],
    ['every minute at least', 2 ** 40, 60_000],
  ])('is asked for %s where its server says %j', async (_, pollIntervalMs, interval) => {
    const { sent } = createWait({ pollIntervalMs });
    await pass(interval - 1);
    expect(sent).toEqual([]);
    await pass(1);
    expect(sent).toHaveLength(1);
  });

  it.each([
    [
      'its result',
      'completed',
      '"result":{"content":[],"resultType":"complete","x":1.0}',
      '"result":{"content":[],"x":1.0}',
    ],
    ['nothing, where it has none', 'completed', '"x":1', '"result":{}'],
    ['its error', 'failed', '"error":{"code":-1,"message":"no","x":1.0}', '"error":{"code":-1,"message":"no","x":1.0}'],
    ['an error, where it has none', 'failed', '"x":1', '"error":{"code":-32603,"message":"The task failed"}'],
    [
      'an error, where it was cancelled',
      'cancelled',
      '"x":1',
      '"error":{"code":-32603,"message":"The task was cancelled"}',
    ],
  ])('ends the call with %s', async (_, status, members, expected) => {
    const { server, outcome, methods } = createWait();
    await pass(INTERVAL);
    server.task = RawJson.parse(`{"taskId":"t","status":"${status}",${members}}`);
    await pass(INTERVAL);
    expect((outcome.value as RawJson).text).toBe(`{"jsonrpc":"2.0","id":null,${expected}}`);
    await pass(10 * INTERVAL);
    expect(methods()).toEqual(['tasks/get', 'tasks/get']);
  });

  it('that its server does not know any more ends the call with what that says', async () => {
    const { server, outcome } = createWait();
    server.answer = async () => errorFrame(-32602, 'Unknown task');
    await pass(INTERVAL);
    expect(outcome.value).toMatchObject({ value: { error: { code: -32602, message: 'Unknown task' } } });
  });

  it('whose server dies ends the call with the reason', async () => {
    const { server, outcome } = createWait();
    server.answer = async () => Promise.reject(new Error('the server has died'));
    await pass(INTERVAL);
    expect(outcome.error).toMatchObject({ message: 'the server has died' });
  });

  it('is cancelled when the call is given up, once', async () => {
    const { exchange, outcome, methods } = createWait();
    await pass(INTERVAL);
    exchange.cancel('changed my mind');
    await pass(10 * INTERVAL);
    expect(outcome.error).toMatchObject({ message: 'changed my mind' });
    expect(methods()).toEqual(['tasks/get', 'tasks/cancel']);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('what a task asks', () => {
  const asking = (...keys: string[]) =>
    taskOf('input_required', { inputRequests: Object.fromEntries(keys.map((key) => [key, ELICIT])) });

  it('is put to the client once, and answered all together', async () => {
    const { server, asks, reply, sent } = createWait();
    server.task = asking('a', 'b');
    await pass(3 * INTERVAL);
    expect(asks.map(({ request }) => request.frame.raw('params')?.value)).toEqual([{ message: '?' }, { message: '?' }]);
    reply(1, { action: 'decline' });
    await pass(INTERVAL);
    reply(0, { action: 'accept' });
    await pass(0);
    expect(sent.filter(({ method }) => method === 'tasks/update')).toEqual([
      {
        method: 'tasks/update',
        params: { taskId: 't', inputResponses: { a: { action: 'accept' }, b: { action: 'decline' } } },
      },
    ]);
    // The server may take its time with the answers.
    await pass(3 * INTERVAL);
    expect(asks).toHaveLength(2);
  });

  it('while another question waits is put and answered beside it', async () => {
    const { server, asks, reply, sent } = createWait();
    server.task = asking('a');
    await pass(INTERVAL);
    server.task = asking('a', 'b');
    await pass(INTERVAL);
    expect(asks).toHaveLength(2);
    reply(1, {});
    await pass(0);
    expect(sent.at(-1)).toEqual({ method: 'tasks/update', params: { taskId: 't', inputResponses: { b: {} } } });
  });

  it('is taken back from the client when the task ends without an answer', async () => {
    const { server, asks, outcome } = createWait();
    server.task = asking('a');
    await pass(INTERVAL);
    expect(asks.map(({ signal }) => signal.aborted)).toEqual([false]);
    server.task = taskOf('failed', { error: { code: -1, message: 'too late' } });
    await pass(INTERVAL);
    expect(asks.map(({ signal }) => signal.aborted)).toEqual([true]);
    expect(outcome.value).toMatchObject({ value: { error: { message: 'too late' } } });
  });

  it('is taken back from the client when it gives the call up, and the task is cancelled', async () => {
    const { exchange, server, asks, outcome, methods } = createWait();
    server.task = asking('a');
    await pass(INTERVAL);
    exchange.cancel('changed my mind');
    await pass(0);
    expect([asks[0]?.signal.aborted, methods().at(-1)]).toEqual([true, 'tasks/cancel']);
    expect(outcome.error).toMatchObject({ message: 'changed my mind' });
  });

  it('and is not answered fails the call, and cancels the task', async () => {
    const { server, asks, answers, outcome, methods } = createWait();
    server.task = asking('a', 'b');
    await pass(INTERVAL);
    answers[1]?.(errorFrame(-1, 'nobody there'));
    await pass(0);
    expect(outcome.error).toMatchObject({ message: 'elicitation/create was not answered: nobody there' });
    expect(asks.map(({ signal }) => signal.aborted)).toEqual([true, true]);
    expect(methods()).toEqual(['tasks/get', 'tasks/cancel']);
  });

  it('and is answered with what its server refuses fails the call, and cancels the task', async () => {
    const { server, reply, outcome, methods } = createWait();
    server.task = asking('a');
    await pass(INTERVAL);
    server.answer = async (method) =>
      method === 'tasks/update' ? errorFrame(-32602, 'not a colour') : resultFrame({});
    reply(0, {});
    await pass(0);
    expect(outcome.error).toMatchObject({ message: 'the answers were refused: not a colour' });
    expect(methods().at(-1)).toBe('tasks/cancel');
  });
});

describe('a link', () => {
  const refusal = {
    error: { code: -32021, message: 'no', data: { requiredCapabilities: { extensions: EXTENSIONS } } },
  };
  const open = (play: (method: string, isDeclared: boolean) => object | undefined) => {
    const server = playServer((frame) => {
      const meta = frame.raw('params')?.raw('_meta');
      const extensions = meta?.raw(`${PREFIX}clientCapabilities`)?.raw('extensions');
      return play(frame.string('method') ?? '', extensions?.has(`${PREFIX}tasks`) === true);
    });
    const peer = new Peer({ name: 'test', open: server.open, callTimeout: 0 });
    const discovered = RawJson.of({ capabilities: {} });
    return { server, link: new StatelessLink({ peer, discovered, info: INFO, events: NO_EVENTS }) };
  };
  const client = createClient('old', { capabilities: { elicitation: {}, extensions: { 'x-own': { a: 1 } } } });

  it('knows of tasks only where a server needs that, and says then in each request who asks', async () => {
    const { server, link } = open((method, isDeclared) => {
      if (!isDeclared) return refusal;
      return { result: method === 'tools/call' ? taskOf('working', { resultType: 'task' }) : taskOf('completed') };
    });
    const exchange = createExchange('a', { client });
    const call = link.request(exchange.frame, exchange);
    await pass(INTERVAL);
    expect((await call).get('result')).toEqual({});
    const declared = { elicitation: {}, extensions: { 'x-own': { a: 1 } } };
    const envelope = (capabilities: object) => ({
      params: {
        _meta: {
          [`${PREFIX}clientCapabilities`]: capabilities,
          [`${PREFIX}clientInfo`]: { name: 'old', version: '1' },
        },
      },
    });
    const withTasks = { ...declared, extensions: { ...declared.extensions, ...EXTENSIONS } };
    expect(server.received.map(({ value }) => value)).toMatchObject([
      { method: 'tools/call', ...envelope(declared) },
      { method: 'tools/call', ...envelope(withTasks) },
      { method: 'tasks/get', ...envelope(withTasks) },
    ]);
    expect(server.received[0]?.text).not.toContain(`${PREFIX}tasks`);
  });

  it('tells the server by name that a task is not needed any more, and withdraws no request about it', async () => {
    const { server, link } = open((method, isDeclared) => {
      if (!isDeclared) return refusal;
      return method === 'tools/call' ? { result: taskOf('working', { resultType: 'task' }) } : undefined;
    });
    const exchange = createExchange('a', { client });
    const call = link.request(exchange.frame, exchange);
    const failed = expect(call).rejects.toThrow('cancelled by the client');
    await pass(INTERVAL / 2);
    exchange.cancel();
    await failed;
    expect(server.received.map((frame) => frame.string('method'))).toEqual([
      'tools/call',
      'tools/call',
      'tasks/cancel',
    ]);
    expect(server.received.at(-1)?.value).toMatchObject({ params: { taskId: 't' } });
  });

  it.each([
    ['another capability', { code: -32021, message: 'no', data: { requiredCapabilities: { sampling: {} } } }],
    ['nothing in particular', { code: -32021, message: 'no' }],
    ['anything else', { code: -32603, message: 'no', data: refusal.error.data }],
  ])('is not tried again with tasks where the server lacks %s', async (_, error) => {
    const { server, link } = open(() => ({ error }));
    const exchange = createExchange('a', { client });
    expect((await link.request(exchange.frame, exchange)).get('error')).toEqual(error);
    expect(server.received).toHaveLength(1);
  });

  it('hands a result on that a server has at once after all', async () => {
    const { link } = open((_, isDeclared) => (isDeclared ? { result: { resultType: 'complete', x: 1 } } : refusal));
    const exchange = withFrame(createExchange('a', { client }), requestFrame('tools/call', { name: 'a' }));
    expect((await link.request(exchange.frame, exchange)).get('result')).toEqual({ x: 1 });
  });
});
