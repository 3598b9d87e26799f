import { Cancellation } from './cancellation.ts';
import { errorFrame, METHOD_NOT_FOUND, type Notification, type Request, requestFrame } from './message.ts';
import { ANYONE, type Principal } from './principal.ts';
import { RawJson } from './raw-json.ts';

/**
 * One client request on its way through the bridge: the plain value in which every wire and every upstream meet.
 * A wire turns bytes into exchanges and answers into bytes; a link takes an exchange and answers it.
 */
export interface Exchange {
  readonly method: string;
  /** The request as received. Its id is the wire's own business. */
  readonly frame: RawJson;
  readonly client: Client;
  /** Tells that the client gave the request up. */
  readonly cancellation: Cancellation;
  /** Sends a notification (progress, a log message) onto this request's answer, in order. */
  notify(frame: RawJson): void;
  /** Asks the client something as part of this request. Rejects when it cannot be asked. */
  ask(ask: Ask): Promise<Answer>;
}

/** A response frame, result or error, with every member its sender gave it. Its id means nothing any more. */
export type Answer = RawJson;

/** A question of a server to a client: elicitation, sampling, roots, or a method that neither of us knows. */
export interface Ask {
  readonly request: Request;
  /** Aborted when the server gives the question up. */
  readonly signal: AbortSignal;
  /** Takes the client's progress on it. */
  progress(notification: Notification): void;
}

/** Who asks: a session from `initialize` to its end, or one request of a client that has none. */
export interface Client {
  /** On whose behalf it asks. */
  readonly principal: Principal;
  /** The `params` of its `initialize`, or what these would be: revision, capabilities, info, and what else it sent. */
  readonly opening: RawJson;
  readonly capabilities: Readonly<Record<string, unknown>>;
  /** For how long it may have a link of its own, where a server could ask it something. */
  readonly tenure: Tenure;
  /** Whether it hears what belongs to no request. */
  readonly listens: boolean;
  /**
   * Whether it reads what results say of themselves since 2026-07-28: how long they may be kept, and their type, which may be a question.
   * Then it is not asked, but comes back with the answer (basic/patterns/mrtr).
   */
  readonly readsResultTypes: boolean;
  /** Least level of log messages it wants; `undefined` when it never said. */
  readonly logLevel: string | undefined;
  /** Tells that the client is gone for good. */
  readonly closed: Cancellation;
  /** Sends a notification that belongs to no request. */
  send(frame: RawJson): void;
  /** Asks it something outside any request. */
  ask(ask: Ask): Promise<Answer>;
  /** Makes room for others: ends for good if nobody waits for it just now. Returns whether it does. */
  yield(): boolean;
}

/** For as long as its session lives; for one call, questions and all; or not at all. */
export type Tenure = 'session' | 'call' | 'none';

/** What a client must have declared before it may be asked. `undefined`: nothing. */
export function capabilityFor(method: string): 'elicitation' | 'sampling' | 'roots' | undefined {
  if (method.startsWith('elicitation/')) return 'elicitation';
  if (method.startsWith('sampling/')) return 'sampling';
  if (method.startsWith('roots/')) return 'roots';
  return undefined;
}

/** Whether a server may ever ask this client something; such clients get a process of their own. */
export function canBeAsked({ capabilities }: Client): boolean {
  return ['elicitation', 'sampling', 'roots'].some((capability) => capability in capabilities);
}

/** Whether something is a principal's, who may do no less and no more than when it began: a grant's tokens may differ in that. */
export function belongsTo(owned: { readonly principal: Principal }, { id, readOnly }: Principal): boolean {
  return owned.principal.id === id && owned.principal.readOnly === readOnly;
}

/** The exchange with another request in its place, made for the same client. */
export function withFrame(exchange: Exchange, frame: RawJson): Exchange {
  return derive(exchange, { method: frame.string('method') ?? exchange.method, frame });
}

/** The exchange with another way to be given up. */
export function withCancellation(exchange: Exchange, cancellation: Cancellation): Exchange {
  return derive(exchange, { cancellation });
}

function derive(exchange: Exchange, changes: Partial<Exchange>): Exchange {
  const { method, frame, client, cancellation } = exchange;
  const notify = (message: RawJson) => exchange.notify(message);
  const ask = (question: Ask) => exchange.ask(question);
  return { method, frame, client, cancellation, notify, ask, ...changes };
}

/** An exchange of the bridge's own: it has no client behind it that could be asked or told anything. */
export function ownExchange(method: string, params?: unknown): Exchange {
  return {
    method,
    frame: requestFrame(method, params),
    client: NOBODY,
    cancellation: new Cancellation(),
    notify() {},
    ask: NOBODY.ask,
  };
}

/** The client of the bridge's own exchanges. */
export const NOBODY: Client = {
  principal: ANYONE,
  opening: RawJson.of({}),
  capabilities: {},
  tenure: 'none',
  listens: false,
  readsResultTypes: false,
  logLevel: undefined,
  closed: new Cancellation(),
  send() {},
  yield: () => false,
  ask: ({ request }) => Promise.resolve(errorFrame(METHOD_NOT_FOUND, `No client here answers ${request.method}`)),
};
