import * as z from 'zod/mini';

/** A secret's hash, as it is kept. */
const HASH = z.string().check(z.regex(/^[\w-]{43}$/));
/** Milliseconds since 1970. */
const TIME = z.number();

const ACCESS_TOKEN = z.object({ hash: HASH, expiresAt: TIME, readOnly: z.boolean() });

const GRANT = z.object({
  /** For people: what `grants ls` shows and `grants revoke` takes. Opens nothing. */
  id: z.string(),
  clientId: z.string(),
  clientName: z.string(),
  /** Where its authorization went. */
  redirectUri: z.string(),
  /** The only endpoint it is good for. */
  resource: z.string(),
  readOnly: z.boolean(),
  createdAt: TIME,
  /** Of the authorization code that it came from: it must not come again. */
  code: HASH,
  /** Of the part that all its refresh tokens share, so that an old one is told from a made-up one. */
  family: HASH,
  /** The refresh token of the moment. `isUsed`: it has reached the client, as something that came with it was used. */
  refresh: z.object({ hash: HASH, issuedAt: TIME, isUsed: z.boolean() }),
  /** Refresh tokens before it that may still come, until then. */
  predecessors: z.array(z.object({ hash: HASH, until: TIME })),
  /** In the order they were issued. */
  accessTokens: z.array(ACCESS_TOKEN),
});

const REGISTERED_CLIENT = z.object({
  id: z.string(),
  name: z.string(),
  redirectUris: z.array(z.string()),
  createdAt: TIME,
});

const STATE = z.object({
  version: z.literal(1),
  /** Grows with each change. */
  revision: z.number(),
  grants: z.array(GRANT),
  clients: z.array(REGISTERED_CLIENT),
});

export type Grant = Readonly<z.output<typeof GRANT>>;
export type RegisteredClient = Readonly<z.output<typeof REGISTERED_CLIENT>>;

/** Who is linked, and who may ask to be: all that outlives a bridge. */
export interface OAuthState {
  readonly version: 1;
  readonly revision: number;
  readonly grants: readonly Grant[];
  readonly clients: readonly RegisteredClient[];
}

export const EMPTY: OAuthState = { version: 1, revision: 0, grants: [], clients: [] };

/** @throws Error that says what is wrong with it. */
export function parseState(data: unknown): OAuthState {
  const version = typeof data === 'object' && data !== null && 'version' in data ? data.version : undefined;
  if (typeof version === 'number' && version > 1) throw new Error('it was written by a newer version of mcp-bridge');
  const result = z.safeParse(STATE, data);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new Error(`${issue?.path.join('.') || 'it'} is not what it should be`);
}
