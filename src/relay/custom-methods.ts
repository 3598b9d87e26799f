import type { Answer, Client, Exchange } from '../protocol/exchange.ts';
import { errorFrame, METHOD_NOT_FOUND, type Notification } from '../protocol/message.ts';
import type { Upstream } from '../upstream/upstream.ts';
import { askInTurn } from './ask-in-turn.ts';
import type { View } from './view.ts';

/**
 * Methods that only servers know. What they do nobody here can tell, so they are not for clients that may only read, nor for servers of which
 * only that is shown.
 */
export class CustomMethods {
  readonly #view: View;

  constructor(view: View) {
    this.#view = view;
  }

  /** The first server that does not say "method not found" answers. */
  call(exchange: Exchange): Promise<Answer> | Answer {
    const { upstreams, single } = this.#view;
    const asked = exchange.client.principal.readOnly ? [] : upstreams.filter((upstream) => !this.#readsOnly(upstream));
    if (single && asked.length > 0) return single.request(exchange.frame, exchange);
    const declines = (answer: Answer) => answer.raw('error')?.get('code') === METHOD_NOT_FOUND;
    return askInTurn(exchange, { upstreams: asked, declines, otherwise: unknownMethod(exchange) });
  }

  /** Hands a notification on to all servers that it may have a meaning for. */
  notify(client: Client, notification: Notification): void {
    const isHarmless = HARMLESS.has(notification.method);
    if (client.principal.readOnly && !isHarmless) return;
    for (const upstream of this.#view.upstreams)
      if (isHarmless || !this.#readsOnly(upstream)) upstream.notify(client, notification);
  }

  #readsOnly(upstream: Upstream): boolean {
    return this.#view.rulesOf(upstream).readsOnly;
  }
}

export function unknownMethod({ method }: Exchange): Answer {
  return errorFrame(METHOD_NOT_FOUND, `Method not found: ${method}`);
}

/** What clients tell of themselves; whatever else is told might be a call to some server. */
const HARMLESS: ReadonlySet<string> = new Set(['notifications/initialized', 'notifications/roots/list_changed']);
