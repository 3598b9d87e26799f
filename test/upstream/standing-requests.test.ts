import { describe, expect, it } from 'vitest';
import { requestFrame } from '../../src/protocol/message.ts';
import type { Upstream } from '../../src/upstream/upstream.ts';
import { type Part, type PlayedUpstream, playUpstream } from '../relay/support.ts';
import { createClient, createExchange, type TestClient } from './support.ts';

const SERVER: Part = {
  capabilities: { resources: { subscribe: true }, logging: {} },
  answer: () => ({ result: {} }),
};
/** Its questions name the call that they belong to. */
const STATELESS: Part = {
  answer(method) {
    if (method !== 'server/discover') return { result: {} };
    return { result: { supportedVersions: ['2026-07-28'], capabilities: { resources: { subscribe: true } } } };
  },
};
const own = () => createClient('own', { capabilities: { elicitation: {} } });

/** What a client asks of a server for as long as it stays. */
async function want(upstream: Upstream, client: TestClient, uri: string): Promise<void> {
  const level = requestFrame('logging/setLevel', { level: 'info' });
  await upstream.setLevel(level, createExchange(level, { client }));
  const subscription = requestFrame('resources/subscribe', { uri });
  await upstream.subscribe(subscription, createExchange(subscription, { client }));
}

/** What a server has been asked once all is answered that its new process was told. */
async function askedOf({ upstream, received }: PlayedUpstream, client: TestClient): Promise<string[]> {
  const exchange = createExchange(requestFrame('ping'), { client });
  await upstream.request(exchange.frame, exchange);
  const asked = received.filter((frame) =>
    ['logging/setLevel', 'resources/subscribe'].includes(frame.string('method') ?? ''),
  );
  return asked.map((frame) => frame.raw('params')?.string('level') ?? frame.raw('params')?.string('uri') ?? '');
}

describe('what clients asked of an upstream that another one takes the place of', () => {
  it('is asked of the other one’s process, too, once for all that share it', async () => {
    const [before, after] = [playUpstream(SERVER), playUpstream(SERVER)];
    const [one, two] = [createClient('one'), createClient('two')];
    await want(before.upstream, one, 'a:1');
    await want(before.upstream, two, 'a:1');
    after.upstream.succeed(before.upstream);
    expect(await askedOf(after, one)).toEqual(['info', 'a:1']);
  });

  it('is asked of a session’s own process once that is started for it, and of no other’s', async () => {
    const [before, after] = [playUpstream(SERVER), playUpstream(SERVER)];
    const [one, two] = [own(), own()];
    await want(before.upstream, one, 'a:1');
    await want(before.upstream, two, 'a:2');
    after.upstream.succeed(before.upstream);
    expect(after.received).toEqual([]);
    expect([await askedOf(after, createClient('sharing')), await askedOf(after, one)]).toEqual([[], ['info', 'a:1']]);
    expect(await askedOf(after, two)).toEqual(['info', 'a:1', 'info', 'a:2']);
  });

  it('is kept when that one is replaced in turn, before it was started for the session and after that', async () => {
    const [first, second, third, fourth] = [SERVER, SERVER, SERVER, SERVER].map((part) => playUpstream(part)) as [
      PlayedUpstream,
      PlayedUpstream,
      PlayedUpstream,
      PlayedUpstream,
    ];
    const client = own();
    await want(first.upstream, client, 'a:1');
    second.upstream.succeed(first.upstream);
    third.upstream.succeed(second.upstream);
    expect([second.received, await askedOf(third, client)]).toEqual([[], ['info', 'a:1']]);
    await want(third.upstream, client, 'a:2');
    const unsubscription = requestFrame('resources/unsubscribe', { uri: 'a:1' });
    await third.upstream.unsubscribe(unsubscription, createExchange(unsubscription, { client }));
    fourth.upstream.succeed(third.upstream);
    expect(await askedOf(fourth, client)).toEqual(['info', 'a:2']);
  });

  it.each([
    ['as the owner wants it', SERVER, { isolation: 'shared' }],
    ['as its questions name their calls', STATELESS, { protocol: '2026' }],
  ] as const)(
    'is asked of the process that all share, where there are no others any more: %s',
    async (_, part, changes) => {
      const [before, after] = [playUpstream(SERVER, { isolation: 'session' }), playUpstream(part, changes)];
      const client = own();
      await want(before.upstream, client, 'a:1');
      after.upstream.succeed(before.upstream);
      after.upstream.start();
      const exchange = createExchange(requestFrame('ping'), { client });
      await after.upstream.request(exchange.frame, exchange);
      expect([after.upstream.sharedLane.interests.uris, after.upstream.links]).toEqual([['a:1'], 1]);
    },
  );

  it('is forgotten with its session', async () => {
    const [before, after] = [playUpstream(SERVER), playUpstream(SERVER)];
    const [gone, stays] = [own(), own()];
    await want(before.upstream, gone, 'a:1');
    await want(before.upstream, stays, 'a:2');
    after.upstream.succeed(before.upstream);
    await after.upstream.release(gone);
    expect([await askedOf(after, gone), await askedOf(after, stays)]).toEqual([[], ['info', 'a:2']]);
  });
});
