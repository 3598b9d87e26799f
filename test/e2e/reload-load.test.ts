import { setTimeout as pause } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { connectHttp, connectSse } from '../support/clients.ts';
import { fixture } from '../support/fixtures.ts';
import { createStatelessClient } from '../support/stateless.ts';
import { runningWith } from './processes.ts';
import { linesWith, startReloadableBridge } from './reloadable-bridge.ts';

const MARK = 'reloaded-under-load';
const REWRITES = 30;
/** Of each kind. */
const CLIENTS = 5;

const server = (...args: string[]) => fixture('echo-server', '--name', MARK, ...args);

const roundOf = (round: number) => `round-${round}-of-the-load`;

/** Of the servers one stays, one is changed each time, one is shown otherwise, and one comes and goes. */
function configOf(round: number): object {
  return {
    mcpServers: {
      stays: server(),
      turns: server('--instructions', roundOf(round)),
      shown: { ...server(), override: { echo: { description: roundOf(round) } } },
      ...(round % 2 === 0 && { comes: server('--tools', 'echo') }),
    },
    bridge: {
      tools: { deny: [`nothing-${round}`], ...(round % 3 === 0 && { readOnly: true }) },
      views: { some: { servers: ['turns', 'stays'], prefix: 'server' } },
    },
  };
}

it('loses no call and answers none wrongly while its file is rewritten all the time, and leaves nothing behind', {
  timeout: 180_000,
}, async () => {
  await using bridge = await startReloadableBridge(configOf(0));
  const isOver = { value: false };
  const failures: string[] = [];
  const counts = { calls: 0, unknown: 0 };
  /** Calls one tool after the other, and checks that the answer is to that very call. */
  const callOn = async (who: string, call: Call) => {
    for (let turn = 0; !isOver.value; turn += 1) {
      for (const name of [
        'stays__echo',
        'turns__echo',
        ...(who.startsWith('view') ? [] : ['shown__echo', 'comes__echo']),
      ]) {
        const message = `${who} ${turn} ${name}`;
        const outcome = await call(name, { message }).catch((error: unknown) => `${error}`);
        counts.calls += 1;
        if (name === 'comes__echo' && /Unknown tool/.test(JSON.stringify(outcome))) counts.unknown += 1;
        else if ((outcome as Outcome).structuredContent?.message !== message)
          failures.push(`${message}: ${JSON.stringify(outcome)}`);
      }
    }
  };
  const view = `${bridge.origin}/views/some/mcp`;
  const withOwnProcesses = await connectHttp(view, { elicit: () => ({ action: 'decline' }) });
  const others = await Promise.all(
    Array.from({ length: CLIENTS }, () => [
      connectHttp(bridge.url),
      connectSse(bridge.sseUrl as string),
      connectHttp(view),
    ]).flat(),
  );
  const peers = [...others, withOwnProcesses];
  const loops = peers.map(({ client }, index) =>
    callOn(index % 3 === 2 || index === others.length ? `view ${index}` : `session ${index}`, (name, args) =>
      client.callTool({ name, arguments: args }),
    ),
  );
  for (let index = 0; index < CLIENTS; index += 1) {
    const stateless = createStatelessClient(bridge.url);
    loops.push(
      callOn(`stateless ${index}`, async (name, args) => {
        const { result, error } = await stateless.call(name, args);
        return result ?? { error };
      }),
    );
  }
  for (let round = 1; round <= REWRITES; round += 1) {
    if (round % 10 === 0) {
      await bridge.file.replace('{ "mcpServers": ');
      await pause(200);
    }
    await bridge.change(configOf(round));
    await expect.poll(() => counts.calls).toBeGreaterThan(round * peers.length);
  }
  isOver.value = true;
  await Promise.all(loops);
  expect(failures).toEqual([]);
  expect(linesWith(bridge, 'internal error')).toEqual([]);
  await Promise.all(peers.map((peer) => peer.close()));
  const last = roundOf(REWRITES);
  await expect.poll(() => runningWith('-of-the-load').filter((line) => !line.includes(last))).toEqual([]);
  await bridge.stop();
  expect(runningWith(MARK)).toEqual([]);
});

type Call = (name: string, args: { message: string }) => Promise<unknown>;

interface Outcome {
  readonly structuredContent?: { readonly message?: unknown };
}
