import type { UpstreamSettings } from '../config/settings.ts';
import { BridgeError, messageOf } from '../errors.ts';
import type { Log } from '../log.ts';
import {
  type Answer,
  type Ask,
  type Client,
  canBeAsked,
  capabilityFor,
  type Exchange,
  NOBODY,
  ownExchange,
} from '../protocol/exchange.ts';
import { type Notification, notificationFrame } from '../protocol/message.ts';
import { RawJson } from '../protocol/raw-json.ts';
import { LATEST_2025 } from '../protocol/revisions.ts';
import type { OpenChannel } from './channel.ts';
import { Interests } from './interests.ts';
import type { Link } from './link.ts';
import { createRedactor, type Redact } from './redact.ts';
import { type LinkState, Supervisor } from './supervisor.ts';

export interface UpstreamOptions {
  readonly settings: UpstreamSettings;
  readonly open: OpenChannel;
  /** How the bridge introduces itself to a server that many clients share: `Implementation` of the specification. */
  readonly info: RawJson;
  readonly log: Log;
}

/** What the stages downstream hear of an upstream. */
export interface UpstreamListener {
  /** A notification that belongs to no call in flight. `lane` tells whom it may concern. */
  notification?(notification: Notification, lane: Lane): void;
  /** A lane's link has been opened, or opened again. */
  up?(lane: Lane): void;
  /** The shared link could not be opened, or has ended without having been told to. */
  down?(reason: BridgeError): void;
}

/** A link with the clients it serves: one of their own, or all that share it. */
export interface Lane {
  readonly owner: Client | undefined;
  readonly supervisor: Supervisor;
  readonly interests: Interests;
  /** Whether its clients have said `notifications/initialized`, so that a server started anew is told at once. */
  initialized: boolean;
}

/** A configured server, and the links that serve its clients. */
export class Upstream {
  readonly settings: UpstreamSettings;
  /** For words of the server that are quoted. */
  readonly redact: Redact;
  readonly listeners = new Set<UpstreamListener>();
  readonly #options: UpstreamOptions;
  /** The lane of all clients without one of their own. */
  readonly sharedLane: Lane;
  readonly #own = new Map<Client, Lane>();
  /** Own links on their way out. */
  readonly #ending = new Set<Supervisor>();

  constructor(options: UpstreamOptions) {
    this.#options = options;
    this.settings = options.settings;
    this.redact = createRedactor(options.settings.env);
    this.sharedLane = this.#createLane(undefined);
  }

  get name(): string {
    return this.settings.name;
  }

  get shared(): Supervisor {
    return this.sharedLane.supervisor;
  }

  get state(): LinkState {
    return this.shared.state;
  }

  /** How many processes it has now. */
  get links(): number {
    const lanes = [this.sharedLane, ...this.#own.values()];
    return lanes.filter(({ supervisor }) => ['starting', 'ready'].includes(supervisor.state)).length;
  }

  /** Starts the shared link, unless it is to wait for the first request. Failures are logged and retried. */
  start(): void {
    if (!this.settings.lazy) this.shared.acquire().catch(() => {}); // The supervisor has logged it.
  }

  /**
   * The lane that serves a client: of its own when the server could ask it something (a question names no call, so who is
   * meant must be known by construction) or when the configuration says so, else the shared one.
   * @throws BridgeError when the client needs a process of its own and there are too many already.
   */
  laneFor(client: Client): Lane {
    if (!this.#needsOwnLane(client)) return this.sharedLane;
    const existing = this.#own.get(client);
    if (existing) return existing;
    if (client.closed.reason) throw new BridgeError('CLOSED', `${this.name}: the session has ended`);
    const { maxLinks } = this.settings;
    if (this.#own.size + 1 >= maxLinks) {
      const message = `${this.name}: ${maxLinks} processes are running for other clients; close one, or raise "maxLinks"`;
      throw new BridgeError('BUSY', message);
    }
    const lane = this.#createLane(client);
    this.#own.set(client, lane);
    client.closed.add(() => this.#closeOwn(client, lane));
    return lane;
  }

  /** Whether this is the client's lane. */
  serves(client: Client, lane: Lane): boolean {
    return lane.owner ? lane.owner === client : !this.#needsOwnLane(client);
  }

  /** Whether the client is without the link of its own that it should have, as that has failed. */
  failsToServe(client: Client): boolean {
    return this.#own.get(client)?.supervisor.state === 'failed';
  }

  /** Answers an exchange on the client's link, which is started if need be. `frame`: its request as the server is to see it. */
  async request(frame: RawJson, exchange: Exchange): Promise<Answer> {
    const { supervisor } = this.laneFor(exchange.client);
    const link = supervisor.link ?? (await supervisor.acquire());
    return link.request(frame, exchange);
  }

  /** Hands on a notification of a client, unless it is about the client itself and others share the link. */
  notify(client: Client, { method, frame }: Notification): void {
    const lane = this.#needsOwnLane(client) ? this.#own.get(client) : this.sharedLane;
    if (!lane || (!lane.owner && ABOUT_CLIENT.has(method))) return;
    if (method === 'notifications/initialized') lane.initialized = true;
    lane.supervisor.link?.notify(frame);
  }

  /** Forgets what a client wanted of the shared link. */
  async release(client: Client): Promise<void> {
    const unwanted = this.sharedLane.interests.drop(client);
    for (const uri of unwanted) await this.#tell(this.shared.link, 'resources/unsubscribe', { uri });
  }

  /** Ends all its processes. Twice without harm; resolves when they are gone. */
  async close(options?: { immediately?: boolean }): Promise<void> {
    const own = [...this.#own.values()].map(({ supervisor }) => supervisor);
    await Promise.all([this.shared, ...own, ...this.#ending].map((supervisor) => supervisor.close(options)));
  }

  #needsOwnLane(client: Client): boolean {
    const { isolation } = this.settings;
    if (client.transient || isolation === 'shared') return false;
    return isolation === 'session' || canBeAsked(client);
  }

  #createLane(owner: Client | undefined): Lane {
    const { settings, open, log } = this.#options;
    const interests = new Interests();
    const supervisor: Supervisor = new Supervisor({
      name: this.name,
      open,
      opening: owner?.opening ?? this.#sharedOpening(),
      startTimeout: settings.startTimeout,
      callTimeout: settings.callTimeout,
      idleTimeout: settings.idleTimeout,
      eager: !owner && !settings.lazy,
      log,
      events: {
        notification: (notification, inFlight) => this.#dispatch(notification, inFlight, lane),
        ask: (ask, inFlight) => answererOf(ask, inFlight, owner)?.ask(ask),
        up: (link) => this.#onUp(link, lane),
        down: (reason) => !owner && this.#emit((listener) => listener.down?.(reason)),
      },
    });
    const lane: Lane = { owner, supervisor, interests, initialized: !owner };
    return lane;
  }

  /** What many clients share is told of no input capability, unless the owner wants its questions to be tried all the same. */
  #sharedOpening(): RawJson {
    const capabilities = this.settings.isolation === 'shared' ? { elicitation: {}, sampling: {} } : {};
    return RawJson.of({ protocolVersion: LATEST_2025, capabilities, clientInfo: this.#options.info });
  }

  #onUp(link: Link, lane: Lane): void {
    if (lane.initialized) link.notify(notificationFrame('notifications/initialized'));
    const { level, uris } = lane.interests;
    if (level !== undefined) this.#tell(link, 'logging/setLevel', { level });
    for (const uri of uris) this.#tell(link, 'resources/subscribe', { uri });
    // What can be started for all can be started for those whose own process failed, too.
    if (!lane.owner) for (const { supervisor } of this.#own.values()) supervisor.forgive();
    this.#emit((listener) => listener.up?.(lane));
  }

  async #tell(link: Link | undefined, method: string, params: object): Promise<void> {
    const exchange = ownExchange(method, params);
    await link?.request(exchange.frame, exchange).catch((error) => {
      this.#options.log.debug(`${this.name}: ${method} failed: ${messageOf(error)}`);
    });
  }

  /** A notification during the calls of a single client is about them; it rides on the newest one's answer. */
  #dispatch(notification: Notification, exchanges: readonly Exchange[], lane: Lane): void {
    const inFlight = ofClients(exchanges);
    if (!isAddressed(notification.method)) {
      const newest = soleClientsNewest(inFlight);
      if (newest) return newest.notify(notification.frame);
      if (inFlight.length > 0) {
        // Several clients' calls: whose it is would be a guess.
        return this.#options.log.debug(`${this.name}: dropped ${notification.method}, as it names no call`);
      }
    }
    this.#emit((listener) => listener.notification?.(notification, lane));
  }

  #emit(call: (listener: UpstreamListener) => void): void {
    for (const listener of this.listeners) call(listener);
  }

  #closeOwn(client: Client, { supervisor }: Lane): void {
    this.#own.delete(client);
    this.#ending.add(supervisor);
    void supervisor.close().finally(() => this.#ending.delete(supervisor));
  }
}

/** Notifications that name what they are about, or concern everybody. */
function isAddressed(method: string): boolean {
  return method.endsWith('/list_changed') || ADDRESSED.has(method);
}

const ABOUT_CLIENT = new Set(['notifications/initialized', 'notifications/roots/list_changed']);
const ADDRESSED = new Set(['notifications/resources/updated', 'notifications/tasks/status']);

function soleClientsNewest(inFlight: readonly Exchange[]): Exchange | undefined {
  const newest = inFlight.at(-1);
  return inFlight.every(({ client }) => client === newest?.client) ? newest : undefined;
}

/** Who answers a server's question: the owner of the link, else the client whose calls alone are in flight. Never a guess. */
function answererOf(
  { request }: Ask,
  exchanges: readonly Exchange[],
  owner: Client | undefined,
): Pick<Client, 'ask'> | undefined {
  const inFlight = ofClients(exchanges);
  if (owner) return inFlight.at(-1) ?? owner;
  const newest = soleClientsNewest(inFlight);
  if (!newest && inFlight.length > 0) {
    const message = `${request.method}: calls of several clients are in flight, so whom to ask is unclear`;
    throw new BridgeError('BUSY', message);
  }
  const capability = capabilityFor(request.method);
  return newest && capability && capability in newest.client.capabilities ? newest : undefined;
}

/** The bridge's own requests are in flight too. */
function ofClients(exchanges: readonly Exchange[]): Exchange[] {
  return exchanges.filter(({ client }) => client !== NOBODY);
}
