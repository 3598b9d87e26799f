import { randomUUID } from 'node:crypto';
import { INVALID_PARAMS, MessageError } from '../../protocol/message.ts';
import type { Principal } from '../../protocol/principal.ts';
import { fairShare } from '../fair-share.ts';
import type { StatelessCall } from './call.ts';

export interface ParkedCallsOptions {
  /** How long a call waits for its client. Milliseconds. */
  readonly patience: number;
  /** Most calls at once; those of one principal may be a quarter of them. */
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
    if (!this.#hasRoom(call.principal)) return undefined;
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
    this.#forget(handle, parked);
    return parked.call;
  }

  /** Gives those of a principal up. */
  end(principalId: string): void {
    for (const [handle, parked] of this.#calls)
      if (parked.call.principal.id === principalId) this.#giveUp(handle, parked, REVOKED);
  }

  /** Gives all of them up. */
  close(): void {
    for (const [handle, parked] of this.#calls) this.#giveUp(handle, parked, CLOSED);
  }

  /** Whether a principal may park another call; if need be, the oldest that has ended while its client was away is forgotten. */
  #hasRoom(principal: Principal): boolean {
    const all = [...this.#calls];
    const own = all.filter(([, { call }]) => call.principal.id === principal.id);
    const isOverQuota = own.length >= fairShare(principal, this.#max);
    if (!isOverQuota && all.length < this.#max) return true;
    const ended = (isOverQuota ? own : all).find(([, { call }]) => call.isAnswered);
    if (ended) this.#forget(...ended);
    return ended !== undefined;
  }

  #giveUp(handle: string, parked: Parked, reason: Error): void {
    this.#forget(handle, parked);
    parked.call.cancel(reason);
  }

  #forget(handle: string, { timer }: Parked): void {
    clearTimeout(timer);
    this.#calls.delete(handle);
  }
}

interface Parked {
  readonly call: StatelessCall;
  readonly timer: NodeJS.Timeout;
}

const GAVE_UP = new Error('its client did not come back with the answers');
const CLOSED = new Error('the bridge is closing');
const REVOKED = new Error('its client may not call any more');
