import { randomBytes } from 'node:crypto';
import { messageOf } from '../errors.ts';
import type { Log } from '../log.ts';
import type { OAuthClient } from './client.ts';
import type { ClientDocuments } from './client-document.ts';
import { KNOWN_CLIENTS } from './known-clients.ts';
import { displayText } from './pages/display-name.ts';
import type { RegisteredClient } from './state.ts';
import type { OAuthStore } from './store.ts';

export interface ClientsOptions {
  readonly store: OAuthStore;
  /** Documents that an URL as `client_id` leads to; `undefined` where only known clients may have one. */
  readonly documents: Pick<ClientDocuments, 'fetch'> | undefined;
  readonly log: Log;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** Registrations that are kept. Of those that were never linked, the oldest go first. */
const MAX_REGISTERED = 200;
/** Characters of what strangers wrote that the owner is shown: an id may be as long as a request. */
const LONGEST_SHOWN = 200;

/** Who may ask to be linked. */
export class Clients {
  readonly #options: ClientsOptions;

  constructor(options: ClientsOptions) {
    this.#options = options;
  }

  /** The client with this id. What a stranger could have made up is `undefined`. */
  async find(id: string): Promise<OAuthClient | undefined> {
    const { store, documents, log } = this.#options;
    const known = KNOWN_CLIENTS.find((client) => client.id === id);
    if (known) return known;
    const registered = store.state.clients.find((client) => client.id === id);
    if (registered) return { ...registered, isKnown: false };
    if (!documents || !id.startsWith('https://')) return undefined;
    return documents.fetch(id).catch((error) => {
      const [shown, why] = [id, messageOf(error)].map((text) => displayText(text, LONGEST_SHOWN));
      log.warn(`the client ${shown} is not taken: ${why}`);
      return undefined;
    });
  }

  /** Whether clients that are not known may be described by documents of their own. */
  get readsDocuments(): boolean {
    return this.#options.documents !== undefined;
  }

  /** Whether an id can only be one that was given out by a registration, and is not known any more. */
  isForgotten(id: string): boolean {
    return !id.startsWith('https://') && !this.#options.store.state.clients.some((client) => client.id === id);
  }

  /** Takes in a client that has described itself. */
  async register({ name, redirectUris }: Pick<OAuthClient, 'name' | 'redirectUris'>): Promise<RegisteredClient> {
    const { store, now } = this.#options;
    const id = randomBytes(16).toString('base64url');
    const client: RegisteredClient = { id, name, redirectUris: [...redirectUris], createdAt: now() };
    await store.change((state) => {
      const linked = new Set(state.grants.map(({ clientId }) => clientId));
      const surplus = state.clients.length + 1 - MAX_REGISTERED;
      const gone = new Set(state.clients.filter((each) => !linked.has(each.id)).slice(0, Math.max(0, surplus)));
      const clients = [...state.clients.filter((each) => !gone.has(each)), client];
      return { state: { ...state, clients }, result: undefined };
    });
    return client;
  }
}
