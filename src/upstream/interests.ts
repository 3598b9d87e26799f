import type { Client } from '../protocol/exchange.ts';
import { SEVERITIES } from '../protocol/severity.ts';

/** What the clients on one link want of its server. It is told once for all of them, and again when it was started anew. */
export class Interests {
  readonly #subscribers = new Map<string, Set<Client>>();
  readonly #levels = new Map<Client, string>();
  /** The level that the server was last told; `undefined` when it was told none. */
  told: string | undefined;

  /** The level to set at the server: the most verbose that any client wants. `undefined` when none said. */
  get level(): string | undefined {
    return SEVERITIES.find((level) => [...this.#levels.values()].includes(level));
  }

  /** The resources to be subscribed to at the server. */
  get uris(): string[] {
    return [...this.#subscribers.keys()];
  }

  /** @param level `undefined` when the client does not care any more. */
  setLevel(client: Client, level: string | undefined): void {
    if (level === undefined) this.#levels.delete(client);
    else this.#levels.set(client, level);
  }

  subscribersOf(uri: string): Client[] {
    return [...(this.#subscribers.get(uri) ?? [])];
  }

  /** Returns whether this is the first subscriber, so that the server has to be told. */
  subscribe(client: Client, uri: string): boolean {
    const clients = this.#subscribers.get(uri);
    if (!clients) this.#subscribers.set(uri, new Set([client]));
    else clients.add(client);
    return !clients;
  }

  /** Returns whether this was the last subscriber, so that the server has to be told. */
  unsubscribe(client: Client, uri: string): boolean {
    const clients = this.#subscribers.get(uri);
    if (!clients?.delete(client) || clients.size > 0) return false;
    return this.#subscribers.delete(uri);
  }

  /** Takes over what the clients on another link want. */
  inherit(other: Interests): void {
    for (const [uri, clients] of other.#subscribers) for (const client of clients) this.subscribe(client, uri);
    for (const [client, level] of other.#levels) this.setLevel(client, level);
  }

  /** Forgets a client and returns the resources that nobody is subscribed to any more. */
  drop(client: Client): string[] {
    this.#levels.delete(client);
    return this.uris.filter((uri) => this.unsubscribe(client, uri));
  }
}
