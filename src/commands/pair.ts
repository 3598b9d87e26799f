import { BridgeError } from '../errors.ts';
import type { Running } from '../state/running.ts';
import type { CommandOutput } from './output.ts';
import { findBridge, reasonOf, type WhichBridge } from './running-bridge.ts';

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
export async function pair(which: WhichBridge, { write, isTerminal }: CommandOutput): Promise<void> {
  const bridge = await findBridge(which);
  if (!bridge) throw new BridgeError('USAGE', NONE_RUNS);
  const { code, expiresAt } = await openWindow(bridge);
  const { url } = bridge;
  if (!isTerminal) return write(`${JSON.stringify({ code, expiresAt, url })}\n`);
  const until = new Date(expiresAt).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
  write(
    `\n  ${code}\n\nType this code on the page that the client opens. It is good for one client, until ${until}.\n`,
  );
  write(`The URL to add in the client: ${url}\n`);
}

const NONE_RUNS =
  'no bridge that links clients is running here (one that does was started with --tunnel, --public-url or --auth oauth)';

async function openWindow({ local, key }: Running): Promise<Opened> {
  try {
    const headers = { Authorization: `Bearer ${key}` };
    const response = await fetch(`${local}/pair`, { method: 'POST', headers, signal: AbortSignal.timeout(TIMEOUT) });
    if (response.status === CLOSED)
      throw new BridgeError('USAGE', `the bridge at ${local} lets nobody in by a code; start it with --auth oauth`);
    if (!response.ok) throw new Error(`it answers ${response.status}`);
    return (await response.json()) as Opened;
  } catch (error) {
    if (error instanceof BridgeError) throw error;
    const message = `the bridge at ${local} cannot be asked: ${reasonOf(error)}; see its log, or start it anew`;
    throw new BridgeError('STATE', message, { cause: error });
  }
}

/** Says the local app of a bridge that runs without OAuth. */
const CLOSED = 409;

/** It is on this machine, and has nothing to wait for. Milliseconds. */
const TIMEOUT = 5000;
