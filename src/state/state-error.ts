import { BridgeError, messageOf } from '../errors.ts';

/** What the system said, as an error for the owner: `what` names the file. Anything that the system did not say stays as it is. */
export function toStateError(what: string, error: unknown): unknown {
  const isFromSystem = error instanceof Error && 'syscall' in error;
  return isFromSystem ? new BridgeError('STATE', `${what}: ${messageOf(error)}.`, { cause: error }) : error;
}

export function isMissing(error: unknown): boolean {
  return codeOf(error) === 'ENOENT';
}

/** The system's name for what went wrong. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined;
}
