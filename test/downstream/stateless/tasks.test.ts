import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Outcome, StatelessCall } from '../../../src/downstream/stateless/call.ts';
import { isTask, StatelessTasks } from '../../../src/downstream/stateless/tasks.ts';
import type { Exchange } from '../../../src/protocol/exchange.ts';
import { ANYONE, type Principal } from '../../../src/protocol/principal.ts';
import { RawJson } from '../../../src/protocol/raw-json.ts';
import { createAsk, createOutlet, createRelay, principalOf, statelessRequest } from '../support.ts';

const EXTENSION = { extensions: { 'io.modelcontextprotocol/tasks': {} } };
const CAPABLE = { ...EXTENSION, elicitation: {} };
const RELATED = '"_meta":{"io.modelcontextprotocol/related-task":{"taskId":"t"}}';
const TTL = 60_000;
const DAY = 24 * 60 * 60_000;

const taskOf = (members = '', taskId = 't') =>
  `{"taskId":"${taskId}","status":"working","ttl":${TTL},"pollInterval":50${members}}`;
const plainOf = (outcome: Outcome) => ('answer' in outcome ? outcome.answer : outcome.questions);

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

/** The tasks of a relay whose server says what the test lets it say. */
function createTasks(max = 10) {
  const { relay, exchanges, answers } = createRelay();
  const tasks = new StatelessTasks(relay, max);
  const answered = new Set<Exchange>();
  /** Answers the oldest open request of a method with JSON text. */
  const server = async (method: string, members: string): Promise<Exchange> => {
    const exchange = exchanges.find((each) => each.method === method && !answered.has(each));
    if (!exchange) throw new Error(`nobody has sent ${method}`);
    answered.add(exchange);
    answers[exchanges.indexOf(exchange)]?.(RawJson.parse(`{"jsonrpc":"2.0","id":null,${members}}`));
    await pass(0);
    return exchange;
  };
  /** Has a client call a tool. */
  const call = (capabilities: object = CAPABLE, principal: Principal = ANYONE) => {
    const request = statelessRequest('tools/call', { name: 'a', x: 1 }, { capabilities, principal });
    const made = new StatelessCall(request);
    void made.start(() => tasks.call(made));
    const answer = made.next(request, createOutlet()).then(plainOf);
    return { call: made, answer };
  };
  /** The same, and the server makes a task of it. */
  const begin = async (members?: string, taskId?: string, principal?: Principal) => {
    const called = call(CAPABLE, principal);
    await server('tools/call', `"result":{"task":${taskOf(members, taskId)}}`);
    const created = (await called.answer).raw('result');
    return { ...called, created, id: created?.string('taskId') ?? '' };
  };
  const ask = (method: string, params: object, capabilities: object = CAPABLE, principal: Principal = ANYONE) =>
    tasks.answer(statelessRequest(method, params, { capabilities, principal }));
  /** What a client is told of a task; of one that has not ended, as its server sees it. */
  const get = async (taskId: string, state?: string) => {
    const asked = ask('tasks/get', { taskId });
    if (state !== undefined) await server('tasks/get', state);
    return (await asked)?.raw('result');
  };
  /** The server is done with the oldest task. */
  const end = async (outcome: string, state: string) => {
    await server('tasks/result', outcome);
    await server('tasks/get', `"result":${state}`);
  };
  const methods = () => exchanges.map(({ method }) => method);
  return { tasks, exchanges, server, call, begin, ask, get, end, methods };
}

describe('a call that becomes a task', () => {
  it('asks the server for one, and for the result of that at once', async () => {
    const { exchanges, begin } = createTasks();
    await begin();
    expect(exchanges.map(({ method, frame }) => [method, frame.raw('params')?.value])).toEqual([
      ['tools/call', { name: 'a', x: 1, task: {} }],
      ['tasks/result', { taskId: 't' }],
    ]);
  });

  it('is answered with the task in its new form, and whatever else its server says of it', async () => {
    const { begin } = createTasks();
    const { created } = await begin(`,"createdAt":"c","statusMessage":"m","x":1.0,${RELATED}`);
    expect(created?.text).toBe(
      `{"taskId":"t","status":"working","createdAt":"c","statusMessage":"m","x":1.0,"ttlMs":${TTL},"pollIntervalMs":50,"resultType":"task"}`,
    );
  });

  it('may have no end, and no interval', async () => {
    const { call, server } = createTasks();
    const { answer } = call();
    await server('tools/call', '"result":{"task":{"taskId":"t","status":"working","ttl":null}}');
    expect((await answer).get('result')).toEqual({ taskId: 't', status: 'working', ttlMs: null, resultType: 'task' });
  });

  it.each(['"result":{"content":[],"x":1.0}', '"result":{"task":{}}', '"error":{"code":-1,"message":"no"}'])(
    'is none where the server answers with something else: %s',
    async (members) => {
      const { call, server, methods } = createTasks();
      const called = call();
      await server('tools/call', members);
      expect((await called.answer).text).toContain(members);
      expect(methods()).toEqual(['tools/call']);
      expect(called.call.closed.reason).toBeDefined();
    },
  );
});

describe('a task', () => {
  it('is at work, whatever its server calls it, until it asks something or has ended', async () => {
    const { begin, get } = createTasks();
    const { id } = await begin();
    const state = `"result":${taskOf(`,"statusMessage":"half",${RELATED}`)}`;
    const expected = { taskId: 't', status: 'working', statusMessage: 'half', ttlMs: TTL, pollIntervalMs: 50 };
    expect((await get(id, state))?.value).toEqual(expected);
    for (const status of ['input_required', 'completed'])
      expect((await get(id, state.replace('working', status)))?.value).toEqual(expected);
  });

  it('shows what it asks until that is answered', async () => {
    const { begin, get, ask } = createTasks();
    const { call, id } = await begin();
    const [first, second] = [createAsk(), createAsk('elicitation/create', { message: '2' })].map((question) => {
      const asked = { answer: undefined as unknown };
      call.ask(question.ask).then(({ value }) => {
        asked.answer = value;
      });
      return asked;
    }) as [{ answer: unknown }, { answer: unknown }];
    const state = `"result":${taskOf()}`;
    expect((await get(id, state))?.value).toMatchObject({
      status: 'input_required',
      inputRequests: {
        'elicitation-create-1': { method: 'elicitation/create', params: {} },
        'elicitation-create-2': { method: 'elicitation/create', params: { message: '2' } },
      },
    });
    const inputResponses = { 'elicitation-create-2': { action: 'decline' }, 'x-unknown': {}, constructor: {} };
    expect((await ask('tasks/update', { taskId: id, inputResponses }))?.get('result')).toEqual({});
    expect([first.answer, second.answer]).toMatchObject([undefined, { result: { action: 'decline' } }]);
    expect(Object.keys((await get(id, state))?.get('inputRequests') as object)).toEqual(['elicitation-create-1']);
    await ask('tasks/update', { taskId: id, inputResponses: { 'elicitation-create-1': { action: 'accept' } } });
    expect(first.answer).toMatchObject({ result: { action: 'accept' } });
    expect((await get(id, state))?.value).not.toHaveProperty('inputRequests');
  });

  it('keeps its server from losing patience, every 15 s, until it is answered or has ended', async () => {
    const { begin, ask, end } = createTasks();
    const { call, id } = await begin();
    const [first, second] = [createAsk(), createAsk()];
    for (const question of [first, second]) void call.ask(question.ask);
    await pass(31_000);
    await ask('tasks/update', { taskId: id, inputResponses: { 'elicitation-create-1': {} } });
    await pass(15_000);
    expect([first.progress, second.progress].map(({ length }) => length)).toEqual([2, 3]);
    await end('"result":{}', taskOf());
    await pass(60_000);
    expect(second.progress).toHaveLength(3);
  });

  it.each([
    ['its result', '"result":{"content":[],"x":1.0}', 'completed', '"result":{"content":[],"x":1.0}'],
    ['its result without a mark', `"result":{"a":1,${RELATED}}`, 'completed', '"result":{"a":1}'],
    ['a result that says of itself that it failed', '"result":{"isError":true}', 'failed', '"result":{"isError":true}'],
    ['its error', '"error":{"code":-1,"message":"no","x":1.0}', 'failed', '"error":{"code":-1,"message":"no","x":1.0}'],
    ['nothing, as it was cancelled', '"error":{"code":-1,"message":"no"}', 'cancelled', undefined],
    ['nothing, as it was cancelled, whatever its server makes of that', '"result":{}', 'cancelled', undefined],
  ])('ends with %s, for which its server is not asked again', async (_, outcome, status, expected) => {
    const { begin, end, get, methods } = createTasks();
    const { id } = await begin();
    await end(outcome, taskOf(',"x":1.0').replace('working', status));
    const { length } = methods();
    const known = expected?.startsWith('"result"') ? 'completed' : status;
    const state = `{"taskId":"t","status":"${known}","x":1.0,"ttlMs":${TTL},"pollIntervalMs":50`;
    for (let round = 0; round < 2; round += 1)
      expect((await get(id))?.text).toBe(expected ? `${state},${expected}}` : `${state}}`);
    expect(methods()).toHaveLength(length);
  });

  it('whose server cannot say how it is, as it has died, is what it was, and then has failed', async () => {
    const { begin, get, server } = createTasks();
    const { id } = await begin(',"createdAt":"c"');
    const gone = '"error":{"code":-32603,"message":"it has died"}';
    const state = { taskId: 't', createdAt: 'c', ttlMs: TTL, pollIntervalMs: 50 };
    expect((await get(id, gone))?.value).toEqual({ ...state, status: 'working' });
    await server('tasks/result', gone);
    await server('tasks/get', '"error":{"code":-32602,"message":"Unknown task"}');
    const error = { code: -32603, message: 'it has died' };
    expect((await get(id))?.value).toEqual({ ...state, status: 'failed', error });
  });

  it('fails when it asks what its client has not declared, and its server is told to stop', async () => {
    const { begin, get, end, server, exchanges } = createTasks();
    const { call, id } = await begin();
    const { ask } = createAsk('sampling/createMessage');
    expect((await call.ask(ask)).get('error')).toMatchObject({ code: -32601 });
    expect(exchanges[1]?.cancellation.reason?.message).toContain('sampling/createMessage');
    // The server learns of it before it is asked what has become of the task.
    await end('"error":{"code":-32603,"message":"cancelled"}', taskOf().replace('working', 'cancelled'));
    const cancelled = await server('tasks/cancel', '"result":{}');
    expect([cancelled.frame.raw('params')?.value, cancelled.cancellation.reason]).toEqual([{ taskId: 't' }, undefined]);
    expect((await get(id))?.value).toMatchObject({
      status: 'failed',
      error: { code: -32021, data: { requiredCapabilities: { sampling: {} } } },
    });
  });

  it('is cancelled by its server, which is told once', async () => {
    const { begin, ask, end, server, methods } = createTasks();
    const { id } = await begin();
    const asked = ask('tasks/cancel', { taskId: id });
    const { frame } = await server('tasks/cancel', '"error":{"code":-32602,"message":"too late"}');
    expect(frame.raw('params')?.value).toEqual({ taskId: 't' });
    // Whether it comes in time is not for the client to know.
    expect((await asked)?.get('result')).toEqual({});
    await end('"result":{}', taskOf().replace('working', 'completed'));
    expect((await ask('tasks/cancel', { taskId: id }))?.get('result')).toEqual({});
    expect(methods().filter((method) => method === 'tasks/cancel')).toHaveLength(1);
  });

  it('has its link until it has ended', async () => {
    const { begin, server } = createTasks();
    const { call } = await begin();
    expect([call.closed.reason, call.yield()]).toEqual([undefined, false]);
    await server('tasks/result', '"result":{}');
    expect(call.closed.reason).toBeUndefined();
    await server('tasks/get', `"result":${taskOf()}`);
    expect(call.closed.reason).toBeDefined();
    // Its end is not that of its life.
    expect(call.cancellation.reason).toBeUndefined();
  });

  it('gets another name where a task of another process has that name already', async () => {
    const { begin, get, ask, server, exchanges } = createTasks();
    const [first, second] = [await begin(), await begin()];
    expect([first.id, second.id]).toEqual(['t', expect.stringMatching(/^[\da-f-]{36}$/)]);
    expect(second.created?.text).toMatch(/^\{"taskId":"[\da-f-]{36}","status":"working",/);
    expect((await get(second.id, `"result":${taskOf()}`))?.get('taskId')).toBe(second.id);
    // Its own process knows it by the name it gave it.
    expect(exchanges.at(-1)?.frame.raw('params')?.value).toEqual({ taskId: 't' });
    expect(exchanges.at(-1)?.client).toBe(second.call);
    const asked = ask('tasks/cancel', { taskId: second.id });
    expect((await server('tasks/cancel', '"result":{}')).client).toBe(second.call);
    await asked;
    await get(first.id, `"result":${taskOf()}`);
    expect(exchanges.at(-1)?.client).toBe(first.call);
  });
});

describe('a request about tasks', () => {
  it.each(['tasks/get', 'tasks/update', 'tasks/cancel'])(
    'is for others to answer where there is no such task: %s',
    async (method) => {
      const { ask, begin } = createTasks();
      await begin();
      for (const params of [{ taskId: 'other' }, { taskId: 7 }, {}]) expect(await ask(method, params)).toBeUndefined();
    },
  );

  it.each<[string, object]>([
    ['tasks/get', {}],
    ['tasks/update', { elicitation: {}, tasks: {} }],
    ['tasks/cancel', { extensions: {} }],
    ['tasks/get', { extensions: null }],
  ])('is refused to whoever has not declared the extension: %s, %j', async (method, capabilities) => {
    const { ask, begin } = createTasks();
    const { id } = await begin();
    for (const taskId of [id, 'other'])
      expect((await ask(method, { taskId }, capabilities))?.get('error')).toMatchObject({
        code: -32021,
        data: { requiredCapabilities: EXTENSION },
      });
  });

  it('is one to listen to them, which takes the extension as well', async () => {
    const { ask } = createTasks();
    const listen = (capabilities?: object) =>
      ask('subscriptions/listen', { notifications: { taskIds: ['t'] } }, capabilities);
    expect((await listen({}))?.get('error')).toMatchObject({ code: -32021, data: { requiredCapabilities: EXTENSION } });
    expect(await listen()).toBeUndefined();
    expect(await ask('subscriptions/listen', { notifications: {} }, {})).toBeUndefined();
  });

  it.each(['tools/call', 'tasks/list', 'tasks/result', 'constructor'])('is none: %s', async (method) => {
    expect(await createTasks().ask(method, { taskId: 't' }, {})).toBeUndefined();
  });
});

describe('a client without the extension', () => {
  it('gets what the task comes to', async () => {
    const { call, server, methods } = createTasks();
    const called = call({});
    await server('tools/call', `"result":{"task":${taskOf()}}`);
    await server('tasks/result', `"result":{"content":[],"x":1.0,${RELATED}}`);
    expect((await called.answer).raw('result')?.text).toBe('{"content":[],"x":1.0}');
    expect(methods()).toEqual(['tools/call', 'tasks/result']);
  });

  it('has the task cancelled when it gives the call up', async () => {
    const { call, server, exchanges, methods } = createTasks();
    const called = call({});
    await server('tools/call', `"result":{"task":${taskOf()}}`);
    called.call.cancel(new Error('gone'));
    expect(exchanges[1]?.cancellation.reason?.message).toBe('gone');
    await server('tasks/result', '"error":{"code":-32603,"message":"gone"}');
    expect((await called.answer).has('error')).toBe(true);
    expect(methods()).toEqual(['tools/call', 'tasks/result', 'tasks/cancel']);
    expect(exchanges[2]?.cancellation.reason).toBeUndefined();
  });
});

describe('tasks are remembered', () => {
  it.each([
    ['as long as their server wants', `${TTL}`, TTL],
    ['for a day where it sets no limit', 'null', DAY],
    ['for a day at most', `${2 * DAY}`, DAY],
  ])('%s, at work or ended', async (_, ttl, lifetime) => {
    const { server, call, end, get, ask, methods } = createTasks();
    const made = ['t', 'u'].map((taskId) => ({ taskId, ...call() }));
    for (const { taskId } of made)
      await server('tools/call', `"result":{"task":${taskOf('', taskId).replace(`${TTL}`, ttl)}}`);
    await end('"result":{}', taskOf());
    await pass(lifetime - 1);
    expect(await get('t')).toBeDefined();
    expect(await get('u', `"result":${taskOf('', 'u')}`)).toBeDefined();
    await pass(1);
    for (const taskId of ['t', 'u']) expect(await ask('tasks/get', { taskId })).toBeUndefined();
    expect(made.map(({ call: of }) => of.closed.reason !== undefined)).toEqual([true, true]);
    // Nobody waits for the second any more, which its server is told.
    expect(made[1]?.call.cancellation.reason?.message).toBe('the task is not remembered any longer');
    await server('tasks/result', '"error":{"code":-32603,"message":"forgotten"}');
    expect(methods().filter((method) => method === 'tasks/cancel')).toHaveLength(1);
  });

  it('up to a number, beyond which those that have ended make room, the oldest first', async () => {
    const { begin, end, get, ask, call, methods } = createTasks(2);
    await begin('', 'a');
    await begin('', 'b');
    const refused = call();
    expect((await refused.answer).get('error')).toMatchObject({
      code: -32000,
      message: expect.stringContaining('too many'),
    });
    // No server has begun what nobody could follow.
    expect(methods().filter((method) => method === 'tools/call')).toHaveLength(2);
    await end('"result":{}', taskOf('', 'a'));
    await end('"result":{}', taskOf('', 'b'));
    await begin('', 'c');
    expect(await ask('tasks/get', { taskId: 'a' })).toBeUndefined();
    expect((await get('b'))?.get('status')).toBe('completed');
  });

  it('up to a quarter of that number for each principal', async () => {
    const { begin, call, ask } = createTasks(8);
    const [alice, bob] = [principalOf('alice'), principalOf('bob')];
    await begin('', 'a', alice);
    await begin('', 'b', alice);
    const refused = call(CAPABLE, alice);
    expect((await refused.answer).get('error')).toMatchObject({ code: -32000 });
    await begin('', 'c', bob);
    expect(await ask('tasks/cancel', { taskId: 'c' }, CAPABLE, alice)).toBeUndefined();
  });

  it('for their principal alone', async () => {
    const { begin, ask } = createTasks();
    const { id } = await begin('', 't', principalOf('alice'));
    for (const stranger of [principalOf('bob'), ANYONE, principalOf('alice', true)])
      for (const method of ['tasks/get', 'tasks/update', 'tasks/cancel'])
        expect(await ask(method, { taskId: id }, CAPABLE, stranger)).toBeUndefined();
    expect(await ask('tasks/update', { taskId: id }, CAPABLE, principalOf('alice'))).toBeDefined();
  });

  it('until their principal is none any more, and their servers are told to stop', async () => {
    const { tasks, begin, server, methods } = createTasks();
    const one = await begin('', 'a', principalOf('alice'));
    const other = await begin('', 'b', principalOf('bob'));
    tasks.end('alice');
    expect([one, other].map(({ call: of }) => of.cancellation.reason !== undefined)).toEqual([true, false]);
    await server('tasks/result', '"error":{"code":-32603,"message":"forgotten"}');
    expect(methods().filter((method) => method === 'tasks/cancel')).toHaveLength(1);
    tasks.close();
  });

  it('until all is closed', async () => {
    const { tasks, begin, ask } = createTasks();
    const { call, id } = await begin();
    tasks.close();
    tasks.close();
    expect(await ask('tasks/get', { taskId: id })).toBeUndefined();
    expect([call.closed.reason, call.cancellation.reason]).toEqual([expect.any(Error), expect.any(Error)]);
    expect(vi.getTimerCount()).toBe(0);
  });
});

it.each([
  ['required', {}, true],
  ['required', EXTENSION, true],
  ['optional', {}, false],
  ['optional', EXTENSION, true],
  ['forbidden', EXTENSION, false],
  [undefined, EXTENSION, false],
])(
  'a tool whose support for tasks is %s is, for a client with %j, called as a task: %s',
  (taskSupport, capabilities, expected) => {
    const call = new StatelessCall(statelessRequest('tools/call', {}, { capabilities }));
    expect(isTask(RawJson.of({ name: 'a', execution: { taskSupport } }), call)).toBe(expected);
    expect([isTask(RawJson.of({ name: 'a' }), call), isTask(undefined, call)]).toEqual([false, false]);
  },
);
