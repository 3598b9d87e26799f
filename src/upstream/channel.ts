import type { BridgeError } from '../errors.ts';
import type { Message } from '../protocol/message.ts';
import type { Redact } from './redact.ts';

/** Carries messages to one server and back: a child process' pipes, say. */
export interface Channel {
  /** Process id, where there is a process. */
  readonly pid: number | undefined;
  /** Sends one message, given as JSON text without line breaks. Never throws; what cannot be sent is lost with the channel. */
  send(text: string): void;
  /** Whether the server has said its last word. It may take a moment longer until it is gone. */
  readonly isEnding: boolean;
  /** Bytes that wait for the server to read them. */
  readonly backlog: number;
  /** For words of the server that are quoted. */
  readonly redact: Redact;
  /** Resolves once the server is gone, with the reason, worded for the owner. */
  readonly closed: Promise<BridgeError>;
  /** Ends the server and resolves when it is gone, its whole process tree included. Twice without harm. */
  close(options?: { immediately?: boolean }): Promise<void>;
}

/** Opens a channel. Messages arrive in the order they were sent. */
export type OpenChannel = (receive: (message: Message) => void) => Channel;
