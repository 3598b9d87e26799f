import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const SUITE = fileURLToPath(
  new URL('../../node_modules/@modelcontextprotocol/conformance/dist/index.js', import.meta.url),
);
/** A URL: `--import` takes no Windows path. */
const PRELOAD = new URL('node20-globsync.mjs', import.meta.url).href;
/** The suite takes 2 to 4 s; a scenario that gets no answer waits 30 s. */
const SUITE_LIMIT = 150_000;

export interface FailedScenario {
  readonly scenario: string;
  readonly message: string;
}

export interface ConformanceOutcome {
  /** The required scenarios that passed. */
  readonly passed: string[];
  /** The required scenarios that failed, with the messages of their failed checks. */
  readonly failed: FailedScenario[];
  /** Scenarios that the suite runs without requiring them; `message` is empty when one passed. */
  readonly unscored: FailedScenario[];
}

/** Runs the official suite against the server at `url` and reports each scenario of that revision's requirements. */
export async function runConformance({
  url,
  requirements,
}: {
  url: string;
  requirements: '2025-11-25' | '2026-07-28';
}): Promise<ConformanceOutcome> {
  const folder = await mkdtemp(join(tmpdir(), 'mcp-bridge-conformance-'));
  try {
    const output = await runSuite(['server', '--url', url, '--requirements', requirements, '--output-dir', folder]);
    const outcomes = await readOutcomes(folder);
    if (outcomes.length === 0) throw new Error(`The conformance suite ran no scenario:\n${output}`);
    return sortOut(outcomes, readUnscored(output));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Resolves with all the suite printed; its exit code only says whether every scenario passed. */
function runSuite(args: string[]): Promise<string> {
  return new Promise((resolve) => {
    const options = { timeout: SUITE_LIMIT, maxBuffer: Number.POSITIVE_INFINITY };
    execFile(process.execPath, ['--import', PRELOAD, SUITE, ...args], options, (_error, stdout, stderr) =>
      resolve(stdout + stderr),
    );
  });
}

interface Check {
  readonly name: string;
  readonly status: 'SUCCESS' | 'FAILURE' | 'WARNING' | 'INFO' | 'SKIPPED';
  readonly errorMessage?: string;
}

/** The suite makes a folder for each scenario, `server-SCENARIO-TIME`, and writes its checks there at its end. */
async function readOutcomes(folder: string): Promise<FailedScenario[]> {
  const names = await readdir(folder);
  return Promise.all(
    names.map(async (name) => {
      const scenario = name.replace(/^server-/, '').replace(/-\d{4}-\d\d-\d\dT[\d-]+Z$/, '');
      const checks = await readFile(join(folder, name, 'checks.json'), 'utf8').catch(() => undefined);
      if (checks === undefined) return { scenario, message: 'did not run to its end' };
      return { scenario, message: judge(JSON.parse(checks)) };
    }),
  );
}

/** Empty when the scenario passed. Stricter than the suite, which also passes a scenario that checked nothing. */
function judge(checks: Check[]): string {
  const failures = checks.filter(({ status }) => status === 'FAILURE');
  if (failures.length > 0) return failures.map(({ name, errorMessage }) => `${name}: ${errorMessage}`).join('; ');
  return checks.some(({ status }) => status === 'SUCCESS') ? '' : 'no check succeeded';
}

/** Lines like `  ✓ server-sse-polling (pending)` after the summary. */
function readUnscored(output: string): Set<string> {
  const list = output.split('\nNot scored for ')[1] ?? '';
  return new Set([...list.matchAll(/^ {2}[✓✗] (\S+)/gm)].map((match) => match[1] as string));
}

function sortOut(outcomes: FailedScenario[], unscored: Set<string>): ConformanceOutcome {
  const scored = outcomes.filter(({ scenario }) => !unscored.has(scenario));
  return {
    passed: scored.filter(({ message }) => message === '').map(({ scenario }) => scenario),
    failed: scored.filter(({ message }) => message !== ''),
    unscored: outcomes.filter(({ scenario }) => unscored.has(scenario)),
  };
}
