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
  /** By their places: what stands before the last part of their paths, without slashes around it; empty for the main one. */
  readonly relays: ReadonlyMap<string, Relay>;
  /** What stands before all paths. Default: nothing. */
  readonly base?: string;
}

/** What is served at one path. */
export interface Endpoint {
  /** The path by which clients know it, and under which tokens are bound; that of its stream where messages are sent elsewhere. */
  readonly resource: string;
  /** Which of the relays it leads to. */
  readonly place: string;
  /** Serves a request of a principal's. Never throws. */
  serve(request: IncomingMessage, response: ServerResponse, principal: Principal): void;
}

/** The MCP endpoints over HTTP: each catalog under its own paths, over both transports unless one was asked for. */
export class Endpoints {
  readonly #routes = new Map<string, Endpoint>();
  readonly #base: string;
  readonly #streamable: Sessions<HttpSession>;
  readonly #sse: Sessions<SseSession>;
  readonly #store = new EventStore(MAX_STORED);
  readonly #bodies: BodyReader;
  readonly #relays = new Map<string, Relay>();
  readonly #stateless = new Map<string, Stateless>();
  /** What is being answered, and to which principal, by its id. */
  readonly #answering = new Map<ServerResponse, string>();
  readonly #settings: EndpointSettings;

  constructor({ settings, relays, base = '' }: EndpointsOptions) {
    const limits = { timeout: settings.sessionTimeout, max: settings.maxSessions };
    this.#settings = settings;
    this.#base = base;
    this.#streamable = new Sessions(limits);
    this.#sse = new Sessions(limits);
    this.#bodies = new BodyReader({ max: settings.maxMessage, hint: ' (--max-message)' });
    this.update(relays);
  }

  /** By their paths. They change with the relays. */
  get routes(): ReadonlyMap<string, Endpoint> {
    return this.#routes;
  }

  /** Serves these relays from now on. What goes on at places that are no more is ended. */
  update(relays: ReadonlyMap<string, Relay>): void {
    for (const [place, relay] of this.#relays) if (relays.get(place) !== relay) this.#close(place, relay);
    for (const [place, relay] of relays) {
      if (this.#relays.has(place)) continue;
      this.#relays.set(place, relay);
      for (const [path, endpoint] of this.#routesTo(place, relay)) this.#routes.set(path, endpoint);
    }
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
    for (const stateless of this.#stateless.values()) stateless.end(principalId);
    for (const [response, id] of this.#answering) if (id === principalId) response.destroy();
    for (const relay of this.#relays.values()) relay.end(principalId);
  }

  /** Ends all sessions, and what others wait for. */
  close(): void {
    for (const stateless of this.#stateless.values()) stateless.close();
    this.#streamable.closeAll();
    this.#sse.closeAll();
  }

  #close(place: string, relay: Relay): void {
    this.#relays.delete(place);
    this.#stateless.get(place)?.close();
    this.#stateless.delete(place);
    for (const sessions of [this.#streamable, this.#sse]) sessions.closeWhere((session) => session.relay === relay);
    for (const [path, endpoint] of this.#routes) if (endpoint.place === place) this.#routes.delete(path);
  }

  #routesTo(place: string, relay: Relay): [string, Endpoint][] {
    const { outputTransport, recreateSessions } = this.#settings;
    const { streamableHttpPath, ssePath, messagePath } = this.#pathsOf(place);
    const routes: [string, Endpoint][] = [];
    if (outputTransport !== 'sse') {
      const stateless = new Stateless({ relay });
      this.#stateless.set(place, stateless);
      const streamable = new StreamableHttp({
        relay,
        stateless,
        sessions: this.#streamable,
        store: this.#store,
        bodies: this.#bodies,
        recreateSessions,
      });
      const serve: Endpoint['serve'] = (...args) => streamable.handle(...args);
      routes.push([streamableHttpPath, this.#endpoint({ resource: streamableHttpPath, place, serve })]);
    }
    if (outputTransport !== 'streamableHttp') {
      const sse = new Sse({ relay, sessions: this.#sse, bodies: this.#bodies, messagePath });
      const common = { resource: ssePath, place };
      routes.push([ssePath, this.#endpoint({ ...common, serve: (...args) => sse.handleStream(...args) })]);
      routes.push([messagePath, this.#endpoint({ ...common, serve: (...args) => sse.handleMessage(...args) })]);
    }
    return routes;
  }

  /** The main one's paths are the owner's choice. */
  #pathsOf(place: string): Paths {
    if (place === '') return under(this.#base, this.#settings);
    return under(`${this.#base}/${place}`, { streamableHttpPath: '/mcp', ssePath: '/sse', messagePath: '/message' });
  }

  /** An endpoint that can be kept from answering a principal any further. */
  #endpoint({ resource, place, serve }: Endpoint): Endpoint {
    return {
      resource,
      place,
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
