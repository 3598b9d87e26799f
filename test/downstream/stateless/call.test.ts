import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Outcome, StatelessCall } from '../../../src/downstream/stateless/call.ts';
import type { Answer } from '../../../src/protocol/exchange.ts';
import { errorFrame, notificationFrame, resultFrame } from '../../../src/protocol/message.ts';
import { RawJson } from '../../../src/protocol/raw-json.ts';
import { createAsk, createOutlet, type StatelessOptions, statelessRequest } from '../support.ts';

const ASKABLE = { elicitation: {}, sampling: {}, roots: {} };
/** How long questions are collected. Milliseconds. */
const COLLECTED_FOR = 10;

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

/** A call whose work ends when it is told its answer, and its rounds. */
function createCall({ method = 'tools/call', ...options }: StatelessOptions & { method?: string } = {}) {
  const request = (changes: StatelessOptions = {}) =>
    statelessRequest(method, { name: 'a' }, { capabilities: ASKABLE, ...options, ...changes });
  const call = new StatelessCall(request());
  let answer = (_: Answer) => {};
  void call.start(
    () =>
      new Promise((resolve) => {
        answer = resolve;
      }),
  );
  /** Begins a round, as a request of the client does. */
  const next = (changes?: StatelessOptions) => {
    const outlet = createOutlet();
    const round = { outlet, outcome: undefined as unknown };
    call.next(request(changes), outlet).then((outcome) => {
      round.outcome = plainOf(outcome);
    });
    return round;
  };
  /** Has the server ask, and notes the answer. */
  const ask = (asked = 'elicitation/create', params: object = {}) => {
    const created = createAsk(asked, params);
    const question = { ...created, answer: undefined as unknown };
    call.ask(created.ask).then(({ value }) => {
      question.answer = value;
    });
    return question;
  };
  const settle = (responses: unknown) => call.settle(RawJson.of(responses));
  return { call, next, ask, settle, answer: async (frame = resultFrame({ content: [] })) => answer(frame) };
}

function plainOf(outcome: Outcome): unknown {
  return 'answer' in outcome
    ? { answer: outcome.answer.get('result') ?? outcome.answer.get('error') }
    : outcome.questions.value;
}

describe('a call', () => {
  it('that nobody asks anything is one round, and ends with its answer', async () => {
    const { call, next, answer } = createCall();
    const round = next();
    await pass(60_000);
    expect([round.outcome, call.closed.reason]).toEqual([undefined, undefined]);
    await answer();
    await pass(0);
    expect([round.outcome, call.closed.reason?.message]).toEqual([
      { answer: { content: [] } },
      'the call was answered',
    ]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is a client of its own, which hears nothing that belongs to no call', () => {
    const { call } = createCall({ capabilities: { roots: { x: 1 } }, logLevel: 'error' });
    expect([call.client, call.listens, call.readsResultTypes, call.logLevel, call.capabilities]).toEqual([
      call,
      false,
      true,
      'error',
      { roots: { x: 1 } },
    ]);
    expect(call.opening.value).toEqual({
      protocolVersion: '2025-11-25',
      capabilities: { roots: { x: 1 } },
      clientInfo: { name: 'unknown', version: '' },
    });
  });

  it.each([
    ['tools/call', 'call'],
    ['prompts/get', 'call'],
    ['resources/read', 'call'],
    ['tools/list', 'none'],
    ['x-vendor/method', 'none'],
  ])('of %s may have a link of its own for: %s', (method, tenure) => {
    expect(createCall({ method }).call.tenure).toBe(tenure);
    expect(new StatelessCall(statelessRequest(method), 'none').tenure).toBe('none');
  });
});

describe('questions', () => {
  it('that come together are one round, each under a key of its own, as far as a result can hold it', async () => {
    const { next, ask } = createCall();
    const round = next();
    ask('elicitation/create', { message: 'a', elicitationId: 'x', _meta: { progressToken: 1 } });
    await pass(COLLECTED_FOR - 1);
    ask('roots/list', { _meta: { progressToken: 2, own: 1 } });
    ask('elicitation/create', { message: 'b' });
    expect(round.outcome).toBeUndefined();
    await pass(1);
    expect(round.outcome).toEqual({
      'elicitation-create-1': { method: 'elicitation/create', params: { message: 'a' } },
      'roots-list-2': { method: 'roots/list', params: { _meta: { own: 1 } } },
      'elicitation-create-3': { method: 'elicitation/create', params: { message: 'b' } },
    });
  });

  it('are answered by the retry, and the call goes on in it', async () => {
    const { next, ask, settle, answer } = createCall();
    next();
    const question = ask();
    await pass(COLLECTED_FOR);
    const retry = next();
    settle({ 'elicitation-create-1': { action: 'accept', x: 1 }, 'elicitation-create-9': {}, constructor: {} });
    await answer();
    await pass(0);
    expect(question.answer).toMatchObject({ result: { action: 'accept', x: 1 } });
    expect(retry.outcome).toEqual({ answer: { content: [] } });
  });

  it('that a retry leaves unanswered are put again, under the same keys', async () => {
    const { next, ask, settle } = createCall();
    next();
    const [first, second] = [ask(), ask('roots/list')];
    await pass(COLLECTED_FOR);
    const partial = next();
    settle({ 'elicitation-create-1': {} });
    await pass(COLLECTED_FOR);
    expect([first.answer !== undefined, second.answer, partial.outcome]).toEqual([
      true,
      undefined,
      { 'roots-list-2': { method: 'roots/list', params: {} } },
    ]);
    // What can be no result is no answer.
    for (const responses of [null, [], { 'roots-list-2': null }, { 'roots-list-2': 'a' }, { 'roots-list-2': [] }]) {
      const again = next();
      settle(responses);
      await pass(COLLECTED_FOR);
      expect(again.outcome).toEqual(partial.outcome);
    }
  });

  it('that come once the answers are there are another round', async () => {
    const { next, ask, settle } = createCall();
    next();
    ask();
    await pass(COLLECTED_FOR);
    const second = next();
    settle({ 'elicitation-create-1': {} });
    ask('sampling/createMessage');
    await pass(COLLECTED_FOR);
    expect(second.outcome).toEqual({
      'sampling-createMessage-2': { method: 'sampling/createMessage', params: {} },
    });
  });

  it('that come while the call waits are put with the next retry', async () => {
    const { next, ask } = createCall();
    next();
    ask();
    await pass(COLLECTED_FOR);
    ask('roots/list');
    await pass(60_000);
    const retry = next();
    await pass(COLLECTED_FOR);
    expect(Object.keys(retry.outcome as object)).toEqual(['elicitation-create-1', 'roots-list-2']);
  });

  it('that the server takes back are not put, or not any longer', async () => {
    const { next, ask, answer } = createCall();
    const round = next();
    const [early, late] = [ask(), ask('roots/list')];
    early.giveUp();
    await pass(COLLECTED_FOR);
    expect(Object.keys(round.outcome as object)).toEqual(['roots-list-2']);
    late.giveUp();
    const retry = next();
    await pass(1000);
    expect([early.answer, late.answer, retry.outcome]).toMatchObject([{ error: {} }, { error: {} }, undefined]);
    await answer();
    await pass(0);
    expect(retry.outcome).toEqual({ answer: { content: [] } });
  });

  it('need no answer any more once the call has one', async () => {
    const { next, ask, answer } = createCall();
    const round = next();
    const question = ask();
    await answer();
    await pass(60_000);
    expect([round.outcome, question.answer]).toMatchObject([
      { answer: {} },
      { error: { code: -32603, message: 'Nobody waits for this any more' } },
    ]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('keep their server from losing patience, every 15 s, for as long as the call waits', async () => {
    const { next, ask } = createCall();
    next();
    const question = ask();
    await pass(COLLECTED_FOR + 3 * 15_000);
    expect(question.progress).toEqual([{ progress: 1 }, { progress: 2 }, { progress: 3 }]);
    next();
    await pass(COLLECTED_FOR - 1);
    expect(question.progress).toHaveLength(3);
    // Asked again, from then on.
    await pass(1 + 15_000);
    expect(question.progress).toHaveLength(4);
  });
});

describe('a call that is answered while it waits for its client', () => {
  it('has the answer for the retry', async () => {
    const { next, ask, answer } = createCall();
    next();
    ask();
    await pass(COLLECTED_FOR);
    await answer(errorFrame(-32603, 'the server has died'));
    await pass(60_000);
    expect(vi.getTimerCount()).toBe(0);
    const retry = next();
    await pass(0);
    expect(retry.outcome).toEqual({ answer: { code: -32603, message: 'the server has died' } });
  });
});

describe('a question that cannot be put', () => {
  it.each<[string, object, string, object, object]>([
    ['of a kind that was not declared', { roots: {} }, 'sampling/createMessage', {}, { sampling: {} }],
    ['roots', { elicitation: {} }, 'roots/list', {}, { roots: {} }],
    ['a form', {}, 'elicitation/create', {}, { elicitation: { form: {} } }],
    [
      'a form, as only URLs are shown',
      { elicitation: { url: {} } },
      'elicitation/create',
      {},
      { elicitation: { form: {} } },
    ],
    [
      'a URL, as only forms are shown',
      { elicitation: {} },
      'elicitation/create',
      { mode: 'url' },
      { elicitation: { url: {} } },
    ],
    [
      'a URL, as only forms are shown in so many words',
      { elicitation: { form: {} } },
      'elicitation/create',
      { mode: 'url' },
      { elicitation: { url: {} } },
    ],
  ])(
    'ends the call with what its client would have had to declare: %s',
    async (_, capabilities, method, params, required) => {
      const { call, next, ask, answer } = createCall({ capabilities });
      const round = next();
      const question = ask(method, params);
      await pass(0);
      expect([round.outcome, question.answer]).toMatchObject([
        {
          answer: {
            code: -32021,
            message: `The server asks for ${method}, which the client has not declared`,
            data: { requiredCapabilities: required },
          },
        },
        { error: { code: -32601 } },
      ]);
      // The server is told to stop, and what it says nevertheless comes too late.
      expect([call.cancellation.reason !== undefined, call.closed.reason !== undefined]).toEqual([true, true]);
      await answer();
      await pass(0);
      expect(vi.getTimerCount()).toBe(0);
    },
  );

  it.each<[object, string, object]>([
    [{ elicitation: {} }, 'elicitation/create', {}],
    [{ elicitation: {} }, 'elicitation/create', { mode: 'form' }],
    [{ elicitation: { form: {}, url: {} } }, 'elicitation/create', { mode: 'url' }],
    [{ sampling: {} }, 'sampling/createMessage', { tools: [] }],
  ])('is none where %j is declared: %s %j', async (capabilities, method, params) => {
    const { next, ask } = createCall({ capabilities });
    const round = next();
    ask(method, params);
    await pass(COLLECTED_FOR);
    expect(Object.values(round.outcome as object)).toEqual([{ method, params }]);
  });

  it.each([
    ['tools/list', 'elicitation/create'],
    ['tools/call', 'x-vendor/ask'],
    ['tools/call', 'ping'],
  ])(
    'is answered in the place of its client where the revision has no way to put it: in %s, %s',
    async (method, asked) => {
      const { next, ask } = createCall({ method });
      const round = next();
      const question = ask(asked);
      await pass(60_000);
      expect([question.answer, round.outcome]).toMatchObject([
        { error: { code: -32601, message: `The client cannot be asked for ${asked} here` } },
        undefined,
      ]);
    },
  );
});

describe('what is said during a call', () => {
  const progress = notificationFrame('notifications/progress', { progressToken: 7, progress: 1 });
  const log = (level: string) => notificationFrame('notifications/message', { level, data: level });

  it('is progress under the token of the newest round', async () => {
    const { call, next, ask } = createCall();
    const first = next({ meta: { progressToken: 'first' } });
    call.notify(progress);
    ask();
    await pass(COLLECTED_FOR);
    // Nobody listens now.
    call.notify(progress);
    const second = next({ meta: { progressToken: 2 } });
    call.notify(progress);
    const third = next();
    call.notify(progress);
    const tokens = [first, second, third].map(({ outlet }) =>
      outlet.sent.map((frame) => (frame as { params: { progressToken: unknown } }).params.progressToken),
    );
    expect(tokens).toEqual([['first'], [2], []]);
  });

  it('is logged for a round that wants it, and no less severe than that wants', () => {
    const { call, next } = createCall();
    const rounds = [undefined, 'warning', 'debug'].map((logLevel) => {
      const { outlet } = next(logLevel === undefined ? {} : { logLevel });
      for (const level of ['debug', 'warning', 'emergency', 'a level nobody knows']) call.notify(log(level));
      return outlet.sent.map((frame) => (frame as { params: { data: unknown } }).params.data);
    });
    expect(rounds).toEqual([
      [],
      ['warning', 'emergency', 'a level nobody knows'],
      ['debug', 'warning', 'emergency', 'a level nobody knows'],
    ]);
  });

  it('may be anything else but what this revision has given up', () => {
    const { call, next } = createCall();
    const { outlet } = next();
    for (const method of ['notifications/elicitation/complete', 'notifications/x-vendor'])
      call.notify(notificationFrame(method, { a: 1 }));
    call.send();
    expect(outlet.sent).toEqual([{ jsonrpc: '2.0', method: 'notifications/x-vendor', params: { a: 1 } }]);
  });
});

describe('making room for others', () => {
  it('is for a call that waits for its client, and ends it', async () => {
    const { call, next, ask } = createCall();
    next();
    ask();
    await pass(COLLECTED_FOR);
    expect([call.yield(), call.cancellation.reason?.message]).toEqual([
      true,
      'given up while it waited for answers, as others needed its process; call again',
    ]);
  });

  it('is not for a call that is worked on, has been answered, or is kept', async () => {
    const working = createCall();
    working.next();
    const asked = createCall();
    asked.next();
    asked.ask();
    asked.call.keep();
    const answered = createCall();
    answered.next();
    await answered.answer();
    await pass(COLLECTED_FOR);
    for (const { call } of [working, asked, answered])
      expect([call.yield(), call.cancellation.reason]).toEqual([false, undefined]);
    asked.call.release();
    expect(asked.call.yield()).toBe(true);
  });
});

it('giving a call up tells its server, once', () => {
  const { call } = createCall();
  const reasons: string[] = [];
  call.cancellation.add(({ message }) => reasons.push(message));
  call.cancel(new Error('first'));
  call.cancel(new Error('second'));
  expect(reasons).toEqual(['first']);
});
