import { messageOf } from '../errors.ts';
import type { Log } from '../log.ts';
import { type Answer, type Client, type Exchange, ownExchange } from '../protocol/exchange.ts';
import { resultFrame, withParams } from '../protocol/message.ts';
import type { RawJson } from '../protocol/raw-json.ts';
import { Interests } from './interests.ts';
import type { Lane } from './lanes.ts';
import type { Link } from './link.ts';

export interface StandingRequestsOptions {
  /** The server's. */
  readonly name: string;
  /** Answers an exchange on the client's link. */
  request(frame: RawJson, exchange: Exchange): Promise<Answer>;
  readonly log: Log;
}

/**
 * What clients ask of a server for as long as they stay: subscriptions, and levels of logging. It hears them once for all that share a
 * lane, and again when it was started anew.
 */
export class StandingRequests {
  readonly #options: StandingRequestsOptions;
  /** What sessions asked of processes of their own at an upstream before this one, until they have one here. */
  readonly #inherited = new Map<Client, Interests>();

  constructor(options: StandingRequestsOptions) {
    this.#options = options;
  }

  async subscribe({ interests, supervisor }: Lane, frame: RawJson, exchange: Exchange): Promise<Answer> {
    const uri = uriIn(frame);
    if (!interests.subscribe(exchange.client, uri)) return resultFrame({});
    let isSubscribed = false;
    try {
      const answer = await this.#options.request(frame, exchange);
      isSubscribed = answer.has('result');
      return answer;
    } finally {
      if (!isSubscribed) {
        interests.unsubscribe(exchange.client, uri);
        // Others rely on what this one began, and may have given up.
        if (interests.subscribersOf(uri).length > 0) void this.#tell(supervisor.link, 'resources/subscribe', { uri });
      }
    }
  }

  async unsubscribe({ interests }: Lane, frame: RawJson, exchange: Exchange): Promise<Answer> {
    const isLast = interests.unsubscribe(exchange.client, uriIn(frame));
    return isLast ? this.#options.request(frame, exchange) : resultFrame({});
  }

  async setLevel({ interests }: Lane, frame: RawJson, exchange: Exchange): Promise<Answer> {
    interests.setLevel(exchange.client, frame.raw('params')?.string('level') ?? '');
    const { level } = interests;
    return this.#options.request(level === undefined ? frame : withParams(frame, { level }), exchange);
  }

  /** Takes the level of a client that is known for one call only, which has to take it back. */
  lendLevel(lane: Lane, link: Link, client: Client): void {
    if (client.logLevel === undefined) return;
    lane.interests.setLevel(client, client.logLevel);
    const { level } = lane.interests;
    if (level !== undefined && level !== lane.interests.told) this.#tellLevel(lane, link, level);
  }

  /** Tells a server that was just started what its clients have asked for before. */
  repeat(lane: Lane, link: Link): void {
    const { level, uris } = lane.interests;
    lane.interests.told = undefined;
    if (level !== undefined) this.#tellLevel(lane, link, level);
    for (const uri of uris) void this.#tell(link, 'resources/subscribe', { uri });
  }

  /** Takes over what clients with a lane of their own have asked of another upstream. */
  succeed(before: StandingRequests, lanes: readonly Lane[]): void {
    for (const [client, interests] of before.#inherited) this.#inherited.set(client, interests);
    for (const { owner, interests } of lanes) if (owner?.tenure === 'session') this.#inherited.set(owner, interests);
  }

  /** Has the lane that all share take over what is inherited of clients that get none of their own here. */
  share({ interests }: Lane, hasOwn: (client: Client) => boolean): void {
    for (const [client, inherited] of this.#inherited) {
      if (hasOwn(client)) continue;
      interests.inherit(inherited);
      this.#inherited.delete(client);
    }
  }

  /** Those of a lane that is made for a client: what it has asked for before. */
  interestsOf(client: Client | undefined): Interests {
    const interests = new Interests();
    const inherited = client && this.#inherited.get(client);
    if (inherited) interests.inherit(inherited);
    if (client) this.#inherited.delete(client);
    return interests;
  }

  /** Forgets a client, and takes back what nobody else wants. */
  async drop({ interests, supervisor }: Lane, client: Client): Promise<void> {
    this.#inherited.delete(client);
    // All at once: whoever subscribes to one of them next must come later.
    await Promise.all(
      interests.drop(client).map((uri) => this.#tell(supervisor.link, 'resources/unsubscribe', { uri })),
    );
  }

  #tellLevel(lane: Lane, link: Link, level: string): void {
    lane.interests.told = level;
    if (link.opened.raw('capabilities')?.has('logging')) void this.#tell(link, 'logging/setLevel', { level });
  }

  async #tell(link: Link | undefined, method: string, params: object): Promise<void> {
    const { name, log } = this.#options;
    const exchange = ownExchange(method, params);
    await link?.request(exchange.frame, exchange).catch((error) => {
      log.debug(`${name}: ${method} failed: ${messageOf(error)}`);
    });
  }
}

function uriIn(frame: RawJson): string {
  return frame.raw('params')?.string('uri') ?? '';
}
