import { expect, it, onTestFinished } from 'vitest';
import { RawJson } from '../../src/protocol/raw-json.ts';
import { Fleet } from '../../src/upstream/fleet.ts';
import type { Upstream } from '../../src/upstream/upstream.ts';
import { fixture } from '../support/fixtures.ts';
import { createLogBook, upstreamSettings } from './support.ts';

it('starts the servers in the order of the configuration, keeps their last words, and ends them', async () => {
  const { log } = createLogBook();
  const settings = [
    upstreamSettings({ name: 'works' }),
    upstreamSettings({ name: 'breaks', ...fixture('crash-server', '--exit', 'start', '--words', 'no licence') }),
    upstreamSettings({ name: 'waits', lazy: true }),
  ];
  const fleet = new Fleet({ settings, info: RawJson.parse('{"name":"bridge","version":"1"}'), log });
  onTestFinished(() => fleet.close({ immediately: true }));
  const [works, breaks, waits] = fleet.upstreams as [Upstream, Upstream, Upstream];
  expect(fleet.upstreams.map(({ name }) => name)).toEqual(['works', 'breaks', 'waits']);
  const up = new Promise<void>((resolve) => works.listen({ up: () => resolve() }));
  const down = new Promise<unknown>((resolve) => breaks.listen({ down: resolve }));
  fleet.start();
  await Promise.all([up, down]);
  expect([works.state, waits.state]).toEqual(['ready', 'idle']);
  expect([works, breaks, waits].map((upstream) => fleet.lastWordsOf(upstream))).toEqual([
    undefined,
    'no licence',
    undefined,
  ]);
  const pid = works.shared.link?.peer.pid as number;
  await Promise.all([fleet.close(), fleet.close()]);
  await fleet.close();
  expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  expect(fleet.upstreams.map(({ state }) => state)).toEqual(['closed', 'closed', 'closed']);
});
