import { BridgeError, messageOf } from '../errors.ts';
import { findRunning, type Running } from '../state/running.ts';

export interface WhichBridge {
  /** Where the bridge keeps its state. */
  readonly folder: string;
  /** The local port of the bridge that is meant, where several run. */
  readonly localPort: number | undefined;
}

/**
 * The bridge that runs, of those that have told where they are; `undefined` when there is none.
 * @throws BridgeError when there are several.
 */
export async function findBridge({ folder, localPort }: WhichBridge): Promise<Running | undefined> {
  const running = await findBridges(folder);
  const found = running.filter(({ local }) => localPort === undefined || new URL(local).port === String(localPort));
  if (found.length <= 1) return found[0];
  const choices = found.map(({ local, url }) => `  --local-port ${new URL(local).port}    ${url}`).join('\n');
  throw new BridgeError('USAGE', `several bridges run; say which one is meant:\n${choices}`);
}

/** The bridges that run. Of several only those that answer, as another process may have the id of one that was killed; all where none does. */
export async function findBridges(folder: string): Promise<Running[]> {
  const running = await findRunning(folder);
  if (running.length <= 1) return running;
  const answers = await Promise.all(running.map(isAnswering));
  return answers.includes(true) ? running.filter((_, index) => answers[index]) : running;
}

async function isAnswering({ local }: Running): Promise<boolean> {
  try {
    const response = await fetch(`${local}/healthz`, { signal: AbortSignal.timeout(TIMEOUT) });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false; // Whatever is there now, it is no bridge.
  }
}

/** It is on this machine, and has nothing to wait for. Milliseconds. */
const TIMEOUT = 2000;

/** Why a bridge could not be asked. What `fetch` throws says nothing; its cause does. */
export function reasonOf(error: unknown): string {
  return messageOf(error instanceof TypeError && error.cause instanceof Error ? error.cause : error);
}
