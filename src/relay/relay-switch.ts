import type { Answer, Client, Exchange } from '../protocol/exchange.ts';
import { type Notification, notificationFrame } from '../protocol/message.ts';
import type { RawJson } from '../protocol/raw-json.ts';
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

  /** Turns to another router, and tells the clients that the lists may have changed. */
  turnTo(router: Router): void {
    this.#router.close();
    this.#router = router;
    for (const client of this.#clients) {
      router.join(client);
      if (this.#initialized.has(client)) router.notify(client, INITIALIZED);
    }
    router.announceLists();
  }

  open(exchange: Exchange): Promise<Answer> {
    return this.#router.open(exchange);
  }

  join(client: Client): void {
    if (client.closed.reason) return;
    this.#clients.add(client);
    client.closed.add(() => void this.#clients.delete(client));
    this.#router.join(client);
  }

  handle(exchange: Exchange): Promise<Answer> {
    return this.#router.handle(exchange);
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
}

const INITIALIZED: Notification = {
  kind: 'notification',
  method: 'notifications/initialized',
  frame: notificationFrame('notifications/initialized'),
};
