import type { Cancellation } from '../../protocol/cancellation.ts';
import { SERVER_INFO } from '../../protocol/envelope.ts';
import { type Answer, NOBODY } from '../../protocol/exchange.ts';
import {
  errorFrame,
  INTERNAL_ERROR,
  INVALID_PARAMS,
  INVALID_REQUEST,
  METHOD_NOT_FOUND,
  MessageError,
  type Notification,
  RESOURCE_NOT_FOUND,
  resultFrame,
  SERVER_ERROR,
  URL_ELICITATION_REQUIRED,
  withId,
  withParams,
  withResult,
} from '../../protocol/message.ts';
import type { Principal } from '../../protocol/principal.ts';
import { RawJson } from '../../protocol/raw-json.ts';
import { CACHEABLE, discoveredFrom, freshnessOf, MULTI_ROUND, REMOVED, STALE } from '../../protocol/stateless.ts';
import { LISTEN } from '../../protocol/subscriptions.ts';
import type { Relay } from '../../relay/relay.ts';
import { fairShare } from '../fair-share.ts';
import type { Outlet } from '../session.ts';
import { StatelessCall } from './call.ts';
import { ParkedCalls } from './parked-calls.ts';
import type { StatelessRequest } from './request.ts';
import { type Binding, digestOf, StateSeal } from './request-state.ts';
import { Subscription } from './subscription.ts';
import { isTask, StatelessTasks } from './tasks.ts';
import { isAccepted, urlQuestions } from './url-elicitation.ts';

export interface StatelessOptions {
  readonly relay: Relay;
  /** How long a call waits for its client's answers to what its server asks. Milliseconds. Default: 10 minutes. */
  readonly patience?: number;
  /** Most calls that wait so, and most tasks and subscriptions; one principal may have a quarter of them. Default: 1000. */
  readonly max?: number;
}

/** Serves the clients of 2026-07-28, who have no sessions. Knows messages, but no wire. */
export class Stateless {
  readonly #relay: Relay;
  readonly #max: number;
  readonly #seal = new StateSeal();
  readonly #parked: ParkedCalls;
  readonly #tasks: StatelessTasks;
  readonly #subscriptions = new Set<Subscription>();

  constructor({ relay, patience = PATIENCE, max = MAX }: StatelessOptions) {
    this.#relay = relay;
    this.#max = max;
    this.#parked = new ParkedCalls({ patience, max });
    this.#tasks = new StatelessTasks(relay, max);
  }

  /**
   * Answers a request. What there is to say meanwhile goes to `outlet`; `cancellation` tells that the client gave it up.
   * Resolves with the answer under the client's own id. Never rejects.
   */
  async serve(request: StatelessRequest, outlet: Outlet, cancellation: Cancellation): Promise<RawJson> {
    try {
      const answer = await this.#answer(request, outlet, cancellation);
      return withId(this.#complete(request.method, answer), request.id);
    } catch (error) {
      if (!(error instanceof MessageError)) throw error;
      return errorFrame(error.code, error.message, error.data, request.id);
    }
  }

  /** Takes a notification of a client. Those about requests are the wire's: servers know these by other ids. */
  notify(notification: Notification, principal: Principal): void {
    const { method } = notification;
    if (!REMOVED.has(method) && !ABOUT_REQUESTS.has(method)) this.#relay.notify({ ...NOBODY, principal }, notification);
  }

  /** The definition of the tool that a call names. */
  toolOf(request: StatelessRequest): Promise<RawJson | undefined> {
    return this.#relay.toolOf(new StatelessCall(request, 'none'));
  }

  /** Ends the subscriptions, with a last message to each. */
  endSubscriptions(): void {
    for (const subscription of this.#subscriptions) subscription.end();
  }

  /** Ends what goes on for a principal beyond an answer. */
  end(principalId: string): void {
    for (const subscription of this.#subscriptions) if (subscription.principal.id === principalId) subscription.end();
    this.#tasks.end(principalId);
    this.#parked.end(principalId);
  }

  /** Ends what goes on beyond an answer: subscriptions, tasks, and calls that wait for their clients. */
  close(): void {
    this.endSubscriptions();
    this.#tasks.close();
    this.#parked.close();
  }

  async #answer(request: StatelessRequest, outlet: Outlet, cancellation: Cancellation): Promise<Answer> {
    const { method } = request;
    if (REMOVED.has(method)) return errorFrame(METHOD_NOT_FOUND, `Method not found: ${method}`);
    const ofTask = await this.#tasks.answer(request);
    if (ofTask) return ofTask;
    if (method === LISTEN) return this.#listen(request, outlet, cancellation);
    // Nothing is begun for a client that is gone, and a call that waits for it goes on waiting.
    if (cancellation.reason) return errorFrame(INTERNAL_ERROR, cancellation.reason.message);
    const call = this.#callOf(request);
    const giveUp = (reason: Error) => call.cancel(reason);
    cancellation.add(giveUp);
    const ending = call.next(request, outlet);
    call.settle(request.frame.raw('params')?.raw('inputResponses'));
    const outcome = await ending;
    cancellation.delete(giveUp);
    return 'questions' in outcome
      ? this.#park(call, outcome.questions, request)
      : this.#sealed(outcome.answer, request);
  }

  /** The call that a request goes on with, or a new one. @throws MessageError -32602 when its state is not good for it. */
  #callOf(request: StatelessRequest): StatelessCall {
    const { method, frame } = request;
    const params = MULTI_ROUND.has(method) ? frame.raw('params') : undefined;
    if (!params?.has('requestState')) return this.#begin(request);
    const opened = this.#seal.open(params.string('requestState') ?? '', bindingOf(request));
    if ('call' in opened) return this.#parked.take(opened.call);
    return this.#begin({ ...request, frame: withParams(frame, { requestState: opened.server }) });
  }

  #begin(request: StatelessRequest): StatelessCall {
    const call = new StatelessCall({ ...request, frame: withoutTask(request.frame) });
    void call.start(() => (call.method === 'server/discover' ? discover(this.#relay, call) : this.#handle(call)));
    return call;
  }

  /** Has the servers answer a call. One that is refused until the user has visited some URLs is sent again once that is done. */
  async #handle(call: StatelessCall): Promise<Answer> {
    const tool = call.method === 'tools/call' ? await this.#relay.toolOf(call) : undefined;
    for (let round = 0; round < MAX_URL_ROUNDS; round++) {
      const answer = await (isTask(tool, call) ? this.#tasks.call(call) : this.#relay.handle(call));
      const questions = urlQuestions(answer);
      if (!questions) return answer;
      const replies = await Promise.all(questions.map((question) => call.ask(question)));
      if (!replies.every(isAccepted))
        return errorFrame(INVALID_REQUEST, 'The URL that the server asks for was not visited');
    }
    return errorFrame(INVALID_REQUEST, 'The server goes on asking for URLs to be visited');
  }

  /** Keeps a call until its client has the answers. */
  #park(call: StatelessCall, inputRequests: RawJson, request: StatelessRequest): Answer {
    const handle = this.#parked.park(call);
    if (handle === undefined) {
      call.cancel(FULL);
      return errorFrame(SERVER_ERROR, FULL.message);
    }
    const requestState = this.#seal.seal({ call: handle }, bindingOf(request), this.#parked.patience);
    return resultFrame({ resultType: 'input_required', inputRequests, requestState });
  }

  /** A server's own state is sealed too, so that it comes back unchanged, and with the same request. */
  #sealed(answer: Answer, request: StatelessRequest): Answer {
    const result = MULTI_ROUND.has(request.method) ? answer.raw('result') : undefined;
    const server = result?.string('resultType') === 'input_required' ? result.string('requestState') : undefined;
    if (server === undefined) return answer;
    return withResult(answer, { requestState: this.#seal.seal({ server }, bindingOf(request), SERVER_STATE_LIFETIME) });
  }

  async #listen(request: StatelessRequest, outlet: Outlet, cancellation: Cancellation): Promise<Answer> {
    if (!this.#hasRoomFor(request.principal))
      return errorFrame(SERVER_ERROR, 'There are too many subscriptions already');
    const subscription = new Subscription({ request, relay: this.#relay, outlet, cancellation });
    this.#subscriptions.add(subscription);
    try {
      return await subscription.serve();
    } finally {
      this.#subscriptions.delete(subscription);
    }
  }

  #hasRoomFor(principal: Principal): boolean {
    const own = [...this.#subscriptions].filter((subscription) => subscription.principal.id === principal.id);
    return this.#subscriptions.size < this.#max && own.length < fairShare(principal, this.#max);
  }

  /** The answer with all that this revision wants of one. What a server has said already stays as it is. */
  #complete(method: string, answer: Answer): Answer {
    const result = answer.raw('result');
    if (!result?.isObject) return withOwnCode(answer);
    const resultType = result.string('resultType') ?? 'complete';
    const meta = result.raw('_meta') ?? RawJson.of({});
    const missing = {
      ...(!result.has('resultType') && { resultType }),
      ...(resultType === 'complete' && CACHEABLE.has(method) && !freshnessOf(result) && STALE),
      ...(!meta.has(SERVER_INFO) && { _meta: meta.with({ [SERVER_INFO]: this.#relay.info ?? UNKNOWN }) }),
    };
    return Object.keys(missing).length === 0 ? answer : withResult(answer, missing);
  }
}

/** People have to be found, and to make up their minds. Milliseconds. */
const PATIENCE = 10 * 60_000;
/** Nothing waits for it here, and the server has its own idea of how long it is good. Milliseconds. */
const SERVER_STATE_LIFETIME = 24 * 60 * 60_000;
const MAX = 1000;
const ABOUT_REQUESTS = new Set(['notifications/cancelled', 'notifications/progress']);
const MAX_URL_ROUNDS = 10;
const FULL = new Error('Too many calls wait for their clients already');
const UNKNOWN = { name: 'mcp-bridge', version: '' };

function bindingOf(request: StatelessRequest): Binding {
  return {
    // Takes as long as the request is large: nobody shall have that for a made-up state.
    get digest() {
      return digestOf(request);
    },
    principal: request.principal,
  };
}

async function discover(relay: Relay, call: StatelessCall): Promise<Answer> {
  const answer = await relay.open(call);
  const opened = answer.raw('result');
  return opened ? answer.with({ result: discoveredFrom(opened) }) : answer;
}

/** Since this revision, whether a call becomes a task is the server's choice; what clients used to ask for means nothing (SEP-2663). */
function withoutTask(frame: RawJson): RawJson {
  const params = frame.raw('params');
  return params?.has('task') ? frame.with({ params: params.without('task') }) : frame;
}

/** Codes that this revision has given up, and what it says instead (server/resources, "Error Handling"; basic, "Error Codes"). */
const OWN_CODES: ReadonlyMap<unknown, number> = new Map([
  [RESOURCE_NOT_FOUND, INVALID_PARAMS],
  [URL_ELICITATION_REQUIRED, INVALID_REQUEST],
]);

function withOwnCode(answer: Answer): Answer {
  const error = answer.raw('error');
  const code = OWN_CODES.get(error?.get('code'));
  return error && code !== undefined ? answer.with({ error: error.with({ code }) }) : answer;
}
