import { setTimeout as delay } from 'node:timers/promises';
import { cpuMs, rssMiB } from './processes.mjs';
import { callTool, countHeld, createPayload, echo, progress } from './rpc.mjs';
import { PROGRESS_COUNT } from './servers/answers.mjs';
import { median } from './stats.mjs';

const IN_FLIGHT = 64;
const SMALL = createPayload(100);

/** How much is measured: counts, and times in ms after which a count is cut short. */
export const SIZES = {
  quick: {
    rounds: 3,
    calls: { '100B': 300, '100KB': 40, '1MB': 12 },
    callsMs: 1000,
    warmCalls: 2000,
    warmMs: 200,
    loadMs: 500,
    progressRuns: 3,
    sessions: 200,
    childSessions: 8,
    settleMs: 200,
  },
  full: {
    rounds: 5,
    calls: { '100B': 2000, '100KB': 200, '1MB': 40 },
    callsMs: 3000,
    warmCalls: 5000,
    warmMs: 500,
    loadMs: 2500,
    progressRuns: 15,
    sessions: 200,
    childSessions: 20,
    settleMs: 500,
  },
};

/**
 * The measures. `run(target, sizes)` resolves with figures by id, each `{ value, wrong?, note? }`, and throws when
 * an answer is wrong. `on` says whether the target is to be fresh from its start or one that has served before.
 */
export const MEASURES = [
  { name: 'start', on: 'fresh', figures: ['start', 'rss-idle', 'sessions', 'rss-sessions'], run: measureStart },
  ...[
    ['100B', 100],
    ['100KB', 100_000],
    ['1MB', 1_000_000],
  ].map(([size, bytes]) => latencyMeasure(size, bytes)),
  { name: 'load-1', on: 'warm', figures: ['calls-1', 'cpu'], run: (target, sizes) => measureLoad(target, sizes, 1) },
  { name: 'load-16', on: 'warm', figures: ['calls-16'], run: (target, sizes) => measureLoad(target, sizes, 16) },
  { name: 'progress', on: 'warm', figures: ['progress'], run: measureProgress },
  { name: 'progress-busy', on: 'warm', figures: ['progress-busy'], run: measureBusyProgress },
];

/** Serves calls until the compiler has seen the hot path: by count, or slow variants would be timed half compiled. */
export function warmUp(target, { warmCalls, callsMs }) {
  return withLanes(target, { sessions: 1, lanes: 16 }, (lanes) =>
    loadLanes(lanes, { count: warmCalls, ms: 5 * callsMs }),
  );
}

async function measureStart({ startMs, pid, childPerSession, openSession }, sizes) {
  const count = childPerSession ? sizes.childSessions : sizes.sessions;
  const rss = () => pid && rssMiB(pid);
  await delay(sizes.settleMs);
  const idle = rss();
  const began = performance.now();
  for (let opened = 0; opened < count; opened++) await openSession();
  const seconds = (performance.now() - began) / 1000;
  await delay(sizes.settleMs);
  return {
    start: { value: startMs },
    'rss-idle': { value: idle },
    sessions: { value: count / seconds },
    'rss-sessions': { value: rss(), note: count === sizes.sessions ? undefined : `${count} sessions` },
  };
}

function latencyMeasure(size, bytes) {
  const id = `echo-${size}`;
  const payload = createPayload(bytes);
  const run = (target, { calls, callsMs, warmMs }) =>
    withLanes(target, { sessions: 1, lanes: 1 }, async ([lane]) => {
      await timeCalls(lane, payload, { count: calls[size] / 2, ms: warmMs });
      return { [id]: { value: median(await timeCalls(lane, payload, { count: calls[size], ms: callsMs })) } };
    });
  return { name: id, on: 'warm', figures: [id], run };
}

/** Times of calls one after the other, in ms, from the first byte out to the last byte in; the check is off the clock. */
async function timeCalls(lane, payload, { count, ms }) {
  const until = performance.now() + ms;
  const times = [];
  while (times.length < count && performance.now() < until) {
    const call = echo(payload);
    const began = performance.now();
    const { at, messages } = await lane.call(call);
    times.push(at - began);
    call.check(messages());
  }
  return times;
}

function measureLoad(target, { warmMs, loadMs }, sessions) {
  return withLanes(target, { sessions, lanes: IN_FLIGHT }, async (lanes) => {
    await loadLanes(lanes, { ms: warmMs });
    const cpuBefore = target.pid && cpuMs(target.pid);
    const { calls, seconds } = await loadLanes(lanes, { ms: loadMs });
    const cpu = cpuBefore === undefined ? undefined : ((cpuMs(target.pid) - cpuBefore) * 1000) / calls;
    return { [`calls-${sessions}`]: { value: calls / seconds }, ...(sessions === 1 && { cpu: { value: cpu } }) };
  });
}

/** Keeps one call in flight on every lane for `ms`, or until `count` were answered. */
async function loadLanes(lanes, { ms, count = Number.POSITIVE_INFINITY }) {
  const began = performance.now();
  let calls = 0;
  await Promise.all(
    lanes.map(async (lane) => {
      while (performance.now() - began < ms && calls < count) {
        const call = echo(SMALL);
        const { messages } = await lane.call(call);
        call.check(messages());
        calls++;
      }
    }),
  );
  return { calls, seconds: (performance.now() - began) / 1000 };
}

function measureProgress(target, { progressRuns }) {
  return withLanes(target, { sessions: 1, lanes: 1 }, async ([lane]) => ({
    progress: await timeProgress(progressRuns, () => callProgress(lane)),
  }));
}

/** The same with an earlier call of the session unanswered, which must get none of it. */
function measureBusyProgress(target, { progressRuns }) {
  return withLanes(target, { sessions: 1, lanes: 2 }, async ([lane, beside]) => ({
    'progress-busy': await timeProgress(progressRuns, async () => {
      const hold = callTool('hold', 'released');
      const held = beside.call(hold);
      held.catch(() => {}); // Awaited below; until then its failure is not unhandled.
      while ((await checked(lane, countHeld())) === 0);
      const run = await callProgress(lane);
      await checked(lane, callTool('release', 'done'));
      const { messages } = await held;
      if (run.count === PROGRESS_COUNT) hold.check(messages());
      return run;
    }),
  }));
}

async function callProgress(lane) {
  const call = progress();
  const began = performance.now();
  const { at, messages } = await lane.call(call);
  return { ms: at - began, count: call.count(messages()) };
}

async function timeProgress(count, run) {
  const runs = [];
  while (runs.length < count) runs.push(await run());
  const least = Math.min(...runs.map((each) => each.count));
  const wrong = least === PROGRESS_COUNT ? undefined : `${least} of ${PROGRESS_COUNT}`;
  return { value: median(runs.map(({ ms }) => ms)), wrong };
}

async function checked(lane, call) {
  const { messages } = await lane.call(call);
  return call.check(messages());
}

/** Runs `work` with lanes spread over so many of the target's sessions; the sessions stay open for the next measure. */
async function withLanes({ sessions, openSession }, { sessions: spread, lanes: count }, work) {
  const lanes = [];
  try {
    while (sessions.length < spread) sessions.push(await openSession());
    while (lanes.length < count) lanes.push(await sessions[lanes.length % spread].connect());
    return await work(lanes);
  } finally {
    for (const lane of lanes) lane.close();
  }
}
