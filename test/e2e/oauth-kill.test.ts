import { mkdtemp, readFile, rm, watch } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { fixtureLine } from '../support/fixtures.ts';
import type { RawAnswer } from '../support/http.ts';
import { refresh, type Tokens, tokensOf } from '../support/oauth/endpoints.ts';
import { type GuardedBridge, type Link, linkByHand, startGuardedBridge } from '../support/oauth/owner.ts';

const KILLS = 200;
/** Side by side, each with a bridge and a client of its own. */
const LANES = 4;
/** When the bridge is killed, in turn: as soon as it is asked, at some moment, when it has written, and when it has answered. */
const MOMENTS = ['asked', 'any', 'written', 'answered'] as const;
type Moment = (typeof MOMENTS)[number];
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
    let rotationTime = 10;
    for (let round = 0; round < times; round++) {
      const before = await tokenKept(stateFolder);
      const moment = MOMENTS[round % MOMENTS.length] ?? 'any';
      const attempt = { bridge, stateFolder, before, usual: rotationTime };
      const received = await killDuring(moment, attempt, () => refresh(bridge, asked(link, tokens)));
      const after = await tokenKept(stateFolder);
      fates.push(received ? 'all was done' : before === after ? 'nothing was done' : 'the answer was lost');
      bridge = await startGuardedBridge([...SERVER, '--port', port], { stateFolder });
      tokens = received ?? tokens;
      const start = performance.now();
      tokens = tokensOf(await refresh(bridge, asked(link, tokens)));
      rotationTime = performance.now() - start;
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

interface Attempt {
  readonly bridge: GuardedBridge;
  readonly stateFolder: string;
  /** The hash of the refresh token that is kept. */
  readonly before: string;
  /** What a rotation took last. Milliseconds. */
  readonly usual: number;
}

/** Kills the bridge at a moment of a rotation. Resolves with what the client got before it was gone. */
async function killDuring(
  moment: Moment,
  { bridge, stateFolder, before, usual }: Attempt,
  rotate: () => Promise<RawAnswer>,
): Promise<Tokens | undefined> {
  const watching = new AbortController();
  const written = untilRotated(stateFolder, before, watching.signal);
  const answer = rotate().catch(() => undefined);
  if (moment === 'any') await wait(Math.random() * usual * 1.5); // The moment is what is tried out; nothing is waited for.
  if (moment === 'written') await Promise.race([written, answer]);
  if (moment === 'answered') await answer;
  bridge.kill('SIGKILL');
  await bridge.exited;
  watching.abort();
  await written;
  const arrived = await answer;
  return arrived && tokensOf(arrived);
}

function asked({ clientId, resource }: Link, { refresh_token }: Tokens) {
  return { client_id: clientId, resource, refresh_token };
}

/** Resolves when another token is kept, or nobody wants to know. */
async function untilRotated(stateFolder: string, before: string, signal: AbortSignal): Promise<void> {
  try {
    for await (const _ of watch(stateFolder, { signal })) if ((await tokenKept(stateFolder)) !== before) return;
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

async function tokenKept(stateFolder: string): Promise<string> {
  return JSON.parse(await kept(stateFolder)).grants[0].refresh.hash;
}

function kept(stateFolder: string): Promise<string> {
  return readFile(join(stateFolder, 'grants.json'), 'utf8');
}
