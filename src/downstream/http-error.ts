import type { ServerResponse } from 'node:http';
import { BridgeError } from '../errors.ts';
import { errorFrame, type IdText, INTERNAL_ERROR, MessageError, SERVER_ERROR } from '../protocol/message.ts';

/** A request that cannot be served, as an HTTP status and the JSON-RPC error in its body. */
export class HttpError extends Error {
  override readonly name = 'HttpError';
  readonly status: number;
  readonly code: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, message: string, options: { code?: number; headers?: Record<string, string> } = {}) {
    super(message);
    this.status = status;
    this.code = options.code ?? SERVER_ERROR;
    this.headers = options.headers ?? {};
  }
}

/** Answers with an error. What a stranger may not know (a cause, a stack) is left out. */
export function sendError(response: ServerResponse, error: unknown): void {
  if (response.headersSent) return void response.destroy();
  const { status, code, message, id, data, headers } = describe(error);
  response.statusCode = status;
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  response.setHeader('Content-Type', 'application/json');
  response.end(errorFrame(code, message, data, id).text);
}

interface Description {
  readonly status: number;
  readonly code: number;
  readonly message: string;
  readonly id: IdText;
  readonly data?: unknown;
  readonly headers: Readonly<Record<string, string>>;
}

function describe(error: unknown): Description {
  const base = { id: 'null', headers: {} };
  if (error instanceof HttpError)
    return { ...base, status: error.status, code: error.code, message: error.message, headers: error.headers };
  if (error instanceof MessageError)
    return { ...base, status: 400, code: error.code, message: error.message, id: error.id, data: error.data };
  if (error instanceof BridgeError) return { ...base, status: 503, code: SERVER_ERROR, message: error.message };
  return { ...base, status: 500, code: INTERNAL_ERROR, message: 'Internal error' };
}
