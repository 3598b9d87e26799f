import { describe, expect, it, onTestFinished } from 'vitest';
import type { Client } from '../../src/protocol/exchange.ts';
import { notificationFrame } from '../../src/protocol/message.ts';
import type { RawJson } from '../../src/protocol/raw-json.ts';
import { ToldTools } from '../../src/relay/told-tools.ts';
import { requestsOf } from '../upstream/played-server.ts';
import { createClient, createExchange } from '../upstream/support.ts';
import { type Part, type PlayedUpstream, playUpstream } from './support.ts';

const CHANGED = notificationFrame('notifications/tools/list_changed');

const offers = (...pages: object[][]): Part => ({
  answer(_, params) {
    const page = Number(params.get('cursor') ?? 0);
    return { result: { tools: pages[page], nextCursor: pages[page + 1] && String(page + 1) } };
  },
});

/** What these servers tell, and who asks. */
function playTold(...parts: Part[]) {
  const played = parts.map((part, index) => playUpstream(part, { name: 'abc'.charAt(index), isolation: 'shared' }));
  const [first] = played as [PlayedUpstream];
  const told = new ToldTools(played.map(({ upstream }) => upstream));
  onTestFinished(() => told.close());
  const agreeOn = (tool: string, client: Client = createClient(), holds = isMarked) =>
    told.agreeOn(createExchange('x', { client }), first.upstream, tool, holds);
  const lists = () => requestsOf(first.received, 'tools/list').length;
  return { told, played, first, agreeOn, lists };
}

const isMarked = (tool: RawJson) => tool.get('ok') === true;
const [good, bad] = [(name: string) => ({ name, ok: true }), (name: string) => ({ name })];

describe('a verdict on a tool', () => {
  it('takes that it is there, and that all of its name are fine, in whatever case and on whatever page', async () => {
    const { agreeOn } = playTold(
      offers([good('x'), good('y'), good('Z'), good('w'), bad('v'), good('v')], [bad('Y'), good('z')], [bad('w')]),
    );
    const verdicts = ['x', 'y', 'Z', 'z', 'w', 'v', 'X', 'none', ''].map((name) => agreeOn(name));
    expect(await Promise.all(verdicts)).toEqual([true, false, true, true, false, false, false, false, false]);
  });

  it('does not come of a tool without a name', async () => {
    const { agreeOn } = playTold(offers([{ ok: true }, { ok: true, name: 7 }, good('')]));
    expect([await agreeOn('7'), await agreeOn('undefined'), await agreeOn('')]).toEqual([false, false, true]);
  });

  it('costs one list, however often it is asked for', async () => {
    const { agreeOn, lists } = playTold(offers([good('x')]));
    for (let count = 0; count < 3; count++) expect(await agreeOn('x')).toBe(true);
    expect([await agreeOn('none'), lists()]).toEqual([false, 1]);
  });

  it('costs one list, however many ask for it at once, and whoever of them gives up', async () => {
    let tell = () => {};
    const { agreeOn, told, first, lists } = playTold({
      answer: () =>
        new Promise((resolve) => {
          tell = () => resolve({ result: { tools: [good('x')] } });
        }),
    });
    const exchange = createExchange('x');
    const verdicts = [told.agreeOn(exchange, first.upstream, 'x', isMarked), agreeOn('x'), agreeOn('x')];
    await expect.poll(lists).toBe(1);
    exchange.cancel();
    expect(await verdicts[0]).toBe(false);
    tell();
    expect([await Promise.all(verdicts), lists()]).toEqual([[false, true, true], 1]);
    expect(requestsOf(first.received, 'notifications/cancelled')).toEqual([]);
  });

  it('is given up at the server when all have given it up, and found out anew for who comes then', async () => {
    const { agreeOn, told, first, lists } = playTold({
      answer: () => (lists() === 1 ? undefined : { result: { tools: [good('x')] } }),
    });
    const exchanges = [createExchange('x'), createExchange('x')];
    const verdicts = exchanges.map((exchange) => told.agreeOn(exchange, first.upstream, 'x', isMarked));
    await expect.poll(lists).toBe(1);
    for (const exchange of exchanges) exchange.cancel();
    expect(await agreeOn('x')).toBe(true);
    expect([await Promise.all(verdicts), lists()]).toEqual([[false, false], 2]);
    expect(requestsOf(first.received, 'notifications/cancelled')).toHaveLength(1);
  });

  it('is one of what a client of the same capabilities was told', async () => {
    const answers = [[good('x')], [bad('x')]];
    const { agreeOn, lists } = playTold({ answer: () => ({ result: { tools: answers.shift() } }) });
    const [plain, other] = [createClient('plain'), createClient('other', { capabilities: { own: { a: 1, b: 2 } } })];
    expect([await agreeOn('x', plain), await agreeOn('x', other), await agreeOn('x', plain)]).toEqual([
      true,
      false,
      true,
    ]);
    const alike = createClient('alike', { capabilities: { own: { b: 2, a: 1 } } });
    expect([await agreeOn('x', alike), lists()]).toEqual([false, 2]);
  });

  it('is remembered for sixteen kinds of clients, and the oldest is forgotten first', async () => {
    const { agreeOn, lists } = playTold(offers([good('x')]));
    const kinds = Array.from({ length: 17 }, (_, own) => createClient('kind', { capabilities: { own } }));
    for (const client of kinds) await agreeOn('x', client);
    expect(lists()).toBe(17);
    await agreeOn('x', kinds[16]);
    await agreeOn('x', kinds[1]);
    expect(lists()).toBe(17);
    await agreeOn('x', kinds[0]);
    expect(lists()).toBe(18);
  });

  it('is given anew once the server has said that its list is another, and for nothing else that it says', async () => {
    let tools = [good('x')];
    const { agreeOn, first, lists } = playTold({ answer: () => ({ result: { tools } }) });
    expect(await agreeOn('x')).toBe(true);
    tools = [];
    for (const method of ['notifications/prompts/list_changed', 'notifications/message', 'notifications/x'])
      first.say(notificationFrame(method));
    expect([await agreeOn('x'), lists()]).toEqual([true, 1]);
    first.say(CHANGED);
    expect([await agreeOn('x'), lists()]).toEqual([false, 2]);
  });

  it('is not one of a list during which it has become another, whoever reads it', async () => {
    let release = () => {};
    const answers = [[good('x')], [bad('x')], [bad('x')]];
    const { agreeOn, first, lists } = playTold({
      async answer() {
        const tools = answers.shift();
        await new Promise<void>((resolve) => {
          release = resolve;
        });
        return { result: { tools } };
      },
    });
    const verdict = agreeOn('x');
    await expect.poll(lists).toBe(1);
    const releaseStale = release;
    first.say(CHANGED);
    const other = agreeOn('x');
    await expect.poll(lists).toBe(2);
    release();
    expect(await other).toBe(false);
    releaseStale();
    expect(await verdict).toBe(false);
    expect(lists()).toBe(2);
  });

  it('does not hang on what another server says meanwhile', async () => {
    const { agreeOn, played, lists } = playTold(
      {
        answer() {
          played[1]?.say(CHANGED);
          return { result: { tools: [good('x')] } };
        },
      },
      offers([]),
    );
    await played[1]?.upstream.link(createClient());
    expect([await agreeOn('x'), lists()]).toEqual([true, 1]);
  });

  it('is no, after three lists, where they never stop changing', async () => {
    const { agreeOn, first, lists } = playTold({
      answer() {
        first.say(CHANGED);
        return { result: { tools: [good('x')] } };
      },
    });
    expect([await agreeOn('x'), lists()]).toEqual([false, 3]);
  });

  it('is no where the server does not tell, or the client has given up, and comes with the next list', async () => {
    const answers: object[] = [{ error: { code: 1, message: 'not now' } }, { result: { tools: [good('x')] } }];
    const { agreeOn, told, first, lists } = playTold({ answer: () => answers.shift() });
    expect(await agreeOn('x')).toBe(false);
    const exchange = createExchange('x');
    exchange.cancel();
    expect(await told.agreeOn(exchange, first.upstream, 'x', () => true)).toBe(false);
    expect(lists()).toBe(1);
    expect([await agreeOn('x'), lists()]).toEqual([true, 2]);
  });

  it('is no where the server cannot be started', async () => {
    const { agreeOn, first } = playTold({ start: new Promise(() => {}) });
    const verdict = agreeOn('x', createClient(), () => true);
    await expect.poll(() => first.received.length).toBeGreaterThan(0);
    first.die();
    expect(await verdict).toBe(false);
  });
});

it('stops listening to the servers when it is closed', () => {
  const { upstream } = playUpstream();
  const ended: unknown[] = [];
  const listen = upstream.listen.bind(upstream);
  upstream.listen = (listener) => {
    const unlisten = listen(listener);
    return () => void ended.push(unlisten());
  };
  const told = new ToldTools([upstream, upstream]);
  expect(ended).toEqual([]);
  told.close();
  expect(ended).toHaveLength(2);
});
