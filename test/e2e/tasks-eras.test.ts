import { ErrorCode, McpError } from '@modelcontextprotocol/sdk/types.js';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Bridge, CLI, startBridge } from '../support/bridge.ts';
import { connectHttp } from '../support/clients.ts';
import { EVENTUALLY } from '../support/eventually.ts';
import { fixture, fixtureLine } from '../support/fixtures.ts';
import type { RpcMessage } from '../support/http.ts';
import { openStdio } from '../support/raw-stdio.ts';
import {
  createStatelessClient,
  createStatelessStdio,
  type Questions,
  type StatelessAnswer,
  type StatelessClient,
} from '../support/stateless.ts';
import { ERA_VIEWS, type EraView } from './era-views.ts';
import { openRawSession } from './raw-session.ts';
import { serverStatusOf } from './status.ts';

const TASKS = 'io.modelcontextprotocol/tasks';
const EXTENSION = { extensions: { [TASKS]: {} } };
const ASKABLE = { ...EXTENSION, elicitation: {} };
const SERVERS = {
  old: fixture('task-eras-server', '--era', '2025'),
  new: fixture('task-eras-server', '--era', '2026'),
};
const serverLine = (era: string) => fixtureLine('task-eras-server', '--era', era);
const ABOUT_TASKS = ['tasks/get', 'tasks/update', 'tasks/cancel'];

const accepted = (answer: string) => ({ action: 'accept' as const, content: { answer } });
const textOf = (result: unknown) => (result as { content: { text: string }[] }).content[0]?.text;

/** Begins a task and returns its id. */
async function begin(client: StatelessClient, name: string, args: object = {}): Promise<string> {
  const { result, error } = await client.call(name, args);
  expect(error).toBeUndefined();
  expect(result?.resultType).toBe('task');
  return result?.taskId as string;
}

const get = (client: StatelessClient, taskId: string) => client.request('tasks/get', { taskId });
const update = (client: StatelessClient, taskId: string, inputResponses: object) =>
  client.request('tasks/update', { taskId, inputResponses });

/** Asks for a task until it has come to one of these. */
function until(client: StatelessClient, taskId: string, ...statuses: string[]): Promise<Task> {
  return vi.waitUntil(async () => {
    const { result, error } = await get(client, taskId);
    if (error) throw new Error(error.message);
    return statuses.includes(result?.status as string) && (result as unknown as Task);
  }, EVENTUALLY);
}

interface Task {
  readonly status: string;
  readonly inputRequests: Questions;
  readonly result: NonNullable<RpcMessage['result']>;
  readonly error: RpcMessage['error'];
}

/** Begins a task, answers what it asks, and returns its result. */
async function finish(client: StatelessClient, name: string, args: object, answer: string): Promise<Task['result']> {
  const taskId = await begin(client, name, args);
  const { inputRequests } = await until(client, taskId, 'input_required');
  const keys = Object.keys(inputRequests);
  await update(client, taskId, Object.fromEntries(keys.map((key) => [key, accepted(answer)])));
  return (await until(client, taskId, 'completed')).result;
}

async function pidOf(client: StatelessClient): Promise<number> {
  const { result } = await client.call('pid');
  const { pid } = JSON.parse(textOf(result) ?? '') as { pid: number };
  return pid;
}

/** Resolves once the server has noted that the task of this label has come so far. */
function noted(
  client: StatelessClient,
  journal: string,
  what: 'started' | 'cancelled',
  label: string,
): Promise<unknown> {
  const journalOf = async () => (await client.call(journal)).result?.structuredContent;
  return expect.poll(journalOf).toMatchObject({ [what]: expect.arrayContaining([label]) });
}

let bridge: Bridge;
beforeAll(async () => {
  bridge = await startBridge([], { config: { mcpServers: SERVERS } });
});
afterAll(() => bridge.stop());

const clientAt = ({ path }: Pick<EraView, 'path'>, capabilities: object) =>
  createStatelessClient(bridge.origin + path, { capabilities });

describe.each(ERA_VIEWS)('a task of $title, to a client of 2026 with the extension,', (view) => {
  const { named } = view;
  let client: StatelessClient;
  beforeAll(() => {
    client = clientAt(view, ASKABLE);
  });

  it('is offered as the extension, and not as a capability of 2025', async () => {
    const { result } = await client.request('server/discover');
    expect(result?.capabilities).toMatchObject(EXTENSION);
    expect(result?.capabilities).not.toHaveProperty('tasks');
  });

  it.each([
    ['may', 'slow_compute', { seconds: 0, label: 'it' }],
    ['must', 'failing_job', {}],
  ])('is what a tool answers with that %s be one', async (_, name, args) => {
    const { status, result } = await client.call(named(name), args);
    expect([status, result]).toEqual([
      200,
      {
        resultType: 'task',
        taskId: expect.stringMatching(/./),
        status: 'working',
        createdAt: expect.any(String),
        lastUpdatedAt: expect.any(String),
        ttlMs: 60_000,
        pollIntervalMs: 50,
        _meta: expect.anything(),
      },
    ]);
  });

  it('is nothing that other tools answer with', async () => {
    const { result } = await client.call(named('greet'), { name: 'you' });
    expect(result).toMatchObject({ resultType: 'complete', content: [{ text: 'Hello, you!' }] });
  });

  it('can be read from the moment it is known until it has its result, which stands in it', async () => {
    const taskId = await begin(client, named('slow_compute'), { seconds: 0.3, label: 'it' });
    const { result: early } = await get(client, taskId);
    expect(early).toMatchObject({
      resultType: 'complete',
      taskId,
      status: 'working',
      ttlMs: 60_000,
      pollIntervalMs: 50,
    });
    expect(early).not.toHaveProperty('result');
    const done = await until(client, taskId, 'completed');
    expect(done).toMatchObject({ resultType: 'complete', taskId, ttlMs: 60_000, pollIntervalMs: 50 });
    expect(done.result).toEqual({ content: [{ type: 'text', text: 'Computed it in 0.3 s.' }] });
    expect(await until(client, taskId, 'completed')).toEqual(done);
  });

  it('that ends with an error of the protocol has failed', async () => {
    const taskId = await begin(client, named('protocol_error_job'));
    const { error, result } = await until(client, taskId, 'completed', 'failed');
    expect([error, result]).toEqual([{ code: -32603, message: 'The job broke down' }, undefined]);
  });

  it('that ends with an error of its tool is complete', async () => {
    const taskId = await begin(client, named('failing_job'));
    const { status, result } = await until(client, taskId, 'completed', 'failed');
    expect([status, result]).toMatchObject(['completed', { isError: true, content: [{ text: 'The job failed.' }] }]);
  });

  it('asks for input, and goes on with the answer', async () => {
    const taskId = await begin(client, named('survey'), { label: 'it' });
    const { inputRequests } = await until(client, taskId, 'input_required');
    expect(Object.values(inputRequests)).toEqual([
      { method: 'elicitation/create', params: expect.objectContaining({ message: 'What of it?' }) },
    ]);
    expect(JSON.stringify(inputRequests)).not.toContain('related-task');
    const [key = ''] = Object.keys(inputRequests);
    const updated = await update(client, taskId, { [key]: accepted('blue') });
    expect(updated).toMatchObject({ status: 200, result: { resultType: 'complete' } });
    const { result } = await until(client, taskId, 'completed');
    expect(result).toMatchObject({ structuredContent: { label: 'it', answer: 'blue' } });
    expect(result._meta).toBeUndefined();
  });

  it('asks the same again until it is answered, under the same key', async () => {
    const taskId = await begin(client, named('survey'), { label: 'it' });
    const first = await until(client, taskId, 'input_required');
    expect((await until(client, taskId, 'input_required')).inputRequests).toEqual(first.inputRequests);
    await client.request('tasks/cancel', { taskId });
  });

  it('takes its answers all at once', async () => {
    const taskId = await begin(client, named('multi_input'));
    const inputRequests = await vi.waitUntil(async () => bothOf(await get(client, taskId)), EVENTUALLY);
    const answers = Object.keys(inputRequests).map((key, index) => [key, { action: ['accept', 'decline'][index] }]);
    await update(client, taskId, Object.fromEntries(answers));
    expect(textOf((await until(client, taskId, 'completed')).result)).toBe('accept decline');
  });

  it('takes its answers one by one, and passes over what it did not ask', async () => {
    const taskId = await begin(client, named('multi_input'));
    const inputRequests = await vi.waitUntil(async () => bothOf(await get(client, taskId)), EVENTUALLY);
    const [first = '', second = ''] = Object.keys(inputRequests);
    await update(client, taskId, {
      'x-unknown': { action: 'cancel' },
      constructor: {},
      [second]: { action: 'decline' },
    });
    const rest = await vi.waitUntil(async () => {
      const { inputRequests: open } = await until(client, taskId, 'input_required');
      return !(second in open) && open;
    }, EVENTUALLY);
    expect(Object.keys(rest)).toEqual([first]);
    // The second is answered for good.
    await update(client, taskId, { [second]: { action: 'accept' } });
    await update(client, taskId, { [first]: { action: 'accept' } });
    expect(textOf((await until(client, taskId, 'completed')).result)).toBe('accept decline');
  });

  it('comes after what its tool has to ask before there can be one', async () => {
    const params = { name: named('test_tool_with_task'), arguments: {} };
    const answer = () => ({ action: 'accept', content: { name: 'you' } });
    const { result, rounds } = await client.callWithAnswers('tools/call', params, answer);
    expect(rounds).toHaveLength(1);
    expect(result?.resultType).toBe('task');
    const done = await until(client, result?.taskId as string, 'completed');
    expect(textOf(done.result)).toBe('Hello, you!');
  });

  it('is cancelled, which its server is told', async () => {
    const plain = clientAt(view, EXTENSION);
    const label = `cancelled at ${view.title}`;
    const taskId = await begin(plain, named('hang'), { label });
    await noted(plain, named('journal'), 'started', label);
    const cancelled = await plain.request('tasks/cancel', { taskId });
    expect(cancelled).toMatchObject({ status: 200, result: { resultType: 'complete' } });
    expect(cancelled.result).not.toHaveProperty('taskId');
    const end = await until(plain, taskId, 'cancelled');
    expect([end.result, end.error]).toEqual([undefined, undefined]);
    await noted(plain, named('journal'), 'cancelled', label);
    // It stays what it is.
    expect(await plain.request('tasks/cancel', { taskId })).toMatchObject({ result: { resultType: 'complete' } });
    await until(plain, taskId, 'cancelled');
  });

  it('that waits for an answer can be cancelled, too', async () => {
    const taskId = await begin(client, named('survey'), { label: 'it' });
    await until(client, taskId, 'input_required');
    await client.request('tasks/cancel', { taskId });
    expect(await until(client, taskId, 'cancelled')).not.toHaveProperty('inputRequests');
  });

  it('fails when it asks what the client has not declared', async () => {
    const taskId = await begin(client, named('sample'));
    const { error } = await until(client, taskId, 'failed', 'input_required');
    expect(error).toMatchObject({ code: -32021, data: { requiredCapabilities: { sampling: {} } } });
  });

  it('is the server’s choice: what clients of 2025 would ask for means nothing', async () => {
    const task = { ttl: 5 };
    const greet = await client.request('tools/call', { name: named('greet'), arguments: { name: 'you' }, task });
    expect(greet.result).toMatchObject({ resultType: 'complete', content: [{ text: 'Hello, you!' }] });
    const params = { name: named('slow_compute'), arguments: { seconds: 0, label: 'it' }, task };
    expect((await client.request('tools/call', params)).result).toMatchObject({ resultType: 'task', ttlMs: 60_000 });
    const without = await clientAt(view, {}).request('tools/call', params);
    expect(without.result).toMatchObject({ resultType: 'complete', content: [{ text: 'Computed it in 0 s.' }] });
  });

  it.each(ABOUT_TASKS)('is of no use to a client without the extension: %s', async (method) => {
    const taskId = await begin(client, named('survey'), { label: 'it' });
    const without = clientAt(view, { elicitation: {}, tasks: {} });
    expect(await without.request(method, { taskId, inputResponses: {} })).toMatchObject({
      status: 400,
      error: { code: -32021, data: { requiredCapabilities: EXTENSION } },
    });
    expect((await until(client, taskId, 'input_required')).status).toBe('input_required');
    await client.request('tasks/cancel', { taskId });
  });

  it.each(ABOUT_TASKS)('that nobody has made is refused: %s', async (method) => {
    for (const taskId of ['none', 'constructor']) {
      const { status, error } = await client.request(method, { taskId, inputResponses: {} });
      expect([status, error?.code]).toEqual([200, -32602]);
    }
  });

  it.each(ABOUT_TASKS)('is named by a header: %s', async (method) => {
    const taskId = await begin(client, named('survey'), { label: 'it' });
    for (const name of ['another', undefined]) {
      const headers = { 'mcp-name': name };
      const { status, error } = await client.request(method, { taskId, inputResponses: {} }, { headers });
      expect([status, error?.code]).toEqual([400, -32020]);
    }
    expect((await client.request(method, { taskId, inputResponses: {} })).status).toBe(200);
    await client.request('tasks/cancel', { taskId });
  });

  it('is its client’s alone, however many there are at once', async () => {
    const labels = ['a', 'b', 'c', 'd'].map((letter) => `${letter} at ${view.title}`);
    const tasks = await Promise.all(
      labels.map(async (label) => {
        const own = clientAt(view, ASKABLE);
        const taskId = await begin(own, named('survey'), { label });
        const { inputRequests } = await until(own, taskId, 'input_required');
        return { own, taskId, inputRequests };
      }),
    );
    // All of them wait now.
    expect(new Set(tasks.map(({ taskId }) => taskId)).size).toBe(labels.length);
    for (const [index, { inputRequests }] of tasks.entries())
      expect(Object.values(inputRequests)).toMatchObject([{ params: { message: `What of ${labels[index]}?` } }]);
    const results = await Promise.all(
      tasks.map(async ({ own, taskId, inputRequests }, index) => {
        const [key = ''] = Object.keys(inputRequests);
        await update(own, taskId, { [key]: accepted(`${index}`) });
        return (await until(own, taskId, 'completed')).result.structuredContent;
      }),
    );
    expect(results).toMatchObject(labels.map((label, index) => ({ label, answer: `${index}` })));
  });
});

/** The questions of `multi_input`, once both are there. */
function bothOf({ result }: StatelessAnswer): Questions | undefined {
  const questions = result?.inputRequests as Questions | undefined;
  return Object.keys(questions ?? {}).length === 2 ? questions : undefined;
}

describe.each(['2025', '2026'])('a task of a server of %s, over stdio,', (era) => {
  it('is made, asks, and has its result, as over HTTP', async () => {
    const args = [CLI, '--output-transport', 'stdio', '--log-level', 'error', '--stdio', serverLine(era)];
    await using server = openStdio({ command: process.execPath, args });
    const client = createStatelessStdio(server, { capabilities: ASKABLE });
    const { structuredContent } = await finish(client, 'survey', { label: 'it' }, 'blue');
    expect(structuredContent).toMatchObject({ label: 'it', answer: 'blue' });
  });
});

describe('tasks of several servers', () => {
  it('lead each to its own, under the ids that the servers gave them', async () => {
    const [old, merged, own] = ['/servers/old/mcp', '/mcp', '/servers/new/mcp'].map((path) =>
      clientAt({ path }, ASKABLE),
    ) as [StatelessClient, StatelessClient, StatelessClient];
    const ids = [
      await begin(merged, 'old__slow_compute', { seconds: 0.1, label: 'old' }),
      await begin(merged, 'new__slow_compute', { seconds: 0.1, label: 'new' }),
    ] as const;
    for (const [index, label] of ['old', 'new'].entries())
      expect(textOf((await until(merged, ids[index] as string, 'completed')).result)).toContain(`Computed ${label}`);
    // The server itself knows it by this id, and the other one does not.
    expect((await get(own, ids[1])).result).toMatchObject({ taskId: ids[1], status: 'completed' });
    expect((await get(own, ids[0])).error?.code).toBe(-32602);
    expect((await get(old, ids[1])).error?.code).toBe(-32602);
  });
});

describe.each(ERA_VIEWS.filter(({ server }) => server === 'old'))(
  'a tool of $title that must be a task, to a client of 2026 without the extension,',
  (view) => {
    const { named } = view;

    it('answers with the result of the task', async () => {
      const { status, result } = await clientAt(view, {}).call(named('failing_job'));
      expect([status, result]).toMatchObject([200, { resultType: 'complete', isError: true }]);
      expect(result).not.toHaveProperty('taskId');
      expect(JSON.stringify(result)).not.toContain('related-task');
    });

    it('answers with the error of the task', async () => {
      const { error } = await clientAt(view, {}).call(named('protocol_error_job'));
      expect(error).toEqual({ code: -32603, message: 'The job broke down' });
    });

    it('asks with its answer, and goes on with the next attempt', async () => {
      const params = { name: named('survey'), arguments: { label: 'it' } };
      const client = clientAt(view, { elicitation: {} });
      const { result, rounds } = await client.callWithAnswers('tools/call', params, () => accepted('blue'));
      expect(rounds.map(Object.values)).toMatchObject([
        [{ method: 'elicitation/create', params: { message: 'What of it?' } }],
      ]);
      expect(JSON.stringify(rounds)).not.toContain('related-task');
      expect(result).toMatchObject({ resultType: 'complete', structuredContent: { label: 'it', answer: 'blue' } });
    });

    it('asks nobody who could not answer', async () => {
      const { status, error } = await clientAt(view, {}).call(named('survey'), { label: 'it' });
      expect([status, error?.code]).toEqual([400, -32021]);
    });

    it('is told when the call is given up', async () => {
      const client = clientAt(view, {});
      const label = `given up at ${view.title}`;
      const giveUp = new AbortController();
      const call = client.call(named('hang'), { label }, { signal: giveUp.signal });
      await noted(client, named('journal'), 'started', label);
      giveUp.abort();
      await expect(call).rejects.toThrow();
      await noted(client, named('journal'), 'cancelled', label);
    });
  },
);

describe('a tool of a server of 2026 that must be a task, to a client of 2026 without the extension,', () => {
  it('is refused as the server refuses it', async () => {
    const { status, error } = await clientAt({ path: '/servers/new/mcp' }, {}).call('failing_job');
    expect([status, error]).toMatchObject([400, { code: -32021, data: { requiredCapabilities: EXTENSION } }]);
  });
});

describe.each(ERA_VIEWS.filter(({ server }) => server === 'new'))(
  'a tool of $title that must be a task, to a client of 2025,',
  (view) => {
    const { path, named } = view;
    const urlOf = () => bridge.origin + path;
    const hasNoted = (what: 'started' | 'cancelled', label: string) =>
      noted(clientAt(view, {}), named('journal'), what, label);

    it('is waited for, and answers as any other', async () => {
      const session = await openRawSession(urlOf());
      const { result } = await session.call('mine', named('failing_job'));
      expect(result).toEqual({ isError: true, content: [{ type: 'text', text: 'The job failed.' }] });
      await session.delete();
    });

    it('asks the client while the call goes on', async () => {
      const asked: string[] = [];
      const elicit = (message: string) => {
        asked.push(message);
        return accepted('blue');
      };
      await using peer = await connectHttp(urlOf(), { elicit });
      const { structuredContent } = await peer.client.callTool({ name: named('survey'), arguments: { label: 'it' } });
      expect([asked, structuredContent]).toMatchObject([['What of it?'], { label: 'it', answer: 'blue' }]);
    });

    it('asks each of its clients about their own', async () => {
      const labels = ['a', 'b', 'c', 'd'];
      const results = await Promise.all(
        labels.map(async (label) => {
          await using peer = await connectHttp(urlOf(), {
            elicit: (message) => accepted(`${label}: ${message}`),
          });
          return (await peer.client.callTool({ name: named('survey'), arguments: { label } })).structuredContent;
        }),
      );
      expect(results).toMatchObject(labels.map((label) => ({ label, answer: `${label}: What of ${label}?` })));
    });

    it('fails with the error of the task', async () => {
      await using peer = await connectHttp(urlOf());
      const call = peer.client.callTool({ name: named('protocol_error_job'), arguments: {} });
      await expect(call).rejects.toMatchObject({
        code: -32603,
        message: expect.stringContaining('The job broke down'),
      });
    });

    it('fails when the client does not answer, and its task is cancelled', async () => {
      const label = `unanswered at ${path}`;
      const elicit = () => {
        throw new McpError(ErrorCode.InternalError, 'the user has left');
      };
      await using peer = await connectHttp(urlOf(), { elicit });
      const call = peer.client.callTool({ name: named('survey'), arguments: { label } });
      await expect(call).rejects.toThrow('the user has left');
      await hasNoted('cancelled', label);
    });

    it('cancels the task when the call is given up', async () => {
      const label = `given up at ${path}`;
      await using peer = await connectHttp(urlOf());
      const giveUp = new AbortController();
      const call = peer.client.callTool({ name: named('hang'), arguments: { label } }, undefined, {
        signal: giveUp.signal,
      });
      const failed = expect(call).rejects.toThrow('not needed any more');
      await hasNoted('started', label);
      giveUp.abort('not needed any more');
      await failed;
      await hasNoted('cancelled', label);
    });
  },
);

describe('the process of a task of a client that can be asked', () => {
  const OLD = ['--stdio', `old=${serverLine('2025')}`];

  it('serves nobody else until the task has ended, and then the next call', async () => {
    await using own = await startBridge(OLD);
    const [first, second] = [0, 1].map(() => createStatelessClient(own.url, { capabilities: ASKABLE })) as [
      StatelessClient,
      StatelessClient,
    ];
    const pid = await pidOf(first);
    const taskId = await begin(first, 'survey', { label: 'it' });
    const { inputRequests } = await until(first, taskId, 'input_required');
    const [other, more] = [await pidOf(second), await pidOf(second)];
    expect(other).not.toBe(pid);
    expect(more).toBe(other);
    const [key = ''] = Object.keys(inputRequests);
    await update(first, taskId, { [key]: accepted('blue') });
    const { result } = await until(first, taskId, 'completed');
    // It was lent the process that was there already.
    expect(result.structuredContent).toMatchObject({ answer: 'blue', pid });
    expect([pid, other]).toContain(await pidOf(second));
    // Both, and the one that all share.
    expect((await serverStatusOf(own, 'old')).links).toBe(3);
  });

  it('is done with once the task is cancelled', async () => {
    await using own = await startBridge(OLD);
    const client = createStatelessClient(own.url, { capabilities: ASKABLE });
    const taskId = await begin(client, 'survey', { label: 'it' });
    await until(client, taskId, 'input_required');
    await client.request('tasks/cancel', { taskId });
    await until(client, taskId, 'cancelled');
    await pidOf(client);
    await expect.poll(async () => (await serverStatusOf(own, 'old')).links).toBe(2);
  });
});

describe('the death of a server', () => {
  const bridgeTo = (era: string) => startBridge(['--stdio', `it=${serverLine(era)}`]);

  it.each([
    ['that many share', EXTENSION],
    ['of its own', ASKABLE],
  ])('of 2025 fails the task that runs in its process, one %s', async (_, capabilities) => {
    await using own = await bridgeTo('2025');
    const client = createStatelessClient(own.url, { capabilities });
    const pid = await pidOf(client);
    const taskId = await begin(client, 'hang', { label: 'it' });
    process.kill(pid, 'SIGKILL');
    const { error } = await until(client, taskId, 'failed');
    expect(error?.message).toMatch(/^it: /);
    expect((await client.request('tasks/cancel', { taskId })).result).toMatchObject({ resultType: 'complete' });
    // Others are none the worse for it.
    expect(await finish(clientOf(own), 'survey', { label: 'next' }, 'blue')).toMatchObject({
      structuredContent: { answer: 'blue' },
    });
  });

  it('of 2025 fails the call of a client without the extension', async () => {
    await using own = await bridgeTo('2025');
    const client = createStatelessClient(own.url);
    const pid = await pidOf(client);
    const call = client.call('hang', { label: 'it' });
    await noted(client, 'journal', 'started', 'it');
    process.kill(pid, 'SIGKILL');
    expect((await call).error?.message).toMatch(/^it: /);
  });

  it('of 2026 leaves a task that nobody knows', async () => {
    await using own = await bridgeTo('2026');
    const client = clientOf(own);
    const pid = await pidOf(client);
    const taskId = await begin(client, 'hang', { label: 'it' });
    process.kill(pid, 'SIGKILL');
    await expect.poll(async () => (await get(client, taskId)).error?.code).toBe(-32602);
  });

  it.each([
    ['runs', 'hang'],
    ['waits for its client', 'survey'],
  ])('of 2026 fails the call of a client of 2025 whose task %s', async (_, name) => {
    await using own = await bridgeTo('2026');
    const asked = vi.fn(() => new Promise<never>(() => {}));
    await using peer = await connectHttp(own.url, { elicit: asked });
    const pid = await pidOf(clientOf(own));
    const call = peer.client.callTool({ name, arguments: { label: 'it' } });
    call.catch(() => {});
    if (name === 'survey') await expect.poll(() => asked.mock.calls.length).toBe(1);
    else await noted(clientOf(own), 'journal', 'started', 'it');
    process.kill(pid, 'SIGKILL');
    await expect(call).rejects.toThrow(/it: /);
  });
});

function clientOf({ url }: Bridge): StatelessClient {
  return createStatelessClient(url, { capabilities: ASKABLE });
}
