import { type IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { sendError } from '../downstream/http-error.ts';

/** Answers a request for another protocol with an error, and closes its connection: nothing else is expected on it any more. */
export function refuseUpgrade(request: IncomingMessage, socket: Socket, error: unknown): void {
  const response = new ServerResponse(request);
  response.assignSocket(socket);
  response.shouldKeepAlive = false;
  response.once('finish', () => socket.destroySoon());
  sendError(response, error);
}
