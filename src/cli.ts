#!/usr/bin/env node
import { type Bridge, startBridge } from './bridge.ts';
import { parseFlags, type RunFlags } from './config/flags.ts';
import { resolveSettings } from './config/settings.ts';
import { BridgeError, messageOf } from './errors.ts';
import { createLog, type Log } from './log.ts';
import { splitCommand } from './process/command-line.ts';
import { VERSION } from './version.ts';

/** Exit codes: what went wrong is either on the command line and in the config file, or somewhere else. */
const EXIT_FAILURE = 1;
const EXIT_USAGE = 2;

try {
  const flags = parseFlags(process.argv.slice(2));
  if (flags.kind === 'help') process.stdout.write(flags.text);
  else if (flags.kind === 'version') process.stdout.write(`${VERSION}\n`);
  else await run(flags);
} catch (error) {
  fail(error);
}

async function run(flags: RunFlags): Promise<void> {
  const { settings, warnings } = await resolveSettings({ flags, env: process.env, cwd: process.cwd(), splitCommand });
  const log = createLog({ level: settings.logLevel, format: settings.logFormat });
  for (const warning of warnings) log.warn(warning);
  const bridge = await startBridge(settings, log);
  closeOnSignals(bridge, log);
  if (bridge.urls) log.info('listening', { ...bridge.urls });
  else bridge.serveStdio(process.stdin, process.stdout).then(() => leave(bridge));
  await bridge.settled;
  const { servers } = bridge.status();
  if (servers.every(({ errorCode }) => errorCode === 'SPAWN')) await leave(bridge, EXIT_FAILURE);
  for (const { name, state, tools, readOnlyTools, startedIn } of servers) {
    if (state === 'ready') log.info(`${name}: ready`, { tools, readOnly: readOnlyTools, ms: startedIn });
  }
}

/** The first signal ends everything in order, the second at once. */
function closeOnSignals(bridge: Bridge, log: Log): void {
  let isClosing = false;
  const onSignal = (signal: NodeJS.Signals) => {
    if (isClosing) return void leave(bridge, EXIT_FAILURE, { immediately: true });
    isClosing = true;
    log.info(`${signal}: ending the servers; once more ends them at once`);
    void leave(bridge);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
  process.on('uncaughtException', (error) => {
    log.error(`internal error: ${error.stack ?? messageOf(error)}`);
    void leave(bridge, EXIT_FAILURE);
  });
}

async function leave(bridge: Bridge, code = 0, options?: { immediately?: boolean }): Promise<void> {
  await bridge.close(options);
  process.exit(code);
}

function fail(error: unknown): never {
  if (!(error instanceof BridgeError)) throw error;
  process.stderr.write(`mcp-bridge: ${error.message}\n`);
  process.exit(error.code === 'USAGE' || error.code === 'CONFIG' ? EXIT_USAGE : EXIT_FAILURE);
}
