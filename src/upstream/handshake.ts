import type { Protocol } from '../config/settings.ts';
import { BridgeError, messageOf } from '../errors.ts';
import type { Log } from '../log.ts';
import { withEnvelope } from '../protocol/envelope.ts';
import type { Answer } from '../protocol/exchange.ts';
import { requestFrame } from '../protocol/message.ts';
import { RawJson } from '../protocol/raw-json.ts';
import { STATELESS } from '../protocol/revisions.ts';
import type { Link, LinkEvents } from './link.ts';
import type { Peer } from './peer.ts';
import { SessionLink } from './session-link.ts';
import { StatelessLink } from './stateless-link.ts';

export interface HandshakeOptions {
  readonly peer: Peer;
  /** Whether the revisions with sessions are spoken, 2026-07-28, or what the server turns out to speak. */
  readonly protocol: Protocol;
  /** The `params` of `initialize`. */
  readonly opening: RawJson;
  /** How the bridge introduces itself: `Implementation` of the specification. */
  readonly info: RawJson;
  /** For all of it, milliseconds. */
  readonly timeout: number;
  readonly events: LinkEvents;
  readonly log: Log;
}

/**
 * Finds out what the server speaks, on the one connection there is: `initialize` first, which servers of both eras have
 * always been sent first; one that refuses it, for whatever reason, is asked with `server/discover`.
 * @throws BridgeError `UPSTREAM_START` when it answers neither, dies, or stays silent.
 */
export async function shakeHands(options: HandshakeOptions): Promise<Link> {
  const { peer, protocol, timeout } = options;
  const deadline = Date.now() + timeout;
  if (protocol === '2026') return stateless(options, await discover(options, deadline));
  const answer = await initialize(options);
  const result = resultOf(answer, peer, 'initialize');
  if (result) return new SessionLink({ peer, opened: result, events: options.events });
  const refusal = refusalOf(answer, peer, 'initialize');
  if (protocol === '2025') throw refusal;
  const discovered = await discover(options, Math.min(deadline, Date.now() + PATIENCE)).catch((error: BridgeError) => {
    // Some are silent to what they do not know; that they refused the first says more then.
    throw error.code === 'UPSTREAM_START' ? refusal : error;
  });
  if (!discovered.has('result')) throw refusal;
  return stateless(options, discovered);
}

/** For the second question, to a server that is up, as it has answered the first. Milliseconds. */
const PATIENCE = 5000;

function initialize({ peer, protocol, opening, timeout }: HandshakeOptions): Promise<Answer> {
  const rare = protocol === 'auto' ? `; if it speaks nothing but ${STATELESS}, set "protocol": "2026"` : '';
  const message = `no answer to initialize within ${timeout} ms; try its command alone, or raise --start-timeout${rare}`;
  return peer.ask(requestFrame('initialize', opening), { timeout, message });
}

function discover({ peer, info, timeout }: HandshakeOptions, deadline: number): Promise<Answer> {
  const envelope = { capabilities: RawJson.of({}), info, logLevel: undefined };
  const request = withEnvelope(requestFrame('server/discover'), envelope);
  const message = `no answer to server/discover within ${timeout} ms`;
  return peer.ask(request, { timeout: Math.max(1, deadline - Date.now()), message });
}

function stateless({ peer, info, events, log }: HandshakeOptions, answer: Answer): Link {
  const discovered = resultOf(answer, peer, 'server/discover');
  if (!discovered) throw refusalOf(answer, peer, 'server/discover');
  const versions = discovered.get('supportedVersions');
  if (!Array.isArray(versions) || !versions.includes(STATELESS)) {
    const known = JSON.stringify(versions ?? null);
    throw new BridgeError(
      'UPSTREAM_START',
      `${peer.name}: the server speaks ${known}, and ${STATELESS} is not among them`,
    );
  }
  const link = new StatelessLink({ peer, discovered, info, events });
  link.listen().catch((error) => {
    if (!isEnd(error)) log.warn(`${peer.name}: does not tell of changes: ${messageOf(error)}`);
  });
  return link;
}

/** Whether a request failed because its server is gone, which is reported elsewhere. */
function isEnd(error: unknown): boolean {
  return error instanceof BridgeError && (error.code === 'CLOSED' || error.code === 'UPSTREAM_EXITED');
}

/** Other answers pass unread; this one is read by many from now on. */
function resultOf({ text }: Answer, peer: Peer, method: string): RawJson | undefined {
  try {
    const result = RawJson.parse(text).raw('result');
    return result?.isObject ? result : undefined;
  } catch (cause) {
    const message = `${peer.name}: the answer to ${method} is broken: ${messageOf(cause)}`;
    throw new BridgeError('UPSTREAM_START', message, { cause });
  }
}

function refusalOf(answer: Answer, peer: Peer, method: string): BridgeError {
  const why = answer.raw('error')?.string('message') ?? 'the answer is no object';
  return new BridgeError('UPSTREAM_START', `${peer.name}: the server refused ${method}: ${peer.redact(why)}`);
}
