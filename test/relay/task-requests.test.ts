import { describe, expect, it } from 'vitest';
import type { Client } from '../../src/protocol/exchange.ts';
import { notificationFrame, requestFrame } from '../../src/protocol/message.ts';
import { RawJson } from '../../src/protocol/raw-json.ts';
import type { RelaySwitch } from '../../src/relay/relay-switch.ts';
import { placeOfView } from '../../src/relay/routers.ts';
import { viewOf } from '../catalog/settings.ts';
import { principalOf } from '../downstream/support.ts';
import { requestsOf } from '../upstream/played-server.ts';
import { contentOf, createClient, createExchange } from '../upstream/support.ts';
import { catalogOf, type Part, playRelays, playUpstream } from './support.ts';

const [ALICE, BOB] = [principalOf('alice'), principalOf('bob')];
const ABOUT = ['tasks/get', 'tasks/result', 'tasks/update', 'tasks/cancel'];

/** A server that makes a task of each call, and counts them; it knows every task it is asked about. */
function countingServer(): Part {
  let count = 0;
  return {
    capabilities: { tools: {}, tasks: {} },
    answer(method, params) {
      if (method !== 'tools/call') return { result: { known: params.get('taskId') } };
      count += 1;
      return { result: { task: { taskId: `task-${count}`, status: 'working' } } };
    },
  };
}

const clientOf = (principal: Client['principal'], changes: Partial<Client> = {}) =>
  createClient(principal.id, { principal, ...changes });

async function begin(router: RelaySwitch, client: Client, name = 'x') {
  const frame = requestFrame('tools/call', { name, task: {} });
  const answer = await router.handle(createExchange(frame, { client }));
  return answer.raw('result')?.raw('task')?.string('taskId') ?? '';
}

async function ask(router: RelaySwitch | undefined, client: Client, taskId: string, method = 'tasks/get') {
  const exchange = createExchange(requestFrame(method, { taskId }), { client });
  return contentOf((await router?.handle(exchange)) ?? RawJson.of({}));
}

const unknown = (taskId: string) => ({ code: -32602, message: `Unknown task: ${taskId}` });

describe.each([1, 2])('a task of one of %s servers', (servers) => {
  const play = () => playRelays(Array.from({ length: servers }, countingServer));
  const tool = servers === 1 ? 'x' : 'b__x';

  it.each(ABOUT)('is known to its principal, by whichever client, and to nobody else: %s', async (method) => {
    const { merged, received } = await play();
    const taskId = await begin(merged, clientOf(ALICE), tool);
    expect(await ask(merged, clientOf(ALICE), taskId, method)).toEqual({ known: taskId });
    for (const stranger of [BOB, principalOf('alice', true), principalOf('')])
      expect(await ask(merged, clientOf(stranger), taskId, method)).toEqual(unknown(taskId));
    expect(requestsOf(received.flat(), method)).toHaveLength(1);
  });

  it('that the bridge has not heard of is unknown to whoever had to prove who they are', async () => {
    const { merged, received } = await play();
    expect(await ask(merged, clientOf(ALICE), 'task-1')).toEqual(unknown('task-1'));
    expect(requestsOf(received.flat(), 'tasks/get')).toEqual([]);
  });

  it('belongs to whom it was made for at one URL and at another', async () => {
    const { merged, single } = await play();
    const taskId = await begin(merged, clientOf(ALICE), tool);
    const own = [...single.values()].at(-1);
    expect(await ask(own, clientOf(ALICE), taskId)).toEqual({ known: taskId });
    expect(await ask(own, clientOf(BOB), taskId)).toEqual(unknown(taskId));
  });

  it('is given up with its principal, and unknown from then on', async () => {
    const { merged, received } = await play();
    const [gone, stays] = [await begin(merged, clientOf(ALICE), tool), await begin(merged, clientOf(BOB), tool)];
    merged.end('alice');
    const cancelled = () =>
      requestsOf(received.flat(), 'tasks/cancel').map((frame) => frame.raw('params')?.get('taskId'));
    await expect.poll(cancelled).toEqual([gone]);
    expect(await ask(merged, clientOf(ALICE), gone)).toEqual(unknown(gone));
    expect(await ask(merged, clientOf(BOB), stays)).toEqual({ known: stays });
  });
});

describe('tasks that two servers have called the same', () => {
  it('are told apart by whose they are, and are nobody else’s at the URL of either server', async () => {
    const { merged, single } = await playRelays([countingServer(), countingServer()]);
    const [alice, bob] = [clientOf(ALICE), clientOf(BOB)];
    const id = await begin(merged, bob, 'a__x');
    expect(await begin(merged, alice, 'b__x')).toBe(id);
    for (const client of [alice, bob]) expect(await ask(merged, client, id)).toEqual({ known: id });
    for (const method of ABOUT) {
      expect(await ask(single.get('a'), alice, id, method)).toEqual(unknown(id));
      expect(await ask(single.get('b'), bob, id, method)).toEqual(unknown(id));
    }
  });
});

describe('a task of a server that is not there', () => {
  it.each(ABOUT)('is unknown at a view that does not show the server: %s', async (method) => {
    const views = [viewOf('v', { servers: ['b', 'c'] })];
    const { relays, merged, received } = await playRelays(Array.from({ length: 3 }, countingServer), { views });
    const taskId = await begin(merged, createClient(), 'a__x');
    const view = relays.all.get(placeOfView('v'));
    expect(await ask(view, createClient(), taskId, method)).toEqual(unknown(taskId));
    expect(requestsOf(received.flat(), method)).toEqual([]);
    expect(await ask(merged, createClient(), taskId, method)).toEqual({ known: taskId });
  });

  it.each(ABOUT)('is unknown once another server has taken the place of its own: %s', async (method) => {
    const { relays, merged, played, received } = await playRelays([countingServer(), countingServer()]);
    const taskId = await begin(merged, createClient(), 'a__x');
    const [before, other] = played.map(({ upstream }) => upstream);
    if (!before || !other) throw new Error('two were asked for');
    const after = playUpstream(countingServer(), { name: 'a', args: ['other'] });
    await relays.update(catalogOf([after.upstream, other]));
    const answers = [await ask(merged, createClient(), taskId, method)];
    await before.retire();
    answers.push(await ask(merged, createClient(), taskId, method));
    expect(answers).toEqual([unknown(taskId), unknown(taskId)]);
    expect(requestsOf([...received.flat(), ...after.received], method)).toEqual([]);
  });
});

describe('the status of a task', () => {
  it('reaches whose task it is, and nobody else, also when it comes in one breath with the task itself', async () => {
    const { merged, played } = await playRelays([{ capabilities: { tools: {}, tasks: {} } }]);
    const [server] = played;
    const [owner, other] = [createClient('owner'), createClient('other')];
    for (const client of [owner, other]) merged.join(client);
    const begun = begin(merged, owner);
    await expect.poll(() => requestsOf(server?.received ?? [], 'tools/call').length).toBe(1);
    const status = notificationFrame('notifications/tasks/status', { taskId: 't', status: 'completed' });
    const id = requestsOf(server?.received ?? [], 'tools/call')[0]?.get('id');
    server?.say(RawJson.of({ jsonrpc: '2.0', id, result: { task: { taskId: 't', status: 'working' } } }));
    server?.say(status);
    expect(await begun).toBe('t');
    await expect.poll(() => owner.sent.map(({ text }) => text)).toEqual([status.text]);
    expect(other.sent).toEqual([]);
  });
});

describe('a task that the server alone knows', () => {
  it('can be asked about where nobody is asked who they are', async () => {
    const { merged } = await playRelays([countingServer()]);
    expect(await ask(merged, createClient(), 'task-7')).toEqual({ known: 'task-7' });
  });

  it('can be asked about by a client that has its server to itself, even if others have tasks of that name', async () => {
    const { merged } = await playRelays([countingServer()]);
    const alone = clientOf(ALICE, { capabilities: { elicitation: {} } });
    const taskId = await begin(merged, clientOf(BOB));
    expect(await ask(merged, alone, taskId)).toEqual({ known: taskId });
  });

  it('cannot be asked about by a request that may be served by a process of others', async () => {
    const { merged } = await playRelays([countingServer()]);
    const capabilities = { elicitation: {} };
    const call = { capabilities, listens: false, readsResultTypes: true };
    const taskId = await begin(merged, clientOf(ALICE, { ...call, tenure: 'call' }));
    expect(await ask(merged, clientOf(BOB, { ...call, tenure: 'none' }), taskId)).toEqual(unknown(taskId));
    expect(await ask(merged, clientOf(ALICE, { ...call, tenure: 'none' }), taskId)).toEqual({ known: taskId });
  });
});
