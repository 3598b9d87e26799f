#!/usr/bin/env node
import { homedir } from 'node:os';
import { stateFolderOf } from './bridge/access.ts';
import { type Bridge, startBridge } from './bridge/bridge.ts';
import { followConfig } from './bridge/follow-config.ts';
import type { CommandOutput } from './commands/output.ts';
import { configuredStateFolder } from './config/configured-state-folder.ts';
import { parseFlags, type RunFlags } from './config/flags.ts';
import { resolveSettings } from './config/resolve-settings.ts';
import type { Subcommand } from './config/subcommands.ts';
import type { ToolsCommand } from './config/tools-command.ts';
import { BridgeError, messageOf } from './errors.ts';
import { splitCommand } from './process/command-line.ts';
import { createDisplay } from './terminal/create-display.ts';
import type { Display } from './terminal/display.ts';
import { createStartDisplay } from './terminal/start-display.ts';
import { VERSION } from './version.ts';

/** Exit codes: what went wrong is either on the command line and in the config file, or somewhere else. */
const EXIT_FAILURE = 1;
const EXIT_USAGE = 2;

/** How wide a table is in a pipe: people read that as well, and programs take the JSON. */
const PIPE_COLUMNS = 120;

// Whoever read it has seen enough, or is gone: no reason to leave servers behind.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});

try {
  const flags = parseFlags(process.argv.slice(2));
  if (flags.kind === 'help') process.stdout.write(flags.text);
  else if (flags.kind === 'version') process.stdout.write(`${VERSION}\n`);
  else if (flags.kind === 'run') await run(flags);
  else await runCommand(flags);
} catch (error) {
  fail(error);
}

/** What is not a bridge's own life, but about one. */
async function runCommand(command: Subcommand): Promise<void> {
  const output = { write: (text: string) => void process.stdout.write(text), isTerminal: process.stdout.isTTY };
  if (command.kind === 'import' || command.kind === 'init') return makeConfig(command, output);
  if (command.kind === 'tools') return runTools(command, output);
  await stayFor(askAround(command, output));
}

/** What asks bridges and other servers, or the state folder. */
async function askAround(
  command: Extract<Subcommand, { kind: 'pair' | 'connect' | 'doctor' | 'grants' }>,
  output: CommandOutput,
): Promise<void> {
  const place = { env: process.env, cwd: process.cwd() };
  const configured = configuredStateFolder({ ...command, ...place });
  // What is wrong with the file, the doctor says by itself.
  const stateFolder = await (command.kind === 'doctor' ? configured.catch(() => undefined) : configured);
  const folder = stateFolderOf({ stateFolder });
  if (command.kind === 'pair') {
    const { pair } = await import('./commands/pair.ts');
    await pair({ ...command, folder }, output);
  } else if (command.kind === 'connect') {
    const { connect } = await import('./commands/connect.ts');
    await connect({ ...command, folder }, output);
  } else if (command.kind === 'doctor') {
    const { doctor } = await import('./commands/doctor.ts');
    const isHealthy = await doctor({ ...command, ...place, folder }, output);
    if (!isHealthy) process.exitCode = EXIT_FAILURE;
  } else {
    const { grants } = await import('./commands/grants.ts');
    await grants(command.action, folder, output);
  }
}

/**
 * Keeps the process until it is done. On a connection that was hung up before the request, fetch of Node 20 waits for its limit of time,
 * and neither keeps the process: it would end with code 13 and without a word.
 */
async function stayFor(work: Promise<void>): Promise<void> {
  const timer = setInterval(() => {}, A_WHILE);
  await work.finally(() => clearInterval(timer));
}

/** Milliseconds; any would do. */
const A_WHILE = 60_000;

/** What writes a config file. */
async function makeConfig(
  command: Extract<Subcommand, { kind: 'import' | 'init' }>,
  output: CommandOutput,
): Promise<void> {
  const place = { env: process.env, platform: process.platform, home: homedir(), cwd: process.cwd() };
  const conversation = { ...output, input: process.stdin };
  if (command.kind === 'import') {
    const { importServers } = await import('./commands/import.ts');
    await importServers({ ...command, ...place }, conversation);
  } else {
    const { init } = await import('./commands/init.ts');
    await init({ ...command, ...place, splitCommand }, conversation);
  }
}

/** Looks into a bridge that serves nobody. */
async function runTools(command: ToolsCommand, output: CommandOutput): Promise<void> {
  const { flags } = command;
  const resolved = await resolveSettings({ flags, env: process.env, cwd: process.cwd(), splitCommand, serves: false });
  const { logLevel, logFormat: format } = resolved.settings;
  // How a bridge is getting on is no news here.
  const level = logLevel === 'info' ? 'warn' : logLevel;
  const display = createStartDisplay({ stream: process.stderr, env: process.env, level, format });
  process.once('exit', () => display.close());
  for (const warning of resolved.warnings) display.log.warn(warning);
  const { tools } = await import('./commands/tools.ts');
  const isFine = await tools(command, {
    settings: resolved.settings,
    output: {
      ...output,
      columns: process.stdout.columns ?? PIPE_COLUMNS,
      complain: (text) => process.stderr.write(text),
    },
    input: process.stdin,
    follow: display.follow,
    async start(settings) {
      const bridge = await startBridge(settings, display.log);
      // A script must not take it for done.
      closeOnSignals(bridge, display, EXIT_FAILURE);
      return bridge;
    },
  });
  if (!isFine) process.exitCode = EXIT_FAILURE;
}

async function run(flags: RunFlags): Promise<void> {
  const resolve = () => resolveSettings({ flags, env: process.env, cwd: process.cwd(), splitCommand });
  const { settings, warnings } = await resolve();
  const { logLevel: level, logFormat: format } = settings;
  const display = createDisplay({
    stream: process.stderr,
    input: process.stdin,
    env: process.env,
    level,
    format,
  });
  process.once('exit', () => display.close());
  for (const warning of warnings) display.log.warn(warning);
  const bridge = await startBridge(settings, display.log, display);
  closeOnSignals(bridge, display);
  followConfig({ bridge, settings, log: display.log, resolve });
  if (!bridge.urls) bridge.serveStdio(process.stdin, process.stdout).then(() => leave(bridge));
  await display.follow(bridge);
  if (bridge.status().servers.every(({ errorCode }) => errorCode === 'SPAWN')) {
    await bridge.close();
    throw new BridgeError('SPAWN', 'none of the servers could be started');
  }
  await display.awaitTunnel(bridge);
  display.report(bridge);
  process.on('SIGCONT', () => void display.resume(bridge));
  await display.letIn(bridge);
}

/** The first signal ends everything in order, the second at once. */
function closeOnSignals(bridge: Bridge, display: Pick<Display, 'log' | 'close'>, code = 0): void {
  let isClosing = false;
  const onSignal = (signal: NodeJS.Signals) => {
    if (isClosing) return void leave(bridge, EXIT_FAILURE, { immediately: true });
    isClosing = true;
    display.close();
    display.log.info(`ending the servers; ${signal === 'SIGINT' ? 'Ctrl-C' : signal} again ends them at once`);
    void leave(bridge, code);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
  process.on('uncaughtException', (error) => {
    display.log.error(`internal error: ${error.stack ?? messageOf(error)}`);
    void leave(bridge, EXIT_FAILURE);
  });
}

async function leave(bridge: Bridge, code = 0, options?: { immediately?: boolean }): Promise<void> {
  // Whoever is done first exits, with the worst code that was asked for.
  process.exitCode = Math.max(code, Number(process.exitCode ?? 0));
  try {
    await bridge.close(options);
  } catch (error) {
    // Thrown on, it would end here again. What is left of children, the watchdog ends.
    process.stderr.write(`mcp-bridge: not everything was ended: ${messageOf(error)}\n`);
    process.exitCode = EXIT_FAILURE;
  }
  process.exit();
}

function fail(error: unknown): never {
  if (!(error instanceof BridgeError)) throw error;
  process.stderr.write(`mcp-bridge: ${error.message}\n`);
  process.exit(error.code === 'USAGE' || error.code === 'CONFIG' ? EXIT_USAGE : EXIT_FAILURE);
}
