/** What can go wrong, as stable codes; scripts and tests rely on them, messages may be reworded. */
export type BridgeErrorCode =
  | 'USAGE'
  | 'CONFIG'
  | 'PORT_IN_USE'
  | 'LISTEN'
  | 'SPAWN'
  | 'UPSTREAM_START'
  | 'UPSTREAM_EXITED'
  | 'UPSTREAM_BACKOFF'
  | 'BUSY'
  | 'CALL_TIMEOUT'
  | 'STATE'
  | 'TUNNEL'
  | 'CLOSED';

/** An error whose message is meant for the owner: it names the upstream or the file, and the next step. */
export class BridgeError extends Error {
  override readonly name = 'BridgeError';
  readonly code: BridgeErrorCode;

  constructor(code: BridgeErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
