import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { isLoopback } from '../config/loopback.ts';
import { HttpError } from '../downstream/http-error.ts';

export interface GuardOptions {
  /** The address that is listened on. */
  readonly host: string;
  /** Names that may be asked for, besides loopback's. */
  readonly allowedHosts: readonly string[];
  /** Browser origins that may call; `*` is any, `loopback` any port of this machine's loopback names. */
  readonly corsOrigins: readonly string[];
}

/**
 * Refuses requests that a browser was tricked into: a name that leads here but is not ours (DNS rebinding), or a page of
 * another origin. Specification 2025-11-25, basic/transports, "Security Warning".
 */
export class HostGuard {
  readonly #isLoopbackOnly: boolean;
  readonly #hosts: ReadonlySet<string>;
  readonly #origins: ReadonlySet<string>;
  /** The name by which the bridge is reached from outside at the moment. */
  #publicHost: string | undefined;
  /** The name that was asked for last; nearly always the one that is asked for next. */
  #lastHost: string | undefined;

  constructor({ host, allowedHosts, corsOrigins }: GuardOptions) {
    this.#isLoopbackOnly = isLoopback(host);
    this.#hosts = new Set([host, ...allowedHosts].map((name) => name.toLowerCase()));
    this.#origins = new Set(corsOrigins);
  }

  /** Lets requests in that come by a public origin, in place of the one before; `undefined`: by none any more. */
  admit(origin: string | undefined): void {
    this.#publicHost = origin && hostname(origin);
    this.#lastHost = undefined;
  }

  /** @throws HttpError 403. */
  check({ headers: { host, origin } }: IncomingMessage): void {
    if (!this.#isOurs(host)) throw new HttpError(403, 'Forbidden: unknown Host; name it with --allowed-host');
    if (origin !== undefined && !this.#mayCall(origin))
      throw new HttpError(403, 'Forbidden: unknown Origin; name it with --cors');
  }

  /** Whether the origin's pages may read answers. */
  mayRead(origin: string): boolean {
    return (
      this.#origins.has('*') || this.#origins.has(origin) || (this.#origins.has('loopback') && isLoopbackOrigin(origin))
    );
  }

  #isOurs(host: string | undefined): boolean {
    if (host !== undefined && host === this.#lastHost) return true;
    // A Host is a name and a port (RFC 9110, section 7.2). What else a URL may have around its name is not looked past.
    const name = host === undefined || /[/\\?#@]/.test(host) ? undefined : hostname(`http://${host}`);
    if (name === undefined) return false;
    // Nobody can make an address lead elsewhere, so a bind for the whole network takes them all.
    const isOurs =
      isLoopback(name) ||
      name === this.#publicHost ||
      this.#hosts.has(name) ||
      (!this.#isLoopbackOnly && isIP(name) !== 0);
    if (isOurs) this.#lastHost = host;
    return isOurs;
  }

  #mayCall(origin: string): boolean {
    const name = hostname(origin) ?? '';
    return isLoopback(name) || name === this.#publicHost || this.mayRead(origin) || this.#hosts.has(name);
  }
}

function isLoopbackOrigin(origin: string): boolean {
  return isLoopback(hostname(origin) ?? '');
}

function hostname(url: string): string | undefined {
  if (!URL.canParse(url)) return undefined;
  return new URL(url).hostname.replace(/^\[|\]$/g, '').toLowerCase();
}
