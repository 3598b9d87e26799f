import { randomBytes } from 'node:crypto';
import type { Principal } from '../protocol/principal.ts';
import type { OAuthClient } from './client.ts';
import { OAuthError } from './oauth-error.ts';
import { createSecret, hashOf } from './secret.ts';
import type { Grant, OAuthState } from './state.ts';
import type { Changed, OAuthStore } from './store.ts';

/** Tokens as they are handed out; only their hashes are kept. */
export interface Tokens {
  readonly accessToken: string;
  /** Seconds. */
  readonly expiresIn: number;
  readonly refreshToken: string;
  readonly readOnly: boolean;
}

/** What the owner has allowed. */
export interface Consent {
  readonly client: OAuthClient;
  readonly redirectUri: string;
  readonly resource: string;
  readonly readOnly: boolean;
}

export interface Refresh {
  readonly token: string;
  readonly clientId: string;
  /** If it is said again, it has to be the grant's. */
  readonly resource: string | undefined;
  /** Whether the access token shall be good for reading only. */
  readonly readOnly: boolean;
}

/** Milliseconds. */
const ACCESS_LIFETIME = 60 * 60_000;
const REFRESH_IDLE = 14 * 24 * 60 * 60_000;
const REFRESH_ABSOLUTE = 90 * 24 * 60 * 60_000;
/** For how long the token before is good as well: answers get lost, and clients refresh twice at once. */
const GRACE = 120_000;
/** Tokens kept of one grant; who asks for more loses the oldest. */
const MAX_ACCESS_TOKENS = 50;
const MAX_PREDECESSORS = 16;
const MAX_GRANTS = 200;

/**
 * What the owner has granted, and the tokens to it: opaque, bound to one client and one resource, and rotated (OAuth 2.1, section 4.3.1).
 * A refresh token that comes after its successor has been used is in two hands: the grant ends.
 */
export class Grants {
  readonly #store: OAuthStore;
  readonly #now: () => number;
  /** The access tokens of a state, by their hashes; made anew when the state has changed. */
  #index = new Map<string, Access>();
  #indexed: OAuthState | undefined;

  /** @param now milliseconds since 1970. */
  constructor(store: OAuthStore, now: () => number = Date.now) {
    this.#store = store;
    this.#now = now;
  }

  get all(): readonly Grant[] {
    return this.#store.state.grants;
  }

  /** Whether a principal's id stands for a grant that is no more, or can never be used again. */
  isOver(principalId: string): boolean {
    const isIts = (grant: Grant) => principalIdOf(grant) === principalId && !isOver(grant, this.#now());
    return principalId.startsWith(PRINCIPAL_PREFIX) && !this.all.some(isIts);
  }

  /** On whose behalf a token may be used at a resource; `undefined` when it may not. */
  verify(token: string, resource: string): Principal | undefined {
    const access = this.#accessTokens().get(hashOf(token));
    if (!access || access.grant.resource !== resource || access.expiresAt <= this.#now()) return undefined;
    if (access.isLatest && !access.grant.refresh.isUsed) this.#confirm(access);
    return access.principal;
  }

  /** Makes a grant of what the owner has allowed. `code` is what the client redeems for it. */
  async create({ client, redirectUri, resource, readOnly }: Consent, code: string): Promise<Tokens> {
    const family = createSecret();
    const issued = this.#issue(family, readOnly);
    const now = this.#now();
    const grant: Grant = {
      id: randomBytes(4).toString('hex'),
      clientId: client.id,
      clientName: client.name,
      redirectUri,
      resource,
      readOnly,
      createdAt: now,
      code: hashOf(code),
      family: hashOf(family),
      refresh: issued.refresh,
      predecessors: [],
      accessTokens: [issued.access],
    };
    await this.#store.change((state) => {
      const grants = state.grants.filter((each) => !isOver(each, now)).slice(1 - MAX_GRANTS);
      return { state: { ...state, grants: [...grants, grant] }, result: undefined };
    });
    return issued.tokens;
  }

  /** Rotates. @throws OAuthError `invalid_grant` or `invalid_target`. */
  async refresh(refresh: Refresh): Promise<Tokens> {
    if (!(await this.#knows(isOfFamily(refresh.token)))) throw NOT_GOOD;
    const result = await this.#store.change((state) => this.#rotate(state, refresh));
    if (result instanceof OAuthError) throw result;
    return result;
  }

  /** Ends the grant that a token of any kind belongs to, if it is this client's (RFC 7009). Returns whether there was one. */
  revoke(token: string, clientId: string | undefined): Promise<boolean> {
    const hash = hashOf(token);
    const isIts = isOfFamily(token);
    return this.#end(
      (grant) =>
        (clientId === undefined || grant.clientId === clientId) &&
        (isIts(grant) || grant.accessTokens.some((access) => access.hash === hash)),
    );
  }

  /** Ends the grant that an authorization code was redeemed for, also while that is being written: it came twice (OAuth 2.1, section 4.1.3). */
  revokeCode(code: string): Promise<boolean> {
    const hash = hashOf(code);
    return this.#end((grant) => grant.code === hash);
  }

  /** Ends grants by their ids. Resolves with those that there were. */
  async revokeIds(ids: readonly string[] | 'all'): Promise<readonly Grant[]> {
    const ended = this.all.filter(({ id }) => ids === 'all' || ids.includes(id));
    await this.#end((grant) => ended.some(({ id }) => id === grant.id));
    return ended;
  }

  #rotate(state: OAuthState, { token, clientId, resource, readOnly }: Refresh): Changed<Tokens | OAuthError> {
    const now = this.#now();
    const family = familyOf(token);
    const grant = state.grants.find(isOfFamily(token));
    if (grant?.clientId !== clientId) return { state, result: NOT_GOOD };
    if (resource !== undefined && resource !== grant.resource)
      return { state, result: new OAuthError('invalid_target', `The grant is for ${grant.resource}`) };
    const hash = hashOf(token);
    if (isOver(grant, now) || !isGood(grant, hash, now)) return { state: without(state, grant), result: NOT_GOOD };
    const issued = this.#issue(family, grant.readOnly || readOnly);
    const rotated: Grant = {
      ...grant,
      refresh: issued.refresh,
      predecessors: predecessorsAfter(grant, hash, now),
      accessTokens: [...grant.accessTokens.filter(({ expiresAt }) => expiresAt > now), issued.access].slice(
        -MAX_ACCESS_TOKENS,
      ),
    };
    const grants = state.grants.map((each) => (each === grant ? rotated : each));
    return { state: { ...state, grants }, result: issued.tokens };
  }

  #issue(family: string, readOnly: boolean) {
    const accessToken = ACCESS_PREFIX + createSecret();
    const refreshToken = REFRESH_PREFIX + family + createSecret();
    const now = this.#now();
    return {
      access: { hash: hashOf(accessToken), expiresAt: now + ACCESS_LIFETIME, readOnly },
      refresh: { hash: hashOf(refreshToken), issuedAt: now, isUsed: false },
      tokens: { accessToken, refreshToken, expiresIn: ACCESS_LIFETIME / 1000, readOnly } satisfies Tokens,
    };
  }

  /** Takes note that a client has received its newest tokens, so that those before are of no more use to it. */
  #confirm(access: Access): void {
    // One note is enough, however many requests come before it is written.
    access.isLatest = false;
    const { hash } = access.grant.refresh;
    const confirmed = (grant: Grant) =>
      grant.refresh.hash === hash ? { ...grant, refresh: { ...grant.refresh, isUsed: true } } : grant;
    this.#store
      .change((state) => ({ state: { ...state, grants: state.grants.map(confirmed) }, result: undefined }))
      .catch(() => {}); // It costs nobody anything but the strictness of the next rotation, where the disk's fault is told.
  }

  async #end(isMeant: (grant: Grant) => boolean): Promise<boolean> {
    if (!(await this.#knows(isMeant))) return false;
    return this.#store.change((state) => {
      const grants = state.grants.filter((grant) => !isMeant(grant));
      const isNone = grants.length === state.grants.length;
      return { state: isNone ? state : { ...state, grants }, result: !isNone };
    });
  }

  /** Whether there is such a grant, once all is written that was under way. Asked first, so that nobody can keep the file locked with made-up tokens. */
  async #knows(isMeant: (grant: Grant) => boolean): Promise<boolean> {
    await this.#store.reload();
    return this.all.some(isMeant);
  }

  #accessTokens(): Map<string, Access> {
    const { state } = this.#store;
    if (this.#indexed === state) return this.#index;
    this.#indexed = state;
    this.#index = new Map(
      state.grants.flatMap((grant) =>
        grant.accessTokens.map(({ hash, expiresAt, readOnly }, index) => {
          const isLatest = index === grant.accessTokens.length - 1;
          return [hash, { grant, expiresAt, isLatest, principal: principalOf(grant, readOnly) }] as const;
        }),
      ),
    );
    return this.#index;
  }
}

/** The principal's id of a grant, whatever its tokens are good for. */
export function principalIdOf({ id }: Grant): string {
  return PRINCIPAL_PREFIX + id;
}

const PRINCIPAL_PREFIX = 'grant:';

/** Until when a grant can be refreshed, unless it is used before. Milliseconds since 1970. */
export function expiryOf({ createdAt, refresh }: Grant): number {
  return Math.min(refresh.issuedAt + REFRESH_IDLE, createdAt + REFRESH_ABSOLUTE);
}

interface Access {
  readonly grant: Grant;
  readonly expiresAt: number;
  readonly principal: Principal;
  /** Whether it came with the refresh token of the moment, and that is not known to have arrived. */
  isLatest: boolean;
}

/** Says what a token is, wherever one is found: people and scanners can tell. */
const ACCESS_PREFIX = 'mcpb_access_';
const REFRESH_PREFIX = 'mcpb_refresh_';
const SECRET_LENGTH = 43;
const NOT_GOOD = new OAuthError('invalid_grant', 'The refresh token is not good here, or not any more; link again');

function isOfFamily(token: string): (grant: Grant) => boolean {
  const hash = hashOf(familyOf(token));
  return ({ family }) => family === hash;
}

/** The part of a refresh token that stays the same. */
function familyOf(token: string): string {
  return token.startsWith(REFRESH_PREFIX) ? token.slice(REFRESH_PREFIX.length, -SECRET_LENGTH) : '';
}

function principalOf(grant: Grant, readOnly: boolean): Principal {
  return { id: principalIdOf(grant), readOnly };
}

function isOver(grant: Grant, now: number): boolean {
  return now >= expiryOf(grant);
}

function isGood({ refresh, predecessors }: Grant, hash: string, now: number): boolean {
  if (hash === refresh.hash) return true;
  return predecessors.some((each) => each.hash === hash && (each.until > now || !refresh.isUsed));
}

/** What may come yet once this token has been rotated. */
function predecessorsAfter({ refresh, predecessors }: Grant, hash: string, now: number): Grant['predecessors'] {
  // While nothing of a successor has been used, any of them may be the one that the client has.
  const isAnyGood = hash !== refresh.hash && !refresh.isUsed;
  const kept = predecessors.filter(({ until }) => isAnyGood || until > now);
  // The one that came is surely had, so it is the last to be dropped.
  const [others, given] = [kept.filter((each) => each.hash !== hash), kept.filter((each) => each.hash === hash)];
  return [...others, { hash: refresh.hash, until: now + GRACE }, ...given].slice(-MAX_PREDECESSORS);
}

function without(state: OAuthState, grant: Grant): OAuthState {
  return { ...state, grants: state.grants.filter((each) => each !== grant) };
}
