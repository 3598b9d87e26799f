import { Cancellation } from '../../protocol/cancellation.ts';
import { SUBSCRIPTION_ID, tagged } from '../../protocol/envelope.ts';
import { type Answer, type Client, type Exchange, NOBODY } from '../../protocol/exchange.ts';
import { errorFrame, INVALID_PARAMS, notificationFrame, requestFrame, resultFrame } from '../../protocol/message.ts';
import type { Principal } from '../../protocol/principal.ts';
import { RawJson } from '../../protocol/raw-json.ts';
import { ACKNOWLEDGED, LISTS, RESOURCE_UPDATED } from '../../protocol/subscriptions.ts';
import type { Relay } from '../../relay/relay.ts';
import type { Outlet } from '../session.ts';
import type { StatelessRequest } from './request.ts';

export interface SubscriptionOptions {
  readonly request: StatelessRequest;
  readonly relay: Relay;
  readonly outlet: Outlet;
  /** Tells that the client has ended the subscription. */
  readonly cancellation: Cancellation;
}

/**
 * A stream of changes that a client listens to (2026-07-28, basic/patterns/subscriptions). It is served on the link that all
 * clients share, so it lives through restarts of its server like everything else there.
 */
export class Subscription implements Client {
  readonly principal: Principal;
  readonly opening = NOBODY.opening;
  /** None, as nothing is asked here. */
  readonly capabilities = {};
  readonly tenure = 'none';
  readonly listens = true;
  readonly readsResultTypes = true;
  readonly logLevel = undefined;
  readonly closed = new Cancellation();
  readonly ask = NOBODY.ask;
  readonly yield = NOBODY.yield;
  readonly #options: SubscriptionOptions;
  /** The notifications that are told. */
  readonly #methods = new Set<string>();
  /** Tells that the bridge ends it. */
  readonly #over = new Cancellation();
  /** What came before the acknowledgement. */
  #early: RawJson[] | undefined = [];

  constructor(options: SubscriptionOptions) {
    this.#options = options;
    this.principal = options.request.principal;
    const { cancellation } = options;
    if (cancellation.reason) this.closed.cancel(cancellation.reason);
    cancellation.add((reason) => this.closed.cancel(reason));
  }

  /** Tells what the client asked for, as far as it is to be had, until one side ends it. Resolves with the last message. */
  async serve(): Promise<Answer> {
    const { relay, request } = this.#options;
    if (!request.frame.raw('params')?.raw('notifications')?.isObject)
      return errorFrame(INVALID_PARAMS, 'Invalid params: "notifications" has to say what to listen to');
    const opened = await relay.open(this.#exchange(requestFrame('server/discover')));
    if (!opened.has('result')) return opened;
    relay.join(this);
    const notifications = await this.#honour(opened.raw('result')?.raw('capabilities'));
    this.#tell(notificationFrame(ACKNOWLEDGED, { notifications }));
    for (const frame of this.#early ?? []) this.#tell(frame);
    this.#early = undefined;
    await new Promise<void>((resolve) => {
      for (const end of [this.closed, this.#over]) end.reason ? resolve() : end.add(() => resolve());
    });
    const requestId = RawJson.verbatim(request.id);
    if (this.#over.reason)
      this.#tell(notificationFrame('notifications/cancelled', { requestId, reason: ENDED.message }));
    this.closed.cancel(ENDED);
    return resultFrame({ _meta: { [SUBSCRIPTION_ID]: requestId } });
  }

  send(frame: RawJson): void {
    if (!this.#methods.has(frame.string('method') ?? '')) return;
    if (this.#early) this.#early.push(frame);
    else this.#tell(frame);
  }

  /** Ends it on the bridge's own account. */
  end(): void {
    this.#over.cancel(ENDED);
  }

  #tell(frame: RawJson): void {
    this.#options.outlet.send(tagged(frame, this.#options.request.id));
  }

  /** Subscribes to what is asked for, and returns the part of it that is to be had. */
  async #honour(capabilities: RawJson | undefined): Promise<Record<string, unknown>> {
    const asked = this.#options.request.frame.raw('params')?.raw('notifications');
    const lists = LISTS.filter(
      ({ list, filter }) => asked?.get(filter) === true && capabilities?.raw(list)?.get('listChanged') === true,
    );
    for (const { method } of lists) this.#methods.add(method);
    const uris = (asked?.raw('resourceSubscriptions')?.items() ?? []).filter((uri) => typeof uri.value === 'string');
    if (uris.length > 0) this.#methods.add(RESOURCE_UPDATED);
    const subscribed = await Promise.all(uris.map((uri) => this.#subscribe(uri)));
    const honoured = uris.filter((_, index) => subscribed[index]);
    return {
      ...Object.fromEntries(lists.map(({ filter }) => [filter, true])),
      ...(honoured.length > 0 && { resourceSubscriptions: honoured }),
    };
  }

  async #subscribe(uri: RawJson): Promise<boolean> {
    const answer = await this.#options.relay.handle(this.#exchange(requestFrame('resources/subscribe', { uri })));
    return answer.has('result');
  }

  #exchange(frame: RawJson): Exchange {
    return {
      method: frame.string('method') ?? '',
      frame,
      client: this,
      cancellation: this.#options.cancellation,
      notify() {},
      ask: this.ask,
    };
  }
}

const ENDED = new Error('the subscription has ended');
