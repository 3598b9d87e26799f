import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Settings } from '../config/settings.ts';
import type { Principal } from '../protocol/principal.ts';
import type { Relay } from '../relay/relay.ts';
import { BodyReader } from './body.ts';
import { EventStore } from './event-store.ts';
import type { HttpSession } from './http-session.ts';
import { Sessions } from './sessions.ts';
import { Sse, type SseSession } from './sse.ts';
import { Stateless } from './stateless/stateless.ts';
import { StreamableHttp } from './streamable-http.ts';

export interface EndpointsOptions {
  readonly settings: EndpointSettings;
  /** Serves all upstreams. */
  readonly merged: Relay;
  /** Serve one upstream each, by its name. */
  readonly single: ReadonlyMap<string, Relay>;
  /** What stands before all paths. Default: nothing. */
  readonly base?: string;
}

/** What is served at one path. */
export interface Endpoint {
  /** The path by which clients know it, and under which tokens are bound; that of its stream where messages are sent elsewhere. */
  readonly resource: string;
  /** The only upstream that it leads to; `undefined` where it leads to all. */
  readonly server: string | undefined;
  /** Serves a request of a principal's. Never throws. */
  serve(request: IncomingMessage, response: ServerResponse, principal: Principal): void;
}

/** The MCP endpoints over HTTP: each catalog under its own paths, over both transports unless one was asked for. */
export class Endpoints {
  /** By their paths. */
  readonly routes: ReadonlyMap<string, Endpoint>;
  readonly #streamable: Sessions<HttpSession>;
  readonly #sse: Sessions<SseSession>;
  readonly #store = new EventStore(MAX_STORED);
  readonly #bodies: BodyReader;
  readonly #relays: readonly Relay[];
  readonly #stateless: Stateless[] = [];
  /** What is being answered, and to which principal, by its id. */
  readonly #answering = new Map<ServerResponse, string>();
  readonly #settings: EndpointSettings;

  constructor({ settings, merged, single, base = '' }: EndpointsOptions) {
    const limits = { timeout: settings.sessionTimeout, max: settings.maxSessions };
    this.#settings = settings;
    this.#relays = [merged, ...single.values()];
    this.#streamable = new Sessions(limits);
    this.#sse = new Sessions(limits);
    this.#bodies = new BodyReader({ max: settings.maxMessage, hint: ' (--max-message)' });
    this.routes = new Map([
      ...this.#routesTo(merged, under(base, settings)),
      ...[...single].flatMap(([name, relay]) => this.#routesTo(relay, under(base, pathsOf(name)), name)),
    ]);
  }

  /** How many sessions are open over each transport. */
  get sessions(): { readonly streamableHttp: number; readonly sse: number } {
    return { streamableHttp: this.#streamable.size, sse: this.#sse.size };
  }

  /**
   * Ends all that goes on for a principal: sessions, streams, calls and what has come of them. Whoever it was is nobody any more,
   * so connections are cut and not taken leave of.
   */
  end(principalId: string): void {
    this.#streamable.closeOf(principalId);
    this.#sse.closeOf(principalId);
    for (const stateless of this.#stateless) stateless.end(principalId);
    for (const [response, id] of this.#answering) if (id === principalId) response.destroy();
    for (const relay of this.#relays) relay.end(principalId);
  }

  /** Ends all sessions, and what others wait for. */
  close(): void {
    for (const stateless of this.#stateless) stateless.close();
    this.#streamable.closeAll();
    this.#sse.closeAll();
  }

  #routesTo(relay: Relay, { streamableHttpPath, ssePath, messagePath }: Paths, server?: string): [string, Endpoint][] {
    const { outputTransport, recreateSessions } = this.#settings;
    const routes: [string, Endpoint][] = [];
    if (outputTransport !== 'sse') {
      const stateless = new Stateless({ relay });
      this.#stateless.push(stateless);
      const streamable = new StreamableHttp({
        relay,
        stateless,
        sessions: this.#streamable,
        store: this.#store,
        bodies: this.#bodies,
        recreateSessions,
      });
      const serve: Endpoint['serve'] = (...args) => streamable.handle(...args);
      routes.push([streamableHttpPath, this.#endpoint({ resource: streamableHttpPath, server, serve })]);
    }
    if (outputTransport !== 'streamableHttp') {
      const sse = new Sse({ relay, sessions: this.#sse, bodies: this.#bodies, messagePath });
      const place = { resource: ssePath, server };
      routes.push([ssePath, this.#endpoint({ ...place, serve: (...args) => sse.handleStream(...args) })]);
      routes.push([messagePath, this.#endpoint({ ...place, serve: (...args) => sse.handleMessage(...args) })]);
    }
    return routes;
  }

  /** An endpoint that can be kept from answering a principal any further. */
  #endpoint({ resource, server, serve }: Endpoint): Endpoint {
    return {
      resource,
      server,
      serve: (request, response, principal) => {
        this.#answering.set(response, principal.id);
        response.once('close', () => this.#answering.delete(response));
        serve(request, response, principal);
      },
    };
  }
}

/** Characters of sent events that are kept for clients that come back. */
const MAX_STORED = 64 * 1024 * 1024;

type EndpointSettings = Paths &
  Pick<Settings, 'outputTransport' | 'recreateSessions' | 'sessionTimeout' | 'maxSessions' | 'maxMessage'>;

type Paths = Pick<Settings, 'streamableHttpPath' | 'ssePath' | 'messagePath'>;

function under(base: string, { streamableHttpPath, ssePath, messagePath }: Paths): Paths {
  return { streamableHttpPath: base + streamableHttpPath, ssePath: base + ssePath, messagePath: base + messagePath };
}

/** The paths of one server. Its name may hold anything. */
function pathsOf(server: string): Paths {
  const base = `/servers/${encodeURIComponent(server)}`;
  return { streamableHttpPath: `${base}/mcp`, ssePath: `${base}/sse`, messagePath: `${base}/message` };
}
