import type { Mount } from '../config/settings.ts';
import { Mounted, type MountedOptions } from './mount.ts';

export interface MountsOptions extends Pick<MountedOptions, 'origin' | 'log'> {
  readonly mounts: readonly Mount[];
  /** What stands before the paths of all but the open ones. */
  readonly base: string;
  /** For a connection to what is mounted. Milliseconds; default 10 s. */
  readonly connectTimeout?: number;
}

/** Puts other web servers under the bridge's origin. */
export async function createMounts(options: MountsOptions): Promise<Mounts> {
  const { mounts, base, connectTimeout = CONNECT_TIMEOUT } = options;
  if (mounts.length === 0) return new Mounts([]);
  // Only bridges that need it pay for it. The bundler finds no names in CommonJS.
  const { default: proxies } = await import('http-proxy-middleware');
  const createProxy = proxies.createProxyMiddleware;
  return new Mounts(
    mounts.map((mount) => {
      const path = (mount.auth ? base : '') + mount.path.replace(/\/$/, '');
      return [path, new Mounted({ ...options, mount, path, connectTimeout, createProxy })];
    }),
  );
}

/** Shorter than clients and tunnels wait for an answer. Milliseconds. */
const CONNECT_TIMEOUT = 10_000;

/** What is mounted. */
export class Mounts {
  /** The longest paths first. */
  readonly #mounts: readonly (readonly [path: string, mounted: Mounted])[];

  constructor(mounts: readonly (readonly [path: string, mounted: Mounted])[]) {
    this.#mounts = mounts.toSorted(([one], [other]) => other.length - one.length);
  }

  /** The paths for which tokens are asked. */
  get resources(): readonly string[] {
    return this.#mounts.flatMap(([, { resource }]) => resource ?? []);
  }

  /** Whether any web sockets are passed on. */
  get takeSockets(): boolean {
    return this.#mounts.some(([, { ws }]) => ws);
  }

  /** What is mounted at a path or above it; `undefined` too where a server may take it for one that a token is asked for. */
  find(path: string): Mounted | undefined {
    if (leadsUp(path)) return undefined;
    const found = this.#mounts.find(([start]) => isAt(path, start));
    if (found === undefined || found[1].resource !== undefined) return found?.[1];
    const loose = asReadLoosely(path);
    const isGuarded = this.#mounts.some(
      ([start, { resource }]) =>
        resource !== undefined && start.length > found[0].length && isAt(loose, asReadLoosely(start)),
    );
    return isGuarded ? undefined : found[1];
  }

  /** Cuts what goes on for a principal. */
  end(principalId: string): void {
    for (const [, mounted] of this.#mounts) mounted.end(principalId);
  }
}

function isAt(path: string, start: string): boolean {
  return path === start || path.startsWith(`${start}/`);
}

/** Whether a path has dots for names (RFC 3986, section 5.2.4): they would lead out of what is mounted. */
function leadsUp(path: string): boolean {
  return namesIn(path).some((name) => /^\.{1,2}$/.test(name));
}

/** Two paths that some server may take for the same are the same so. The proxy itself drops slashes that follow a slash. */
function asReadLoosely(path: string): string {
  const names = namesIn(path).filter((name) => name !== '');
  return `/${names.join('/')}`.toLowerCase();
}

/** The names of a path, decoded. What follows a semicolon is not part of a name for Tomcat and its like. */
function namesIn(path: string): string[] {
  const plain = path.replace(/%([\da-f]{2})/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
  return plain.split(/[/\\]/).map((name) => name.replace(/;.*$/s, ''));
}
