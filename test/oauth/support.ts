import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { createLog } from '../../src/log.ts';
import { AuthorizationServer } from '../../src/oauth/authorization-server.ts';
import type { OAuthClient } from '../../src/oauth/client.ts';
import { Clients, type ClientsOptions } from '../../src/oauth/clients.ts';
import { Codes } from '../../src/oauth/codes.ts';
import type { ToolCount } from '../../src/oauth/context.ts';
import { type Consent, Grants, type Tokens } from '../../src/oauth/grants.ts';
import { grantsFile } from '../../src/oauth/owner.ts';
import { Pairing } from '../../src/oauth/pairing.ts';
import type { OAuthReply } from '../../src/oauth/reply.ts';
import { OAuthStore } from '../../src/oauth/store.ts';
import { TransactionSeal } from '../../src/oauth/transaction.ts';
import { makeFolder } from '../state/support.ts';
import { pkce } from '../support/oauth/endpoints.ts';
import { readForm } from '../support/oauth/form.ts';

export const ISSUER = 'https://h.example';
export const RESOURCE = `${ISSUER}/mcp`;
export const REDIRECT = 'https://app.example/callback?tenant=1';
export const CLIENT: OAuthClient = { id: 'app', name: 'App', redirectUris: [REDIRECT], isKnown: false };
export const CONSENT: Consent = { client: CLIENT, redirectUri: REDIRECT, resource: RESOURCE, readOnly: false };

/** Milliseconds. */
export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** Stands still until time is made to pass. */
export class Clock {
  #time = Date.UTC(2026, 0, 1);

  readonly now = (): number => this.#time;

  pass(milliseconds: number): void {
    this.#time += milliseconds;
  }
}

/** A store on a file of its own, or on the one in `folder`, that is closed when the test is over. */
export async function openStore(folder?: string): Promise<OAuthStore> {
  const store = await OAuthStore.open(grantsFile(folder ?? (await makeFolder())));
  onTestFinished(async () => {
    store.close();
    // What is being written goes first.
    await store.reload().catch(() => {});
  });
  return store;
}

export interface TestGrants {
  readonly clock: Clock;
  readonly store: OAuthStore;
  readonly grants: Grants;
  link(consent?: Partial<Consent>, code?: string): Promise<Tokens>;
  /** As the client, and for the resource, of {@link CONSENT}. */
  refresh(token: string, readOnly?: boolean): Promise<Tokens>;
  /** Whether a token opens {@link RESOURCE}. */
  opens(token: string): boolean;
  /** Resolves when all that has been noted by now is written. */
  written(): Promise<void>;
}

export async function startGrants(options: { folder?: string; clock?: Clock } = {}): Promise<TestGrants> {
  const { clock = new Clock() } = options;
  const store = await openStore(options.folder);
  const grants = new Grants(store, clock.now);
  let codes = 0;
  return {
    clock,
    store,
    grants,
    link: (consent, code = `code ${++codes}`) => grants.create({ ...CONSENT, ...consent }, code),
    refresh: (token, readOnly = false) => grants.refresh({ token, clientId: CLIENT.id, resource: RESOURCE, readOnly }),
    opens: (token) => grants.verify(token, RESOURCE) !== undefined,
    written: () => store.change((state) => ({ state, result: undefined })),
  };
}

export type Fields = Readonly<Record<string, string | readonly string[] | undefined>>;

export interface TestServerOptions {
  readonly resources?: readonly string[];
  readonly documents?: ClientsOptions['documents'];
  readonly isReadOnly?: (path: string) => boolean;
  readonly toolsOf?: (path: string) => ToolCount | undefined;
}

/** An authorization server on a file of its own, spoken to in plain values. */
export async function startServer({ resources = ['/mcp', '/servers/a%20b/mcp'], ...options }: TestServerOptions = {}) {
  const clock = new Clock();
  const lines: string[] = [];
  const log = createLog({ level: 'debug', write: (line) => void lines.push(line.replace(/^[\d:.]+ /, '')) });
  const folder = join(await makeFolder(), 'state');
  const store = await openStore(folder);
  const pairing = new Pairing(log, clock.now);
  onTestFinished(() => pairing.close());
  const grants = new Grants(store, clock.now);
  const clients = new Clients({ store, documents: options.documents, log, now: clock.now });
  const server = new AuthorizationServer({
    issuer: () => ISSUER,
    resources,
    isReadOnly: options.isReadOnly ?? (() => false),
    toolsOf: options.toolsOf ?? (() => undefined),
    clients,
    codes: new Codes(clock.now),
    grants,
    pairing,
    seal: new TransactionSeal(clock.now),
    log,
  });
  return new TestServer({ server, clock, lines, folder, store, pairing, grants, clients });
}

type Parts = Pick<TestServer, 'server' | 'clock' | 'lines' | 'folder' | 'store' | 'pairing' | 'grants' | 'clients'>;

/** The server, what it is made of, and the steps of a client. */
export class TestServer {
  readonly server: AuthorizationServer;
  readonly clock: Clock;
  /** What was logged, without times. */
  readonly lines: string[];
  readonly folder: string;
  readonly store: OAuthStore;
  readonly pairing: Pairing;
  readonly grants: Grants;
  readonly clients: Clients;

  constructor({ server, clock, lines, folder, store, pairing, grants, clients }: Parts) {
    this.server = server;
    this.clock = clock;
    this.lines = lines;
    this.folder = folder;
    this.store = store;
    this.pairing = pairing;
    this.grants = grants;
    this.clients = clients;
  }

  get(path: string, query: Fields = {}): Promise<OAuthReply> {
    return this.server.handle({ method: 'GET', path, query: encode(query), headers: {}, body: '' });
  }

  /** Sends a form. */
  post(path: string, fields: Fields, headers: Record<string, string> = {}): Promise<OAuthReply> {
    const type = { 'content-type': 'application/x-www-form-urlencoded' };
    const body = encode(fields).toString();
    return this.server.handle({ method: 'POST', path, query: encode({}), headers: { ...type, ...headers }, body });
  }

  register(metadata: unknown): Promise<OAuthReply> {
    const body = typeof metadata === 'string' ? metadata : JSON.stringify(metadata);
    const headers = { 'content-type': 'application/json' };
    return this.server.handle({ method: 'POST', path: '/register', query: encode({}), headers, body });
  }

  /** The id of a client that has registered. */
  async clientId(redirectUris: readonly string[] = [REDIRECT]): Promise<string> {
    return (await this.clients.register({ name: 'App', redirectUris })).id;
  }

  /** The page that asks the owner, or what comes instead. */
  authorize(clientId: string, changes: Fields = {}): Promise<OAuthReply> {
    return this.get('/authorize', { ...this.#asked, client_id: clientId, ...changes });
  }

  /** Sends the form of a page, as it was filled in from the start but for these fields. */
  submit(page: OAuthReply, fields: Fields): Promise<OAuthReply> {
    const form = readForm(page.body, `${ISSUER}/authorize`);
    return this.post('/authorize', { ...form.fields, decision: 'allow', ...fields });
  }

  /** A code as the owner lets a client have it, in a window that is opened for it. */
  async code(clientId: string, changes: Fields = {}): Promise<string> {
    const { code } = this.pairing.open();
    const reply = await this.submit(await this.authorize(clientId, changes), { code });
    return queryOf(reply).code ?? '';
  }

  /** Trades a code for tokens. */
  redeem(code: string, clientId: string, changes: Fields = {}): Promise<OAuthReply> {
    return this.post('/token', {
      grant_type: 'authorization_code',
      code,
      client_id: clientId,
      redirect_uri: REDIRECT,
      code_verifier: this.#pkce.verifier,
      resource: RESOURCE,
      ...changes,
    });
  }

  readonly #pkce = pkce();
  readonly #asked: Fields = {
    response_type: 'code',
    redirect_uri: REDIRECT,
    state: 'a state',
    code_challenge: this.#pkce.challenge,
    code_challenge_method: 'S256',
    resource: RESOURCE,
    scope: 'mcp',
  };
}

/** What a redirect tells the client. */
export function queryOf({ headers }: OAuthReply): Record<string, string> {
  return Object.fromEntries(new URL(headers.Location ?? 'about:blank').searchParams);
}

/** The text of a page, without its style, tags and entities. */
export function textOf({ body }: OAuthReply): string {
  return body
    .replace(/<(style|title)>.*?<\/\1>/gs, '')
    .replace(/<[^>]*>/g, ' ')
    .replace(/&#(\d+);/g, (_, code) => String.fromCharCode(Number(code)))
    .replace(/\s+/g, ' ')
    .trim();
}

function encode(fields: Fields): URLSearchParams {
  const query = new URLSearchParams();
  for (const [name, values = []] of Object.entries(fields))
    for (const value of [values].flat()) query.append(name, value);
  return query;
}
