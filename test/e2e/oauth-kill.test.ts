import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { fixtureLine } from '../support/fixtures.ts';
import { refresh, type Tokens, tokensOf } from '../support/oauth/endpoints.ts';
import { type GuardedBridge, type Link, linkByHand, startGuardedBridge } from '../support/oauth/owner.ts';

const KILLS = 200;
/** Side by side, each with a bridge and a client of its own. */
const LANES = 4;
/** Longer than a rotation takes. Milliseconds. */
const LATEST_KILL = 12;
/** Nothing is called, so no server is ever started. */
const SERVER = ['--lazy', '--stdio', fixtureLine('echo-server')];

it(`loses no grant, and makes none twice, when it is killed ${KILLS} times in the middle of a rotation`, async () => {
  const fates = (await Promise.all(Array.from({ length: LANES }, () => killAgainAndAgain(KILLS / LANES)))).flat();
  expect(fates).toHaveLength(KILLS);
  // Otherwise the kills came too early or too late to mean anything.
  expect(new Set(fates)).toEqual(new Set<Fate>(['nothing was done', 'the answer was lost', 'all was done']));
}, 300_000);

/** How far a rotation got before the bridge was killed. */
type Fate = 'nothing was done' | 'the answer was lost' | 'all was done';

async function killAgainAndAgain(times: number): Promise<Fate[]> {
  const stateFolder = await mkdtemp(join(tmpdir(), 'mcp-bridge-kill-'));
  const fates: Fate[] = [];
  let bridge = await startGuardedBridge(SERVER, { stateFolder });
  try {
    const { port } = new URL(bridge.origin);
    const link = await linkByHand({ bridge });
    let { tokens } = link;
    for (let round = 0; round < times; round++) {
      const before = await kept(stateFolder);
      const received = await refreshAndKill(bridge, link, tokens, (round / times) * LATEST_KILL);
      const after = await kept(stateFolder);
      fates.push(received ? 'all was done' : before === after ? 'nothing was done' : 'the answer was lost');
      bridge = await startGuardedBridge([...SERVER, '--port', port], { stateFolder });
      tokens = received ?? tokens;
      tokens = tokensOf(await refresh(bridge, asked(link, tokens)));
      expect(JSON.parse(await kept(stateFolder)).grants).toHaveLength(1);
      // 401 without a good token; with one, a GET without a session is 405.
      const headers = { authorization: `Bearer ${tokens.access_token}` };
      expect((await fetch(bridge.url, { headers })).status).toBe(405);
    }
    return fates;
  } finally {
    await bridge.stop();
    await rm(stateFolder, { recursive: true, force: true });
  }
}

/** What the client got before the bridge was gone. */
async function refreshAndKill(
  bridge: GuardedBridge,
  link: Link,
  tokens: Tokens,
  delay: number,
): Promise<Tokens | undefined> {
  const answer = refresh(bridge, asked(link, tokens)).catch(() => undefined);
  // The moment of the kill is what is tried out here; nothing is waited for.
  await wait(delay);
  bridge.kill('SIGKILL');
  await bridge.exited;
  const arrived = await answer;
  return arrived && tokensOf(arrived);
}

function asked({ clientId, resource }: Link, { refresh_token }: Tokens) {
  return { client_id: clientId, resource, refresh_token };
}

function kept(stateFolder: string): Promise<string> {
  return readFile(join(stateFolder, 'grants.json'), 'utf8');
}
