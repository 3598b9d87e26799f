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

  /** What is mounted at a path or above it. */
  find(path: string): Mounted | undefined {
    if (leadsUp(path)) return undefined;
    return this.#mounts.find(([start]) => path === start || path.startsWith(`${start}/`))?.[1];
  }

  /** Cuts what goes on for a principal. */
  end(principalId: string): void {
    for (const [, mounted] of this.#mounts) mounted.end(principalId);
  }
}

/** Whether a path has dots for names (RFC 3986, section 5.2.4): they would lead out of what is mounted. */
function leadsUp(path: string): boolean {
  return path.split(/[/\\]|%2f|%5c/i).some((name) => /^(?:\.|%2e){1,2}$/i.test(name));
}
