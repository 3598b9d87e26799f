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
  const running = await findRunning(folder);
  const found = running.filter(({ local }) => localPort === undefined || new URL(local).port === String(localPort));
  if (found.length <= 1) return found[0];
  const choices = found.map(({ local, url }) => `  --local-port ${new URL(local).port}    ${url}`).join('\n');
  throw new BridgeError('USAGE', `several bridges run; say which one is meant:\n${choices}`);
}

/** Why a bridge could not be asked. What `fetch` throws says nothing; its cause does. */
export function reasonOf(error: unknown): string {
  return messageOf(error instanceof TypeError && error.cause instanceof Error ? error.cause : error);
}
