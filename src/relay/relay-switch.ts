import type { Answer, Client, Exchange } from '../protocol/exchange.ts';
import { type Notification, notificationFrame } from '../protocol/message.ts';
import type { RawJson } from '../protocol/raw-json.ts';
import type { Upstream } from '../upstream/upstream.ts';
import type { Relay } from './relay.ts';
import type { Router } from './router.ts';

/**
 * A relay that can be exchanged for another one while its clients stay: what they have begun is finished by the one before, and whatever
 * they ask next goes to the one after.
 */
export class RelaySwitch implements Relay {
  #router: Router;
  readonly #clients = new Set<Client>();
  readonly #initialized = new WeakSet<Client>();

  constructor(router: Router) {
    this.#router = router;
  }

  /** What it is now. */
  get router(): Router {
    return this.#router;
  }

  get info(): RawJson | undefined {
    return this.#router.info;
  }

  /** Turns to another router, and tells the clients that the lists may have changed. Resolves once the one before has answered all. */
  turnTo(router: Router): Promise<void> {
    const answered = this.#leave(router.view.upstreams);
    this.#router = router;
    for (const client of this.#clients) {
      router.join(client);
      if (this.#initialized.has(client)) router.notify(client, INITIALIZED);
    }
    router.announceLists();
    return answered;
  }

  /** Lets its clients go. Resolves once all that they have asked is answered. */
  close(): Promise<void> {
    const answered = this.#leave([]);
    this.#clients.clear();
    return answered;
  }

  async open(exchange: Exchange): Promise<Answer> {
    const router = this.#router;
    const answer = await router.open(exchange);
    // What it had to wait for may have been exchanged for something else meanwhile.
    return answer.has('error') && router !== this.#router ? this.open(exchange) : answer;
  }

  join(client: Client): void {
    if (client.closed.reason) return;
    this.#clients.add(client);
    client.closed.add(() => void this.#clients.delete(client));
    this.#router.join(client);
  }

  async handle(exchange: Exchange): Promise<Answer> {
    const router = this.#router;
    const answer = await router.handle(exchange);
    // What a client was subscribed at may have been exchanged for something else meanwhile; twice without harm.
    const isLasting = exchange.method === 'resources/subscribe' || exchange.method === 'logging/setLevel';
    return isLasting && router !== this.#router ? this.handle(exchange) : answer;
  }

  toolOf(exchange: Exchange): Promise<RawJson | undefined> {
    return this.#router.toolOf(exchange);
  }

  notify(client: Client, notification: Notification): void {
    if (notification.method === INITIALIZED.method) this.#initialized.add(client);
    this.#router.notify(client, notification);
  }

  presentable(frame: RawJson): RawJson {
    return this.#router.presentable(frame);
  }

  end(principalId: string): void {
    this.#router.end(principalId);
  }

  /** Closes the router; the servers that are not there any more forget what its clients wanted of them. */
  #leave(others: readonly Upstream[]): Promise<void> {
    const names = new Set(others.map(({ name }) => name));
    const gone = this.#router.view.upstreams.filter(({ name }) => !names.has(name));
    for (const client of this.#clients) for (const upstream of gone) void upstream.release(client);
    return this.#router.close();
  }
}

const INITIALIZED: Notification = {
  kind: 'notification',
  method: 'notifications/initialized',
  frame: notificationFrame('notifications/initialized'),
};
