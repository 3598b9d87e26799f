import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { createLog } from '../../src/log.ts';
import { createWatchdog } from '../../src/process/watchdog.ts';
import type { OpenTunnel, Tunnel, TunnelSurroundings, TunnelTarget } from '../../src/tunnel/tunnel.ts';

const FIXTURES = fileURLToPath(new URL('../fixtures/tunnels/', import.meta.url));

/** What a program of `test/fixtures/tunnels/player.mjs` does, by its first argument. */
export type Playbook = Record<string, readonly Step[]>;

interface Step {
  out?: string;
  err?: string;
  show?: string;
  stubborn?: true;
  exit?: number;
}

export interface TestSurroundings extends TunnelSurroundings {
  /** What the program has said, as the log has it. */
  readonly said: readonly string[];
  /** Nobody waits any more. */
  giveUp(): void;
  /** The first thing that was said after `word`. */
  find(word: string): string | undefined;
}

/** Surroundings that are gone when the test ends. */
export function makeSurroundings(target: TunnelTarget = { host: '127.0.0.1', port: 9 }): TestSurroundings {
  const said: string[] = [];
  const end = new AbortController();
  const watchdog = createWatchdog();
  onTestFinished(() => watchdog.close());
  return {
    target,
    watchdog,
    log: createLog({ level: 'debug', write: (line) => said.push(line) }),
    signal: end.signal,
    said,
    giveUp: () => end.abort(),
    find: (word) => said.join('\n').match(`\\b${word} (.*)`)?.[1],
  };
}

/** Opens a tunnel that is closed when the test ends. */
export async function open(
  provider: OpenTunnel,
  surroundings: TunnelSurroundings = makeSurroundings(),
): Promise<Tunnel> {
  const tunnel = await provider(surroundings);
  onTestFinished(() => tunnel.close());
  return tunnel;
}

/** A command that plays by the book. */
export function player(playbook: Playbook): { command: string; args: string[] } {
  return { command: process.execPath, args: [`${FIXTURES}player.mjs`, JSON.stringify(playbook)] };
}

/** A command that runs a fixture. */
export function fixture(name: string, ...args: string[]): { command: string; args: string[] } {
  return { command: process.execPath, args: [`${FIXTURES}${name}.mjs`, ...args] };
}

/** Makes an executable that starts the command, and returns its path; gone when the test ends. */
export async function install(name: string, program: ProgramToInstall): Promise<string> {
  return writeProgram(await makeFolder(), name, program);
}

/** The same, in a folder that somebody else clears away. */
export async function writeProgram(folder: string, name: string, { command, args }: ProgramToInstall): Promise<string> {
  const path = join(folder, name);
  const words = [command, ...args].map((word) => `'${word.replaceAll("'", `'\\''`)}'`);
  await writeFile(path, `#!/bin/sh\nexec ${words.join(' ')} "$@"\n`);
  await chmod(path, 0o755);
  return path;
}

interface ProgramToInstall {
  readonly command: string;
  readonly args: readonly string[];
}

/** The same as `install`, and puts it first on the PATH until the test ends. */
export async function installOnPath(name: string, program: ProgramToInstall): Promise<void> {
  const path = await install(name, program);
  setEnvironment('PATH', `${join(path, '..')}${delimiter}${process.env.PATH}`);
}

/** Makes npm believe, until the test ends, that its global packages are elsewhere, with one that has these files. */
export async function installGlobally(name: string, files: Record<string, string>): Promise<void> {
  const prefix = await makeFolder();
  setEnvironment('npm_config_prefix', prefix);
  const folder = join(prefix, process.platform === 'win32' ? '' : 'lib', 'node_modules', name);
  await mkdir(folder, { recursive: true });
  for (const [file, text] of Object.entries(files)) await writeFile(join(folder, file), text);
}

/** Sets an environment variable until the test ends. */
export function setEnvironment(name: string, value: string): void {
  const before = process.env[name];
  process.env[name] = value;
  onTestFinished(() => {
    if (before === undefined) delete process.env[name];
    else process.env[name] = before;
  });
}

export async function makeFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'mcp-bridge-tunnel-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}
