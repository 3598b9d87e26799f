import { BridgeError, type BridgeErrorCode, messageOf } from '../errors.ts';
import type { Answer } from '../protocol/exchange.ts';
import { errorFrame, INTERNAL_ERROR, REQUEST_TIMEOUT } from '../protocol/message.ts';

/** Turns what went wrong inside the bridge into the error its client sees: the message, but never a cause or a stack. */
export function errorAnswer(error: unknown): Answer {
  if (!(error instanceof BridgeError)) return errorFrame(INTERNAL_ERROR, messageOf(error));
  return errorFrame(CODES[error.code] ?? INTERNAL_ERROR, error.message, { reason: error.code });
}

const CODES: Partial<Record<BridgeErrorCode, number>> = { CALL_TIMEOUT: REQUEST_TIMEOUT };
