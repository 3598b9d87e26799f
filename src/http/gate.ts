import type { IncomingMessage } from 'node:http';
import { HttpError } from '../downstream/http-error.ts';
import type { Principal } from '../protocol/principal.ts';
import { ANYONE } from '../protocol/principal.ts';

/** Knows tokens of one kind. */
export interface Verifier {
  /** On whose behalf a token may be used at a resource, given by its URL; `undefined` when it may not. Never rejects. */
  verify(token: string, resource: string): Principal | undefined | Promise<Principal | undefined>;
}

export interface GateOptions {
  /** Of all kinds of tokens that are taken. None at all: everybody may come in. */
  readonly verifiers: readonly Verifier[];
  /** The public origin of the moment. */
  readonly origin: () => string;
  /** Where those without a token learn how to get one, by the path of the resource; `undefined` where there is no such place. */
  metadataUrl(path: string): string | undefined;
  /** What clients shall ask for there; empty where nothing is to be said. */
  scopeAt(path: string): string;
}

/** Asks everybody at an MCP endpoint for a bearer token (RFC 6750), before anything else of the request is looked at. */
export class Gate {
  readonly #options: GateOptions;

  constructor(options: GateOptions) {
    this.#options = options;
  }

  /**
   * On whose behalf a request comes.
   * @param path of the resource, as its clients know it.
   * @throws HttpError 401 with a challenge, the same for every method and body.
   */
  async admit({ headers }: IncomingMessage, path: string): Promise<Principal> {
    const { verifiers, origin } = this.#options;
    if (verifiers.length === 0) return ANYONE;
    const token = bearerToken(headers.authorization);
    if (token === undefined) throw this.#refusal(path, 'Unauthorized: a bearer token is needed', '');
    for (const verifier of verifiers) {
      const principal = await verifier.verify(token, origin() + path);
      if (principal) return principal;
    }
    const reason = 'The token is not good here, or not any more';
    throw this.#refusal(path, `Unauthorized: ${reason}`, `error="invalid_token", error_description="${reason}"`);
  }

  /** RFC 6750, section 3, and RFC 9728, section 5.1. */
  #refusal(path: string, message: string, error: string): HttpError {
    const { metadataUrl, scopeAt } = this.#options;
    const url = metadataUrl(path);
    const scope = scopeAt(path);
    const hints = [url && `resource_metadata="${url}"`, url && scope && `scope="${scope}"`];
    const challenge = ['Bearer', [...hints, error].filter(Boolean).join(', ')].join(' ').trim();
    return new HttpError(401, message, { headers: { 'WWW-Authenticate': challenge } });
  }
}

/** The token of a request. Nowhere else are tokens looked for: URLs end up in logs and histories. */
export function bearerToken(authorization: string | undefined): string | undefined {
  return /^Bearer +([\w.~+/-]+=*) *$/i.exec(authorization ?? '')?.[1];
}
