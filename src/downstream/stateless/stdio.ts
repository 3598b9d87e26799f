import { Cancellation } from '../../protocol/cancellation.ts';
import { errorFrame, type IdText, type Message, MessageError, type Request } from '../../protocol/message.ts';
import { ANYONE } from '../../protocol/principal.ts';
import type { Relay } from '../../relay/relay.ts';
import type { Outlet } from '../session.ts';
import { isStateless, openEnvelope } from './request.ts';
import { Stateless } from './stateless.ts';

export interface StatelessStdioOptions {
  readonly relay: Relay;
  readonly outlet: Outlet;
}

/** The requests of 2026-07-28 on a stdio stream (basic/transports/stdio), which other revisions may share. */
export class StatelessStdio {
  readonly #stateless: Stateless;
  readonly #outlet: Outlet;
  readonly #calls = new Map<IdText, Cancellation>();

  constructor({ relay, outlet }: StatelessStdioOptions) {
    this.#stateless = new Stateless({ relay });
    this.#outlet = outlet;
  }

  /** Whether a message is meant for this revision: it says so, or gives up a request that did. */
  takes(message: Message): boolean {
    return isStateless(message) || this.#cancelled(message) !== undefined;
  }

  /** Takes a message. Resolves when it is dealt with. */
  async receive(message: Message): Promise<void> {
    const cancelled = this.#cancelled(message);
    if (cancelled) cancelled.cancel(CANCELLED);
    else if (message.kind === 'request') await this.#answer(message);
    else if (message.kind === 'notification') this.#stateless.notify(message, ANYONE);
  }

  /** Ends what would go on for ever. */
  endSubscriptions(): void {
    this.#stateless.endSubscriptions();
  }

  /** Gives everything up. */
  close(): void {
    for (const cancellation of this.#calls.values()) cancellation.cancel(CLOSED);
    this.#stateless.close();
  }

  async #answer(request: Request): Promise<void> {
    const cancellation = new Cancellation();
    this.#calls.set(request.id, cancellation);
    try {
      const frame = await this.#stateless.serve(openEnvelope(request, ANYONE), this.#outlet, cancellation);
      if (!cancellation.reason) this.#outlet.send(frame);
    } catch (error) {
      if (!(error instanceof MessageError)) throw error;
      this.#outlet.send(errorFrame(error.code, error.message, error.data, request.id));
    } finally {
      this.#calls.delete(request.id);
    }
  }

  #cancelled(message: Message): Cancellation | undefined {
    if (message.kind !== 'notification' || message.method !== 'notifications/cancelled') return undefined;
    const id = message.frame.raw('params')?.raw('requestId')?.text;
    return id === undefined ? undefined : this.#calls.get(id);
  }
}

const CANCELLED = new Error('cancelled by the client');
const CLOSED = new Error('the client is gone');
