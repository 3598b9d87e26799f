import { BridgeError, messageOf } from '../errors.ts';
import { findRunning, type Running } from '../state/running.ts';
import type { CommandOutput } from './output.ts';

export interface PairOptions {
  /** Where the bridge keeps its state. */
  readonly folder: string;
  /** The local port of the bridge that is meant, where several run. */
  readonly localPort: number | undefined;
}

/** What the bridge answers. */
interface Opened {
  readonly code: string;
  /** ISO 8601. */
  readonly expiresAt: string;
}

/**
 * `mcp-bridge pair`: has a bridge that runs open a pairing window, and shows the code.
 * @throws BridgeError when there is none, or more than one.
 */
export async function pair(options: PairOptions, { write, isTerminal }: CommandOutput): Promise<void> {
  const bridge = await findBridge(options);
  const { code, expiresAt } = await openWindow(bridge);
  const { url } = bridge;
  if (!isTerminal) return write(`${JSON.stringify({ code, expiresAt, url })}\n`);
  const until = new Date(expiresAt).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
  write(
    `\n  ${code}\n\nType this code on the page that the client opens. It is good for one client, until ${until}.\n`,
  );
  write(`The URL to add in the client: ${url}\n`);
}

async function findBridge({ folder, localPort }: PairOptions): Promise<Running> {
  const running = await findRunning(folder);
  const found = running.filter(({ local }) => localPort === undefined || new URL(local).port === String(localPort));
  const [bridge] = found;
  if (bridge && found.length === 1) return bridge;
  if (found.length > 1)
    throw new BridgeError('USAGE', `several bridges run; say which one is meant:\n${choices(found)}`);
  if (running.length > 0)
    throw new BridgeError('USAGE', `no bridge has the local port ${localPort}; there are:\n${choices(running)}`);
  throw new BridgeError(
    'USAGE',
    'no bridge that links clients is running (one that does was started with --public-url or --auth oauth)',
  );
}

function choices(bridges: readonly Running[]): string {
  return bridges.map(({ local, url }) => `  mcp-bridge pair --local-port ${new URL(local).port}    ${url}`).join('\n');
}

async function openWindow({ local, key }: Running): Promise<Opened> {
  try {
    const headers = { Authorization: `Bearer ${key}` };
    const response = await fetch(`${local}/pair`, { method: 'POST', headers, signal: AbortSignal.timeout(TIMEOUT) });
    if (!response.ok) throw new Error(`it answers ${response.status}`);
    return (await response.json()) as Opened;
  } catch (error) {
    throw new BridgeError('STATE', `the bridge at ${local} cannot be asked: ${messageOf(error)}`, { cause: error });
  }
}

/** It is on this machine, and has nothing to wait for. Milliseconds. */
const TIMEOUT = 5000;
