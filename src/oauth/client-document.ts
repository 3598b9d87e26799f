import * as z from 'zod/mini';
import type { OAuthClient } from './client.ts';
import { displayText } from './pages/display-name.ts';
import { redirectProblem } from './redirect-uri.ts';
import type { FetchJson } from './safe-fetch.ts';

/**
 * Fetches the client that the document at its `client_id` describes (draft-ietf-oauth-client-id-metadata-document-00, sections 3 and 4).
 * Anybody can call a client anything, so its name ends in the host that vouches for it.
 *
 * @throws Error that says, for the owner, what is wrong with the id or the document.
 */
export async function fetchClient(id: string, fetchJson: FetchJson): Promise<OAuthClient> {
  const host = checkId(id);
  const document = readDocument(await fetchJson(id));
  if (document.client_id !== id) throw new Error('its document has another client_id');
  if (document.client_secret !== undefined || document.client_secret_expires_at !== undefined)
    throw new Error('its document holds a secret');
  checkMethod(document);
  const [problem] = document.redirect_uris.flatMap((uri) => redirectProblem(uri) ?? []);
  if (problem !== undefined) throw new Error(`its document is not good: ${problem}`);
  return { id, name: nameOf(document.client_name, host), redirectUris: document.redirect_uris, isKnown: true };
}

/** Remembers what was fetched, so that strangers cannot make this machine send requests at their pleasure. */
export class ClientDocuments {
  readonly #fetchJson: FetchJson;
  readonly #now: () => number;
  readonly #entries = new Map<string, Entry>();
  #underWay = 0;

  /** @param now milliseconds since 1970. */
  constructor(fetchJson: FetchJson, now: () => number = Date.now) {
    this.#fetchJson = fetchJson;
    this.#now = now;
  }

  /** The client with this id: fetched, or as it was up to ten minutes ago. Failures are remembered for a minute. Rejects as `fetchClient` does. */
  fetch(id: string): Promise<OAuthClient> {
    const known = this.#entries.get(id);
    if (known && known.until > this.#now()) return known.client;
    if (this.#underWay >= MOST_AT_ONCE) return Promise.reject(new Error('too many documents are being fetched'));
    return this.#remember(id, fetchClient(id, this.#fetchJson));
  }

  #remember(id: string, client: Promise<OAuthClient>): Promise<OAuthClient> {
    const entry: Entry = { client, until: this.#now() + LIFETIME };
    // Written anew, so that the first is always the oldest.
    this.#entries.delete(id);
    this.#entries.set(id, entry);
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= MOST_ENTRIES) break;
      this.#entries.delete(oldest);
    }
    this.#underWay++;
    client
      .catch(() => {
        entry.until = this.#now() + FAILURE_LIFETIME;
      })
      .finally(() => {
        this.#underWay--;
      });
    return client;
  }
}

interface Entry {
  readonly client: Promise<OAuthClient>;
  until: number;
}

const MOST_ENTRIES = 100;
/** Each takes three seconds at most, and owners link one client at a time. */
const MOST_AT_ONCE = 4;
/** Milliseconds. */
const LIFETIME = 10 * 60_000;
const FAILURE_LIFETIME = 60_000;

const LONGEST_ID = 2000;
/** Characters of a name with its host, and of that host: a long one would be cut where it is shown, and its end is what counts. */
const LONGEST_NAME = 80;
const LONGEST_HOST = 60;

const DOCUMENT = z.object({
  client_id: z.string(),
  client_name: z.string(),
  redirect_uris: z.array(z.string()).check(z.minLength(1)),
  token_endpoint_auth_method: z.optional(z.string()),
  token_endpoint_auth_methods_supported: z.optional(z.array(z.string())),
  client_secret: z.optional(z.unknown()),
  client_secret_expires_at: z.optional(z.unknown()),
});

type Document = z.output<typeof DOCUMENT>;

/** Checks a `client_id` and returns its host. */
function checkId(id: string): string {
  const url = id.length <= LONGEST_ID && URL.canParse(id) ? new URL(id) : undefined;
  // One way to write each: so there are no dot segments, no capitals in the host, no port that is the usual one, no stray characters.
  if (url?.protocol !== 'https:' || url.href !== id)
    throw new Error('its client_id is not an https URL in its plainest form');
  if (url.pathname === '/') throw new Error('its client_id has no path');
  if (id.includes('#')) throw new Error('its client_id has a fragment');
  if (url.username !== '' || url.password !== '') throw new Error('its client_id names a user');
  if (url.host.length > LONGEST_HOST) throw new Error('the host of its client_id is too long to be shown');
  return url.host;
}

function readDocument(data: unknown): Document {
  const result = z.safeParse(DOCUMENT, data);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const member = issue?.path[0];
  throw new Error(
    member === undefined ? 'its document is not an object' : `its document has no good ${String(member)}`,
  );
}

/** Clients are public here. One that would rather prove itself with a key may say that it can do without (ChatGPT's does). */
function checkMethod({
  token_endpoint_auth_method: method = 'none',
  token_endpoint_auth_methods_supported: supported = [],
}: Document): void {
  if (method !== 'none' && !supported.includes('none'))
    throw new Error('its document asks for a token_endpoint_auth_method other than none');
}

function nameOf(given: string, host: string): string {
  const name = displayText(given, LONGEST_NAME - host.length - ' ()'.length);
  return name === '' ? host : `${name} (${host})`;
}
