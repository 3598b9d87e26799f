import { BridgeError, messageOf } from '../errors.ts';

/** What the system said, as an error for the owner: `what` names the file, `next` what to do. Anything that the system did not say stays as it is. */
export function toStateError(what: string, error: unknown, next = OTHER_FOLDER): unknown {
  const isFromSystem = error instanceof Error && 'syscall' in error;
  return isFromSystem ? new BridgeError('STATE', `${what}: ${messageOf(error)}. ${next}`, { cause: error }) : error;
}

/** What a disk that is full, read-only or another user's leaves to do. */
const OTHER_FOLDER = 'Mend that, or choose another folder: --state-folder.';

export function isMissing(error: unknown): boolean {
  return codeOf(error) === 'ENOENT';
}

/** The system's name for what went wrong. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined;
}
