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
/** Milliseconds: the suite takes up to half a minute, and a scenario that gets no answer waits as long. */
const SUITE_LIMIT = 150_000;

export type Requirements = '2025-11-25' | '2026-07-28';

export interface ScenarioOutcome {
  readonly scenario: string;
  /** Whether the revision requires it, or the suite only runs it. */
  readonly required: boolean;
  /** The messages of the checks that failed; empty when the scenario passed. */
  readonly failures: string;
  /** The messages of the checks that warn, which is what the suite does about a SHOULD. */
  readonly warnings: string;
}

/** Runs the official suite against the server at `url`, with all scenarios that it has for that revision. */
export async function runConformance({
  url,
  requirements,
}: {
  url: string;
  requirements: Requirements;
}): Promise<ScenarioOutcome[]> {
  const folder = await mkdtemp(join(tmpdir(), 'mcp-bridge-conformance-'));
  try {
    const output = await runSuite(['server', '--url', url, '--requirements', requirements, '--output-dir', folder]);
    const outcomes = await readOutcomes(folder, readUnscored(output));
    if (outcomes.length === 0) throw new Error(`The conformance suite ran no scenario:\n${output}`);
    return outcomes;
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
async function readOutcomes(folder: string, unscored: Set<string>): Promise<ScenarioOutcome[]> {
  const names = await readdir(folder);
  return Promise.all(
    names.map(async (name) => {
      const scenario = name.replace(/^server-/, '').replace(/-\d{4}-\d\d-\d\dT[\d-]+Z$/, '');
      const checks = await readFile(join(folder, name, 'checks.json'), 'utf8').catch(() => undefined);
      const required = !unscored.has(scenario);
      if (checks === undefined) return { scenario, required, failures: 'did not run to its end', warnings: '' };
      return { scenario, required, ...judge(JSON.parse(checks)) };
    }),
  );
}

/** Stricter than the suite, which also passes a scenario that checked nothing. */
function judge(checks: Check[]): Pick<ScenarioOutcome, 'failures' | 'warnings'> {
  const failures = quote(checks, 'FAILURE');
  const warnings = quote(checks, 'WARNING');
  const succeeded = checks.some(({ status }) => status === 'SUCCESS');
  return { failures: failures || (succeeded ? '' : 'no check succeeded'), warnings };
}

function quote(checks: Check[], wanted: Check['status']): string {
  const found = checks.filter(({ status }) => status === wanted);
  return found.map(({ name, errorMessage }) => `${name}: ${errorMessage}`).join('; ');
}

/** Lines like `  ✓ server-sse-polling (pending)` after the summary. */
function readUnscored(output: string): Set<string> {
  const list = output.split('\nNot scored for ')[1] ?? '';
  return new Set([...list.matchAll(/^ {2}[✓✗] (\S+)/gm)].map((match) => match[1] as string));
}
