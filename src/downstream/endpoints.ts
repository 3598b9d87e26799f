import type { RequestListener } from 'node:http';
import type { Settings } from '../config/settings.ts';
import type { Relay } from '../relay/relay.ts';
import { BodyReader } from './body.ts';
import { EventStore } from './event-store.ts';
import type { HttpSession } from './http-session.ts';
import { Sessions } from './sessions.ts';
import { Sse, type SseSession } from './sse.ts';
import { Stateless } from './stateless/stateless.ts';
import { StreamableHttp } from './streamable-http.ts';

export interface EndpointsOptions {
  readonly settings: Settings;
  /** Serves all upstreams. */
  readonly merged: Relay;
  /** Serve one upstream each, by its name. */
  readonly single: ReadonlyMap<string, Relay>;
}

/** The MCP endpoints over HTTP: each catalog under its own paths, over both transports unless one was asked for. */
export class Endpoints {
  readonly routes: ReadonlyMap<string, RequestListener>;
  readonly #streamable: Sessions<HttpSession>;
  readonly #sse: Sessions<SseSession>;
  readonly #store = new EventStore(MAX_STORED);
  readonly #bodies: BodyReader;
  readonly #stateless: Stateless[] = [];
  readonly #settings: Settings;

  constructor({ settings, merged, single }: EndpointsOptions) {
    const limits = { timeout: settings.sessionTimeout, max: settings.maxSessions };
    this.#settings = settings;
    this.#streamable = new Sessions(limits);
    this.#sse = new Sessions(limits);
    this.#bodies = new BodyReader(settings.maxMessage);
    const { streamableHttpPath, ssePath, messagePath } = settings;
    this.routes = new Map([
      ...this.#routesTo(merged, { streamableHttpPath, ssePath, messagePath }),
      ...[...single].flatMap(([name, relay]) => this.#routesTo(relay, pathsOf(name))),
    ]);
  }

  /** How many sessions are open over each transport. */
  get sessions(): { readonly streamableHttp: number; readonly sse: number } {
    return { streamableHttp: this.#streamable.size, sse: this.#sse.size };
  }

  /** Ends all sessions, and what others wait for. */
  close(): void {
    for (const stateless of this.#stateless) stateless.close();
    this.#streamable.closeAll();
    this.#sse.closeAll();
  }

  #routesTo(relay: Relay, { streamableHttpPath, ssePath, messagePath }: Paths): [string, RequestListener][] {
    const { outputTransport, recreateSessions } = this.#settings;
    const routes: [string, RequestListener][] = [];
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
      routes.push([streamableHttpPath, (request, response) => streamable.handle(request, response)]);
    }
    if (outputTransport !== 'streamableHttp') {
      const sse = new Sse({ relay, sessions: this.#sse, bodies: this.#bodies, messagePath });
      routes.push([ssePath, (request, response) => sse.handleStream(request, response)]);
      routes.push([messagePath, (request, response) => sse.handleMessage(request, response)]);
    }
    return routes;
  }
}

/** Characters of sent events that are kept for clients that come back. */
const MAX_STORED = 64 * 1024 * 1024;

type Paths = Pick<Settings, 'streamableHttpPath' | 'ssePath' | 'messagePath'>;

/** The paths of one server. Its name may hold anything. */
function pathsOf(server: string): Paths {
  const base = `/servers/${encodeURIComponent(server)}`;
  return { streamableHttpPath: `${base}/mcp`, ssePath: `${base}/sse`, messagePath: `${base}/message` };
}
