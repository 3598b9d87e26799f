import type { UpstreamSettings } from '../config/settings.ts';
import type { BridgeError } from '../errors.ts';
import type { Log } from '../log.ts';
import { type Answer, type Client, type Exchange, NOBODY } from '../protocol/exchange.ts';
import { type Notification, notificationFrame } from '../protocol/message.ts';
import { RawJson } from '../protocol/raw-json.ts';
import { LATEST_2025 } from '../protocol/revisions.ts';
import { addresseeOf, answererOf } from './attribution.ts';
import type { OpenChannel } from './channel.ts';
import { shakeHands } from './handshake.ts';
import { type Lane, Lanes } from './lanes.ts';
import type { Link, LinkEvents } from './link.ts';
import { createRedactor, type Redact } from './redact.ts';
import { StandingRequests } from './standing-requests.ts';
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

/** A configured server, and the links that serve its clients. */
export class Upstream {
  readonly settings: UpstreamSettings;
  /** For words of the server that are quoted. */
  readonly redact: Redact;
  readonly #listeners = new Set<UpstreamListener>();
  readonly #options: UpstreamOptions;
  readonly #lanes: Lanes;
  readonly #standing: StandingRequests;
  /** Sessions that have said that they are ready. Their processes are told so, also those that are started for them later. */
  readonly #initialized = new WeakSet<Client>();
  /** Requests that are being answered. */
  #inFlight = 0;
  #drained = () => {};
  /** Whether a link has been opened already, so that it is known how the server asks. */
  #isKnown = false;

  constructor(options: UpstreamOptions) {
    this.#options = options;
    this.settings = options.settings;
    this.redact = createRedactor(options.settings.env);
    const { name, isolation, maxLinks } = options.settings;
    this.#standing = new StandingRequests({
      name,
      request: (frame, exchange) => this.request(frame, exchange),
      log: options.log,
    });
    this.#lanes = new Lanes({
      name,
      isolation,
      maxLinks,
      createLane: (opening, client) => this.#createLane(opening, client),
    });
  }

  get name(): string {
    return this.settings.name;
  }

  /** The lane of all clients without one of their own. */
  get sharedLane(): Lane {
    return this.#lanes.shared;
  }

  get shared(): Supervisor {
    return this.sharedLane.supervisor;
  }

  get state(): LinkState {
    return this.shared.state;
  }

  /** How many processes it has now. */
  get links(): number {
    return this.#lanes.all.filter(({ supervisor }) => ['starting', 'ready'].includes(supervisor.state)).length;
  }

  /** Lets somebody hear what happens here. Returns what ends that. */
  listen(listener: UpstreamListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Takes the place of another one, which is of the same name: what clients want of its links is wanted of this one's. */
  succeed(before: Upstream): void {
    this.sharedLane.interests.inherit(before.sharedLane.interests);
    this.#standing.succeed(before.#standing, before.#lanes.all);
  }

  /** Starts the shared link, unless it is to wait for the first request. Failures are logged and retried. */
  start(): void {
    if (!this.settings.lazy) this.shared.acquire().catch(() => {}); // The supervisor has logged it.
  }

  /** For how long a client's link has been starting now, in milliseconds; 0 when it is not. */
  startingFor(client: Client): number {
    const lane = this.#awaitsVerdict(client) ? this.sharedLane : this.#lanes.find(client);
    return lane?.supervisor.startingFor ?? 0;
  }

  /** The link that serves a client, started if need be. @throws BridgeError when it cannot be started. */
  async link(client: Client): Promise<Link> {
    const { supervisor } = await this.#laneFor(client);
    return supervisor.acquire();
  }

  /** Whether a client's link is up, and its server has declared a capability. */
  declares(client: Client, capability: string): boolean {
    const link = this.#lanes.find(client)?.supervisor.link;
    return link?.opened.raw('capabilities')?.has(capability) === true;
  }

  /** Whether a client has its server to itself. */
  isOwn(client: Client): boolean {
    return this.#lanes.needsOwn(client);
  }

  /** Whether a client hears what a lane's server tells. */
  serves(client: Client, lane: Lane): boolean {
    return this.#lanes.serves(client, lane);
  }

  /** Whether the client is without the link of its own that it should have, as that has failed. */
  failsToServe(client: Client): boolean {
    const lane = this.#lanes.find(client);
    return lane?.owner !== undefined && lane.supervisor.state === 'failed';
  }

  /** Answers an exchange on the client's link, which is started if need be. `frame`: its request as the server is to see it. */
  async request(frame: RawJson, exchange: Exchange): Promise<Answer> {
    this.#inFlight += 1;
    try {
      return await this.#request(frame, exchange);
    } finally {
      this.#inFlight -= 1;
      if (this.#inFlight === 0) this.#drained();
    }
  }

  async #request(frame: RawJson, exchange: Exchange): Promise<Answer> {
    const { client, cancellation } = exchange;
    const lane = this.#lanes.find(client) ?? (await this.#laneFor(client));
    const link = lane.supervisor.link ?? (await lane.supervisor.acquire());
    if (client.listens || client === NOBODY) return link.request(frame, exchange);
    // Who is known for one request says with it what others say once and for all.
    const taint = () => {
      lane.isTainted = true;
    };
    cancellation.add(taint);
    // A task stops when its server thinks fit, and may go on asking until then.
    if (exchange.method === 'tasks/cancel') taint();
    this.#standing.lendLevel(lane, link, client);
    try {
      return await link.request(frame, exchange);
    } catch (error) {
      taint();
      throw error;
    } finally {
      cancellation.delete(taint);
      lane.interests.setLevel(client, undefined);
    }
  }

  /** Has the server tell a client of a resource's updates. `frame`: the request, with the server's own URI. */
  async subscribe(frame: RawJson, exchange: Exchange): Promise<Answer> {
    return this.#standing.subscribe(await this.#laneFor(exchange.client), frame, exchange);
  }

  async unsubscribe(frame: RawJson, exchange: Exchange): Promise<Answer> {
    return this.#standing.unsubscribe(await this.#laneFor(exchange.client), frame, exchange);
  }

  /** Has the server log what a client wants; those that share a link get the most verbose level that any of them wants. */
  async setLevel(frame: RawJson, exchange: Exchange): Promise<Answer> {
    return this.#standing.setLevel(await this.#laneFor(exchange.client), frame, exchange);
  }

  /** Hands on a notification of a client, unless it is about the client itself and others share the link. */
  notify(client: Client, { method, frame }: Notification): void {
    if (method === 'notifications/initialized') this.#initialized.add(client);
    const lane = this.#lanes.find(client);
    if (!lane || (lane.owner !== client && ABOUT_CLIENT.has(method))) return;
    if (method === 'notifications/initialized') {
      if (lane.initialized) return; // It is told with the start of its process, and once.
      lane.initialized = true;
    }
    lane.supervisor.link?.notify(frame);
  }

  /** Forgets what a client wanted of the shared link. */
  async release(client: Client): Promise<void> {
    await this.#standing.drop(this.sharedLane, client);
  }

  /**
   * Ends all its processes once nothing is being answered here. For a server that gets nothing new any more.
   * @param answered resolves when nobody can be on the way here that has set out before.
   */
  async retire(answered: Promise<unknown> = Promise.resolve()): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const isLate = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, ON_THE_WAY).unref();
    });
    await Promise.race([answered, isLate]);
    clearTimeout(timer);
    if (this.#inFlight > 0)
      await new Promise<void>((resolve) => {
        this.#drained = resolve;
      });
    await this.close();
  }

  /** Ends all its processes. Twice without harm; resolves when they are gone. */
  async close(options?: { immediately?: boolean }): Promise<void> {
    await this.#lanes.close(options);
  }

  async #laneFor(client: Client): Promise<Lane> {
    if (this.#awaitsVerdict(client)) await this.shared.acquire().catch(() => {}); // Then it is not known yet, and the client gets its own.
    return client.tenure === 'call'
      ? this.#lanes.takeInTurn(client, this.settings.startTimeout)
      : this.#lanes.take(client);
  }

  /** Whether a link that is being opened will tell if the client needs one of its own, which would be a process too many. */
  #awaitsVerdict(client: Client): boolean {
    return !this.#isKnown && this.shared.state === 'starting' && this.#lanes.needsOwn(client);
  }

  #createLane(opening: RawJson | undefined, client: Client | undefined): Lane {
    const { settings, open, info, log } = this.#options;
    const { startTimeout, callTimeout, idleTimeout, protocol } = settings;
    const events: LinkEvents = {
      notification: (notification, inFlight) => this.#dispatch(notification, inFlight, lane),
      ask: (ask, inFlight) => answererOf(ask, inFlight, lane.owner)?.ask(ask),
    };
    const supervisor = new Supervisor({
      name: this.name,
      open,
      shakeHands: (peer) =>
        shakeHands({
          peer,
          protocol,
          opening: opening ?? this.#sharedOpening(),
          info,
          timeout: startTimeout,
          events,
          log,
        }),
      up: (link) => this.#onUp(link, lane),
      down: (reason) => lane === this.sharedLane && this.#emit((listener) => listener.down?.(reason)),
      callTimeout,
      idleTimeout,
      eager: !opening && !settings.lazy,
      log,
    });
    const lane: Lane = {
      opening,
      supervisor,
      interests: this.#standing.interestsOf(client),
      owner: undefined,
      initialized: client === undefined || this.#initialized.has(client),
      isTainted: false,
    };
    return lane;
  }

  /** What many clients share is told of no input capability, unless the owner wants its questions to be tried all the same. */
  #sharedOpening(): RawJson {
    const capabilities = this.settings.isolation === 'shared' ? { elicitation: {}, sampling: {} } : {};
    return RawJson.of({ protocolVersion: LATEST_2025, capabilities, clientInfo: this.#options.info });
  }

  #onUp(link: Link, lane: Lane): void {
    this.#isKnown = true;
    this.#lanes.everybodyShares = link.asksWithinCalls;
    if (lane.initialized) link.notify(notificationFrame('notifications/initialized'));
    if (lane === this.sharedLane) this.#standing.share(lane, (client) => this.isOwn(client));
    this.#standing.repeat(lane, link);
    // What can be started for all can be started for those whose own process failed, too.
    if (lane === this.sharedLane) for (const { owner, supervisor } of this.#lanes.all) if (owner) supervisor.forgive();
    this.#emit((listener) => listener.up?.(lane));
  }

  #dispatch(notification: Notification, inFlight: readonly Exchange[], lane: Lane): void {
    const { method, frame } = notification;
    const addressee = addresseeOf(method, inFlight);
    if (addressee === 'all') this.#emit((listener) => listener.notification?.(notification, lane));
    else if (addressee === 'nobody') this.#options.log.debug(`${this.name}: dropped ${method}, as it names no call`);
    else addressee.notify(frame);
  }

  #emit(call: (listener: UpstreamListener) => void): void {
    for (const listener of this.#listeners) call(listener);
  }
}

/** Longer than finding out whose a tool is; whoever takes longer waits for another server. Milliseconds. */
const ON_THE_WAY = 10_000;

const ABOUT_CLIENT = new Set(['notifications/initialized', 'notifications/roots/list_changed']);
