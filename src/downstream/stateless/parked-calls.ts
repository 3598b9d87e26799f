import { randomUUID } from 'node:crypto';
import { INVALID_PARAMS, MessageError } from '../../protocol/message.ts';
import type { StatelessCall } from './call.ts';

export interface ParkedCallsOptions {
  /** How long a call waits for its client. Milliseconds. */
  readonly patience: number;
  /** Most calls at once. */
  readonly max: number;
}

/** Calls that wait for answers their clients will bring with a retry. Who never comes back is given up after a while. */
export class ParkedCalls {
  readonly patience: number;
  readonly #max: number;
  readonly #calls = new Map<string, Parked>();

  constructor({ patience, max }: ParkedCallsOptions) {
    this.patience = patience;
    this.#max = max;
  }

  /** Takes a call in and returns the handle that {@link take} gives it out for, once. `undefined` when there is no room. */
  park(call: StatelessCall): string | undefined {
    if (this.#calls.size >= this.#max && !this.#makeRoom()) return undefined;
    const handle = randomUUID();
    const expire = () => {
      this.#calls.delete(handle);
      call.cancel(GAVE_UP);
    };
    this.#calls.set(handle, { call, timer: setTimeout(expire, this.patience).unref() });
    return handle;
  }

  /** @throws MessageError -32602 when it has gone on already, or was given up. */
  take(handle: string): StatelessCall {
    const parked = this.#calls.get(handle);
    if (!parked) throw new MessageError(INVALID_PARAMS, 'The call that asked does not wait any more; call again');
    clearTimeout(parked.timer);
    this.#calls.delete(handle);
    return parked.call;
  }

  /** Forgets the oldest call that has ended while its client was away. Returns whether there was one. */
  #makeRoom(): boolean {
    for (const [handle, { call, timer }] of this.#calls) {
      if (!call.isAnswered) continue;
      clearTimeout(timer);
      return this.#calls.delete(handle);
    }
    return false;
  }

  /** Gives all of them up. */
  close(): void {
    for (const { call, timer } of this.#calls.values()) {
      clearTimeout(timer);
      call.cancel(CLOSED);
    }
    this.#calls.clear();
  }
}

interface Parked {
  readonly call: StatelessCall;
  readonly timer: NodeJS.Timeout;
}

const GAVE_UP = new Error('its client did not come back with the answers');
const CLOSED = new Error('the bridge is closing');
