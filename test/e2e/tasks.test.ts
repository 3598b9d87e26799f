import type { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { CallToolResultSchema } from '@modelcontextprotocol/sdk/types.js';
import { describe, expect, it } from 'vitest';
import { startBridge } from '../support/bridge.ts';
import { fixtureLine } from '../support/fixtures.ts';
import { describeTransports } from '../support/transports.ts';
import { openRawSession, type RawSession } from './raw-session.ts';

const SINGLE = ['--stdio', `tasks=${fixtureLine('tasks-server')}`];
const SEVERAL = [...SINGLE, '--stdio', `other=${fixtureLine('echo-server')}`];
const VIEWS = [
  ['of a single server', SINGLE, ''],
  ['of one of several servers', SEVERAL, 'tasks__'],
] as const;
const STATUS = 'notifications/tasks/status';

describeTransports('tasks', (open) => {
  describe.each(VIEWS)('%s', (_, servers, prefix) => {
    it('are made by a call, told of, and give their result', async () => {
      await using peer = await open(servers);
      const tool = { name: `${prefix}work`, arguments: { ms: 100, result: 'well done' } };
      const seen = await runTask(peer.client, tool);
      expect(seen.types[0]).toBe('taskCreated');
      expect(seen.types.at(-1)).toBe('result');
      expect(seen.result).toMatchObject({ content: [{ text: 'well done' }] });
      const [status] = await peer.inbox.wait(STATUS);
      expect(status?.params).toMatchObject({ taskId: seen.taskId, status: 'completed' });
    });

    it('are found, listed, and their results fetched later', async () => {
      await using peer = await open(servers);
      const { tasks } = peer.client.experimental;
      const { taskId } = await runTask(peer.client, { name: `${prefix}work`, arguments: { result: 'later' } });
      expect(await tasks.getTask(taskId)).toMatchObject({ taskId, status: 'completed' });
      expect((await tasks.listTasks()).tasks.map((task) => task.taskId)).toEqual([taskId]);
      const result = await tasks.getTaskResult(taskId, CallToolResultSchema);
      expect(result).toMatchObject({ content: [{ text: 'later' }], _meta: relatedTo(taskId) });
    });

    it('are cancelled', async () => {
      await using peer = await open(servers);
      const { tasks } = peer.client.experimental;
      const taskId = await startTask(peer.client, { name: `${prefix}work`, arguments: { ms: 60_000 } });
      expect(await tasks.cancelTask(taskId)).toMatchObject({ taskId, status: 'cancelled' });
      expect(await tasks.getTaskResult(taskId, CallToolResultSchema)).toMatchObject({ isError: true });
      await expect(tasks.cancelTask(taskId)).rejects.toMatchObject({ code: -32602 });
    });

    it('ask their client, and nobody else', async () => {
      const asked: string[] = [];
      const elicit = (message: string) => {
        asked.push(message);
        return { action: 'accept' as const, content: { answer: 'blue' } };
      };
      await using peer = await open(servers, { elicit });
      const seen = await runTask(peer.client, { name: `${prefix}survey`, arguments: { message: 'Which colour?' } });
      expect(asked).toEqual(['Which colour?']);
      expect(JSON.stringify(seen.result)).toContain('blue');
    });

    it('that are unknown are refused', async () => {
      await using peer = await open(servers);
      const { tasks } = peer.client.experimental;
      for (const request of [tasks.getTask('none'), tasks.cancelTask('none'), tasks.getTaskResult('none')])
        await expect(request).rejects.toMatchObject({ code: -32602 });
    });
  });

  it('are declared by several servers together as soon as one has them', async () => {
    await using peer = await open(SEVERAL);
    expect(peer.client.getServerCapabilities()?.tasks).toEqual({
      list: {},
      cancel: {},
      requests: { tools: { call: {} } },
    });
  });
});

describe.each(VIEWS)('tasks %s that clients share', (_, servers, prefix) => {
  it('are told of and listed to those who made them', async () => {
    await using bridge = await startBridge(servers);
    const [first, second] = [await openRawSession(bridge.url), await openRawSession(bridge.url)];
    const streams = [await first.listen(), await second.listen()] as const;
    const ids = [await makeTask(first, `${prefix}work`), await makeTask(second, `${prefix}work`)];
    for (const [index, stream] of streams.entries()) {
      const { data } = await stream.next((event) => event.data.includes(STATUS));
      expect(JSON.parse(data).params).toMatchObject({ taskId: ids[index], status: 'completed' });
      stream.close();
    }
    for (const [index, session] of [first, second].entries()) {
      const { messages } = await session.post(1, 'tasks/list');
      expect(messages[0]?.result?.tasks).toMatchObject([{ taskId: ids[index] }]);
    }
  });
});

interface Run {
  readonly taskId: string;
  /** What the client was told of the task, in order. */
  readonly types: string[];
  readonly result: unknown;
}

type ToolCall = { name: string; arguments: Record<string, unknown> };

/** Calls a tool as a task and waits for its end. */
async function runTask(client: Client, tool: ToolCall): Promise<Run> {
  const types: string[] = [];
  let taskId = '';
  for await (const message of client.experimental.tasks.callToolStream(tool, undefined, { task: { ttl: 60_000 } })) {
    types.push(message.type);
    if (message.type === 'taskCreated') taskId = message.task.taskId;
    if (message.type === 'error') throw message.error;
    if (message.type === 'result') return { taskId, types, result: message.result };
  }
  throw new Error('The task had no end.');
}

/** Calls a tool as a task and returns the task's id. */
async function startTask(client: Client, tool: ToolCall): Promise<string> {
  for await (const message of client.experimental.tasks.callToolStream(tool, undefined, { task: { ttl: 60_000 } })) {
    if (message.type === 'taskCreated') return message.task.taskId;
  }
  throw new Error('The call made no task.');
}

async function makeTask(session: RawSession, name: string): Promise<unknown> {
  const { messages } = await session.post('task', 'tools/call', { name, arguments: { ms: 200 }, task: {} });
  const task = messages.at(-1)?.result?.task as { taskId: string } | undefined;
  return task?.taskId;
}

function relatedTo(taskId: string): object {
  return { 'io.modelcontextprotocol/related-task': { taskId } };
}
