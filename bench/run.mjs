#!/usr/bin/env node
// The benchmark: mcp-bridge beside the floor, no bridge at all, and its peers, in one run. README.md says how to read it.
import { writeFileSync } from 'node:fs';
import { availableParallelism, loadavg } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { MEASURES, SIZES, warmUp } from './measures.mjs';
import { installPeers } from './peers.mjs';
import { PROJECT_FOLDER, stopAll } from './processes.mjs';
import { BRIDGE, judge, renderReport } from './report.mjs';
import { createVariants } from './variants.mjs';

const USAGE = `Usage: npm run bench -- [options]

  --quick         about a minute instead of five
  --only NAME,..  only these variants or measures (or some of each)
  --json FILE     write every round's figures there too
  --bridge FILE   the CLI to measure as mcp-bridge (default: dist/cli.js)
  --help          show this`;

/** A measure of one variant takes seconds; after this long it waits for an answer that does not come. */
const PATIENCE_MS = 30_000;

const began = performance.now();
const log = (line) => console.error(`[${((performance.now() - began) / 1000).toFixed(0).padStart(3)} s] ${line}`);

// Leaving is enough: whatever still runs is killed at exit.
process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));

try {
  await main(readOptions());
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
} finally {
  await stopAll();
}

async function main({ help, quick, only, json, bridge }) {
  if (help) return console.log(USAGE);
  const sizes = quick ? SIZES.quick : SIZES.full;
  const plan = choosePlan(createVariants({ bridge, peers: await installPeers({ log }) }), only);
  const results = await measureAll(plan, sizes);
  const verdicts = judge(results);

  const machine = `Node ${process.versions.node}, ${process.platform} ${process.arch}, ${availableParallelism()} cores`;
  const load = loadavg()[0].toFixed(1);
  console.log(`${machine}, load ${load}, ${sizes.rounds} rounds\n\n${renderReport(results, verdicts)}`);
  if (json) {
    const about = { date: new Date().toISOString(), machine, load, sizes };
    writeFileSync(json, `${JSON.stringify({ ...about, results, verdicts }, null, 2)}\n`);
  }
  // A missed target is a figure to read; a bridge that does not start or answers wrongly is a failure.
  const isAsked = plan.variants.some(({ name }) => name === BRIDGE);
  const isRight = results[BRIDGE] && Object.values(results[BRIDGE]).every(({ wrong }) => !wrong);
  if (isAsked && !isRight) process.exitCode = 1;
}

function readOptions() {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean' },
      only: { type: 'string' },
      json: { type: 'string' },
      bridge: { type: 'string' },
      help: { type: 'boolean' },
    },
  });
  const bridge = values.bridge ? resolve(values.bridge) : join(PROJECT_FOLDER, 'dist', 'cli.js');
  return { ...values, bridge, only: values.only?.split(',') };
}

/** Naming variants leaves all measures, and the other way round. */
function choosePlan(variants, only = []) {
  const known = [...variants, ...MEASURES].map(({ name }) => name);
  const unknown = only.find((name) => !known.includes(name));
  if (unknown) throw new Error(`--only: "${unknown}" is not here; there are ${known.join(', ')}`);
  const pick = (items) => {
    const named = items.filter(({ name }) => only.includes(name));
    return named.length > 0 ? named : items;
  };
  return { variants: pick(variants), measures: pick(MEASURES) };
}

/** Resolves with `{ variant: { figure: { values, wrong, note } } }`. Neighbours in time are the variants of one measure. */
async function measureAll({ variants, measures }, sizes) {
  const warm = createWarmTargets(sizes);
  const able = [];
  for (const variant of variants) {
    log(`starting ${[variant.name, variant.version].filter(Boolean).join(' ')}`);
    await warm(variant).then(
      () => able.push(variant),
      (error) => log(`${variant.name} is left out: ${error.message}`),
    );
  }

  const results = Object.fromEntries(able.map(({ name }) => [name, {}]));
  for (let round = 0; round < sizes.rounds; round++) {
    log(`round ${round + 1} of ${sizes.rounds}`);
    for (const measure of measures) {
      // Each round begins with another variant, so that none always follows the same one.
      for (const index of able.keys()) {
        const variant = able[(index + round) % able.length];
        record(results[variant.name], await attempt({ measure, variant, warm, sizes }));
      }
    }
  }
  return results;
}

/** Runs one measure of one variant; what goes wrong becomes the text of its figures. */
async function attempt({ measure, variant, warm, sizes }) {
  let target;
  let watchdog;
  let timedOut = false;
  try {
    target = measure.on === 'warm' ? await warm(variant) : await variant.start();
    watchdog = setTimeout(() => {
      timedOut = true;
      target.stop(); // Whoever waits for its answer fails now.
    }, PATIENCE_MS);
    return await measure.run(target, sizes);
  } catch (error) {
    const wrong = timedOut ? `no answer in ${PATIENCE_MS / 1000} s` : error.message;
    return Object.fromEntries(measure.figures.map((id) => [id, { wrong }]));
  } finally {
    clearTimeout(watchdog);
    if (measure.on === 'fresh') await target?.stop();
  }
}

/** Hands out one running target a variant, started and warmed up when first asked for, again if it has ended. */
function createWarmTargets(sizes) {
  const targets = new Map();
  return async (variant) => {
    if (!targets.has(variant) || targets.get(variant).hasEnded()) {
      const target = await variant.start();
      targets.set(variant, target);
      await warmUp(target, sizes);
    }
    return targets.get(variant);
  };
}

function record(results, figures) {
  for (const [id, { value, wrong, note }] of Object.entries(figures)) {
    results[id] ??= { values: [], wrong: undefined, note };
    if (value !== undefined) results[id].values.push(value);
    results[id].wrong ??= wrong;
  }
}
