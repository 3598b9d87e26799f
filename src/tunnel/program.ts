import type { Readable } from 'node:stream';
import { BridgeError } from '../errors.ts';
import { pause } from '../process/deadline.ts';
import { readFairly } from '../process/read-fairly.ts';
import { describeExit, type Exit, type ServerProcess, spawnServer } from '../process/spawn.ts';
import { createStderrTail } from '../process/stderr-tail.ts';
import type { Tunnel, TunnelSurroundings, TunnelTarget } from './tunnel.ts';

/** A program to be run. */
export interface Program {
  /** What the owner calls it; for messages. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** On top of what every child gets. */
  readonly env?: Readonly<Record<string, string>>;
  /** How long it may take: to its end, or until it is connected. Milliseconds. Default 30 s. */
  readonly limit?: number;
  /** What is said of it when the limit has passed. Default `was not ready`. */
  readonly unready?: string;
  /** What brings the command, for those who do not have it. */
  readonly remedy?: string;
  /** Says what to do about a failure, where its last words tell. They are one line each. */
  readonly explain?: (words: string) => string | undefined;
}

/** A program that makes a tunnel for as long as it runs. */
export interface TunnelProgram extends Program {
  /** Resolves with the tunnel's origin once it is connected. `signal` is aborted as soon as nobody waits for that. */
  readonly connect: (output: Output, signal: AbortSignal) => Promise<string>;
  /** Lines that tell a machine something, and the owner nothing. */
  readonly noise?: RegExp;
}

/** What a program prints on stdout and stderr. */
export interface Output {
  /** Resolves with what `read` makes of the first line, from now on, of which it makes anything. Rejects with what it throws. */
  find<T>(read: (line: string) => T | undefined): Promise<T>;
}

/**
 * Starts a program and waits until it is connected; the tunnel is open for as long as the program runs.
 * Rejects with `SPAWN` when there is no such program, else with `TUNNEL` and its last words, and leaves nothing of it running.
 */
export async function openProgram(program: TunnelProgram, surroundings: TunnelSurroundings): Promise<Tunnel> {
  const { name, connect } = program;
  const output = new Lines(program.noise, (line) => surroundings.log.debug(`${name}: ${line}`));
  const child = await start(program, surroundings, output.hear);
  const stdout = createStderrTail(output.hear); // Cuts lines that have no end, as for stderr.
  child.stdout.once('end', stdout.end);
  readFairly(child.stdout, stdout.write);

  const over = new AbortController();
  const exited = child.exited.then((exit) => describe(program, exit, output.words));
  try {
    const origin = await Promise.race([
      connect(output, over.signal),
      exited.then(fail),
      tooLate(program, surroundings.signal, over.signal, output.words),
    ]);
    return openTunnel(origin, child, exited);
  } catch (error) {
    await child.terminate({ immediately: surroundings.signal.aborted });
    throw error;
  } finally {
    over.abort();
  }
}

/** Runs a program to its end and returns what it printed on stdout. Rejects as `openProgram` does, and when it ends with an error. */
export async function readProgram(program: Program, surroundings: TunnelSurroundings): Promise<string> {
  const output = new Lines();
  const child = await start(program, surroundings, output.hear);
  const over = new AbortController();
  try {
    const [printed, exit] = await Promise.race([
      Promise.all([readAll(child.stdout, program.name), child.exited]),
      tooLate(program, surroundings.signal, over.signal, output.words),
    ]);
    if (exit.code !== 0) fail(describe(program, exit, output.words));
    return printed;
  } finally {
    over.abort();
    await child.terminate();
  }
}

async function readAll(stdout: Readable, name: string): Promise<string> {
  let printed = '';
  for await (const chunk of stdout.setEncoding('utf8')) {
    printed += chunk;
    if (printed.length > LONGEST_PRINT) fail(`${name} prints more than it was asked for. Is it the right program?`);
  }
  return printed;
}

/** Where a target is on this machine, as a URL. */
export function urlOf({ host, port }: TunnelTarget): string {
  return `http://${bracket(host)}:${port}`;
}

/** An IPv6 address as it stands before a port. */
export function bracket(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

/** A program of the platform that is not told to hurry still has a network to go through. Milliseconds. */
const LIMIT = 30_000;
/** Characters of what is read to its end: a status, a version, a configuration. */
const LONGEST_PRINT = 1024 * 1024;
/** Lines that are kept for `explain`. ssh alone prints seven about a changed host key. */
const MOST_WORDS = 20;
/** Lines that are quoted. */
const QUOTED = 3;

class Lines implements Output {
  readonly words: string[] = [];
  readonly #noise: RegExp | undefined;
  readonly #tell: (line: string) => void;
  readonly #listeners = new Set<(line: string) => void>();

  constructor(noise?: RegExp, tell: (line: string) => void = () => {}) {
    this.#noise = noise;
    this.#tell = tell;
  }

  readonly hear = (line: string): void => {
    if (!this.#noise?.test(line)) {
      this.words.push(line);
      if (this.words.length > MOST_WORDS) this.words.shift();
      this.#tell(line);
    }
    for (const listen of [...this.#listeners]) listen(line);
  };

  find<T>(read: (line: string) => T | undefined): Promise<T> {
    return new Promise((resolve, reject) => {
      const listen = (line: string) => {
        try {
          const found = read(line);
          if (found === undefined) return;
          resolve(found);
        } catch (error) {
          reject(error);
        }
        this.#listeners.delete(listen);
      };
      this.#listeners.add(listen);
    });
  }
}

async function start(
  { name, command, args, env = {}, remedy }: Program,
  { watchdog }: TunnelSurroundings,
  onStderrLine: (line: string) => void,
): Promise<ServerProcess> {
  // No grace: the end of its stdin tells such a program nothing.
  const options = { name, command, args, env, cwd: process.cwd(), watchdog, grace: 0, onStderrLine };
  try {
    return await spawnServer(options);
  } catch (error) {
    if (remedy === undefined || !isMissing(error)) throw error;
    throw new BridgeError('SPAWN', `${name}: there is no command ${command}. ${remedy}`, { cause: error });
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof BridgeError && (error.cause as NodeJS.ErrnoException | undefined)?.code === 'ENOENT';
}

function openTunnel(origin: string, child: ServerProcess, exited: Promise<string>): Tunnel {
  let isClosing = false;
  return {
    origin,
    closed: exited.then((reason) => (isClosing ? 'it was closed' : reason)),
    async close(options) {
      isClosing = true;
      await child.terminate(options);
    },
  };
}

function describe({ name, explain }: Program, exit: Exit, words: readonly string[]): string {
  const explanation = explain?.(words.join('\n'));
  return explanation === undefined ? `${name} ${describeExit(exit, words.slice(-QUOTED))}` : `${name}: ${explanation}`;
}

/** Rejects when the limit has passed or nobody waits any more, unless it is `over` before. */
async function tooLate(
  { name, limit = LIMIT, unready = 'was not ready', explain }: Program,
  signal: AbortSignal,
  over: AbortSignal,
  words: readonly string[],
): Promise<never> {
  await pause(limit, AbortSignal.any([signal, over]));
  if (signal.aborted) return fail(`${name} was given up before it was connected`);
  const explanation = explain?.(words.join('\n'));
  if (explanation !== undefined) return fail(`${name}: ${explanation}`);
  const said = words.length === 0 ? 'it said nothing' : `its last words: ${words.slice(-QUOTED).join(' | ')}`;
  return fail(`${name} ${unready} within ${limit / 1000} s; ${said}`);
}

function fail(message: string): never {
  throw new BridgeError('TUNNEL', message);
}
