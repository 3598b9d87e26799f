import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The built CLI. */
export const CLI = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));
/** Longer than any server in the tests takes to start, shorter than vitest's limit, so that the bridge's own words are in the report. */
const READY_LIMIT = 25_000;

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface BridgeOptions {
  /** On top of this process's environment; `undefined` takes a variable away. */
  env?: Record<string, string | undefined>;
  cwd?: string;
  /** Written to a temporary file that is passed as `--config`. */
  config?: object;
}

export interface Bridge extends AsyncDisposable {
  /** Of the Streamable HTTP endpoint, or of the SSE endpoint where that is all. */
  readonly url: string;
  /** Of the SSE endpoint, when the bridge told it. */
  readonly sseUrl: string | undefined;
  /** Of the local app, when the bridge told it. */
  readonly localUrl: string | undefined;
  readonly origin: string;
  readonly pid: number;
  readonly exited: Promise<Exit>;
  /** Everything the bridge has logged so far. */
  stderr(): string;
  /** Asks the bridge to end (SIGTERM) and waits until it has. */
  stop(): Promise<Exit>;
  kill(signal: NodeJS.Signals): void;
}

/**
 * Runs the built CLI until it listens. Adds `--port 0` and `--log-format json` unless they are given.
 * Rejects with the collected stderr when the process ends first.
 */
export async function startBridge(args: readonly string[], options: BridgeOptions = {}): Promise<Bridge> {
  const config = await writeConfig(options.config);
  const child = spawn(process.execPath, [CLI, ...withDefaults(args), ...config.args, ...args], {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  // Not `close`: that would also wait for whatever else holds the bridge's stderr open.
  const exited = ending(child, 'exit').finally(config.remove);
  // A test that runs into its time limit never comes to dispose of its bridge.
  const reap = () => void child.kill('SIGKILL');
  process.once('exit', reap);
  void exited.then(() => process.off('exit', reap));
  const log = collectLines(child);

  const stop = (): Promise<Exit> => {
    child.kill('SIGTERM');
    return exited;
  };
  const limit = setTimeout(() => child.kill('SIGKILL'), READY_LIMIT);
  const ready = await Promise.race([log.find(readReadyLine), ending(child, 'close')]).finally(() =>
    clearTimeout(limit),
  );
  if ('code' in ready) throw new Error(`The bridge ended before it listened (${describe(ready)}):\n${log.text()}`);

  const url = ready.mcp ?? ready.sse ?? '';
  return {
    url,
    sseUrl: ready.sse,
    localUrl: ready.local,
    origin: new URL(url).origin,
    pid: child.pid as number,
    exited,
    stderr: log.text,
    stop,
    kill: (signal) => void child.kill(signal),
    [Symbol.asyncDispose]: async () => void (await stop()),
  };
}

/** Writes `config` to a file for `--config`; without one, nothing. */
export async function writeConfig(config: object | undefined): Promise<{ args: string[]; remove(): Promise<void> }> {
  if (config === undefined) return { args: [], remove: async () => {} };
  const folder = await mkdtemp(join(tmpdir(), 'mcp-bridge-config-'));
  const file = join(folder, 'config.json');
  await writeFile(file, JSON.stringify(config));
  return { args: ['--config', file], remove: () => rm(folder, { recursive: true, force: true }) };
}

/** They go first, because after `--` everything is a server's command. */
function withDefaults(args: readonly string[]): string[] {
  const end = args.indexOf('--');
  const flags = (end === -1 ? args : args.slice(0, end)).map((arg) => arg.split('=')[0]);
  return [
    ...(flags.includes('--port') ? [] : ['--port', '0']),
    ...(flags.includes('--log-format') || flags.includes('--logFormat') ? [] : ['--log-format', 'json']),
  ];
}

interface ReadyLine {
  readonly mcp?: string;
  readonly sse?: string;
  readonly local?: string;
}

/** The JSON line `listening`, or any line of text that names the endpoint. */
function readReadyLine(line: string): ReadyLine | undefined {
  if (line.startsWith('{"')) {
    const entry = JSON.parse(line) as ReadyLine & { message: string };
    return entry.message === 'listening' ? entry : undefined;
  }
  const mcp = /http:\/\/[\w.[\]:]+\/mcp\b/.exec(line)?.[0];
  return mcp === undefined ? undefined : { mcp };
}

interface LineLog {
  text(): string;
  /** The first value that `pick` makes of a line, past or to come. */
  find<T>(pick: (line: string) => T | undefined): Promise<T>;
}

function collectLines({ stderr }: ChildProcess): LineLog {
  let text = '';
  stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  return {
    text: () => text,
    find: (pick) =>
      new Promise((resolve) => {
        const look = (): void => {
          const complete = text.slice(0, text.lastIndexOf('\n') + 1).split('\n');
          const found = complete.map((line) => pick(line)).find((value) => value !== undefined);
          if (found === undefined) return;
          stderr?.off('data', look);
          resolve(found);
        };
        stderr?.on('data', look);
        look();
      }),
  };
}

function ending(child: ChildProcess, event: 'exit' | 'close'): Promise<Exit> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once(event, (code, signal) => resolve({ code, signal }));
  });
}

function describe({ code, signal }: Exit): string {
  return signal === null ? `code ${code}` : `signal ${signal}`;
}
