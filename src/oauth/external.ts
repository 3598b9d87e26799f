import type { FetchImplementation, JWTPayload, JWTVerifyGetKey } from 'jose';
import { isLoopback } from '../config/loopback.ts';
import type { ExternalIssuer } from '../config/settings.ts';
import { messageOf } from '../errors.ts';
import type { Log } from '../log.ts';
import type { Principal } from '../protocol/principal.ts';
import { asksToReadOnly } from './scopes.ts';
import { hashOf } from './secret.ts';

export interface ExternalOptions extends ExternalIssuer {
  readonly log: Log;
}

export interface ExternalVerifier {
  /** On whose behalf a token may be used at a resource; `undefined` when it may not, or while the issuer's keys cannot be had. Never rejects. */
  verify(token: string, resource: string): Promise<Principal | undefined>;
}

/**
 * Creates what verifies the access tokens (JWTs, RFC 9068) of somebody else's issuer. They are taken at their issuer's word: whoever it
 * gives one for this resource may use all tools. Its scopes say less than that in two ways: all of `scopes` must be there, and a token
 * that has `mcp:read` and not `mcp` is good for reading only.
 */
export function createExternalVerifier({ log, ...issuer }: ExternalOptions): ExternalVerifier {
  const keys = new IssuerKeys(issuer, log);
  return {
    async verify(token, resource) {
      const payload = await readToken(token, issuer, resource, keys);
      if (typeof payload?.sub !== 'string' || isForSomethingElse(payload)) return undefined;
      const scopes = scopesOf(payload);
      if (!issuer.scopes.every((scope) => scopes.includes(scope))) return undefined;
      if (issuer.subjects.length > 0 && !issuer.subjects.includes(payload.sub)) return undefined;
      const id = hashOf(JSON.stringify([issuer.issuer, payload.sub])).slice(0, ID_LENGTH);
      return { id: `sub:${id}`, readOnly: asksToReadOnly(scopes.join(' ')) };
    },
  };
}

/** Of base64url, 6 bits each: nobody finds two subjects with the same. */
const ID_LENGTH = 22;

/** None with a shared secret, and not `none`. */
const ALGORITHMS = [
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  ...['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
];
/** Seconds by which clocks may differ. */
const CLOCK_TOLERANCE = 30;

/** What a token says, if it is the issuer's, for this resource, and good at the moment. */
async function readToken(
  token: string,
  { issuer, audience }: ExternalIssuer,
  resource: string,
  keys: IssuerKeys,
): Promise<JWTPayload | undefined> {
  const { jwtVerify } = await import('jose');
  try {
    const { payload, protectedHeader } = await jwtVerify(token, (...asked) => keys.find(...asked), {
      issuer,
      audience: audience === undefined ? resource : [resource, audience],
      algorithms: ALGORITHMS,
      clockTolerance: CLOCK_TOLERANCE,
      requiredClaims: ['exp', 'sub'],
    });
    return isAccessTokenType(protectedHeader.typ) ? payload : undefined;
  } catch {
    // The bearer learns no more than that the token is not good; what the owner has to know of, the keys have told.
    return undefined;
  }
}

/** RFC 9068, section 2.1, and what issuers wrote before it. */
function isAccessTokenType(typ: string | undefined): boolean {
  return typ === undefined || /^(?:application\/)?(?:at\+jwt|jwt)$/i.test(typ);
}

/** Whether it is an ID token, or a refresh token: signed with the same keys, and nothing to let anybody in with. Issuers differ in how they say so. */
function isForSomethingElse({ at_hash, c_hash, token_use, typ }: JWTPayload): boolean {
  return at_hash !== undefined || c_hash !== undefined || token_use === 'id' || typ === 'ID' || typ === 'Refresh';
}

/** `scope` as RFC 9068 has it, or `scp`, a text or a list. */
function scopesOf({ scope, scp }: JWTPayload): readonly string[] {
  const value = scope ?? scp;
  if (typeof value === 'string') return value.split(' ').filter((each) => each !== '');
  return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [];
}

/** Milliseconds for which an issuer that could not be asked is not asked again: tokens come faster than that. */
const RETRY_AFTER = 10_000;
/** Milliseconds for one answer of the issuer's. */
const TIMEOUT = 5000;

/** The issuer's keys: found at first use, and asked for again when they are old or a token names one that is new. */
class IssuerKeys {
  readonly #issuer: ExternalIssuer;
  readonly #log: Log;
  #set: Promise<JWTVerifyGetKey> | undefined;
  #retryAt = 0;
  /** Whether the owner has been told since a key was found. */
  #isTold = false;

  constructor(issuer: ExternalIssuer, log: Log) {
    this.#issuer = issuer;
    this.#log = log;
  }

  /** The key that a token was signed with. Rejects when there is none, or it cannot be had now. */
  async find(...token: Parameters<JWTVerifyGetKey>): Promise<Awaited<ReturnType<JWTVerifyGetKey>>> {
    this.#set ??= this.#open().catch((error) => {
      this.#set = undefined;
      throw error;
    });
    try {
      const key = await (await this.#set)(...token);
      this.#isTold = false;
      return key;
    } catch (error) {
      if (!(await isTokensFault(error))) this.#failed(error);
      throw error;
    }
  }

  async #open(): Promise<JWTVerifyGetKey> {
    this.#checkPause();
    const { createRemoteJWKSet, customFetch } = await import('jose');
    const url = this.#issuer.jwksUri ?? (await discoverKeys(this.#issuer.issuer));
    const fetchKeys: FetchImplementation = async (...request) => {
      this.#checkPause();
      return fetch(...request);
    };
    return createRemoteJWKSet(checkSecure(url), { timeoutDuration: TIMEOUT, [customFetch]: fetchKeys });
  }

  #checkPause(): void {
    if (Date.now() < this.#retryAt) throw new Error('the issuer is not asked again yet');
  }

  #failed(error: unknown): void {
    if (Date.now() < this.#retryAt) return;
    this.#retryAt = Date.now() + RETRY_AFTER;
    if (this.#isTold) return;
    this.#isTold = true;
    this.#log.warn(`the keys of ${this.#issuer.issuer} cannot be had, so its tokens are refused: ${reasonOf(error)}`);
  }
}

/** Whether there is no key for the token, though there are keys. */
async function isTokensFault(error: unknown): Promise<boolean> {
  const { errors } = await import('jose');
  return [errors.JWKSNoMatchingKey, errors.JWKSMultipleMatchingKeys, errors.JOSENotSupported].some(
    (kind) => error instanceof kind,
  );
}

/** Where the issuer's metadata says that its keys are. */
async function discoverKeys(issuer: string): Promise<string> {
  const problems: string[] = [];
  for (const url of metadataUrls(issuer)) {
    try {
      return await readKeysUrl(url, issuer);
    } catch (error) {
      problems.push(`${url}: ${reasonOf(error)}`);
    }
  }
  throw new Error(problems.join('; '));
}

/** RFC 8414 (section 3.1) puts the well-known name before the issuer's path, OpenID Connect Discovery (section 4.1) behind it. */
function metadataUrls(issuer: string): readonly string[] {
  const { origin, pathname } = checkSecure(issuer);
  const path = pathname.replace(/\/$/, '');
  return [
    `${origin}/.well-known/oauth-authorization-server${path}`,
    `${origin}${path}/.well-known/openid-configuration`,
  ];
}

async function readKeysUrl(url: string, issuer: string): Promise<string> {
  const response = await fetch(url, {
    headers: { Accept: 'application/json' },
    redirect: 'error',
    signal: AbortSignal.timeout(TIMEOUT),
  });
  if (response.status !== 200) throw new Error(`the answer was ${response.status}, not 200`);
  const metadata = (await response.json()) as { issuer?: unknown; jwks_uri?: unknown } | null;
  // Otherwise it would be another's word about its own tokens (RFC 8414, section 3.3).
  if (metadata?.issuer !== issuer) throw new Error(`it is about the issuer ${JSON.stringify(metadata?.issuer)}`);
  if (typeof metadata.jwks_uri !== 'string') throw new Error('it has no jwks_uri');
  return metadata.jwks_uri;
}

/** Keys that came over the open network could be anybody's. */
function checkSecure(text: string): URL {
  const url = new URL(text);
  const isSecure =
    url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname.replace(/^\[|\]$/g, '')));
  if (!isSecure) throw new Error(`${text} is not an https URL`);
  return url;
}

/** `fetch` itself only says that it failed; why is in the cause. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause === undefined ? messageOf(error) : `${messageOf(error)} (${messageOf(cause)})`;
}
