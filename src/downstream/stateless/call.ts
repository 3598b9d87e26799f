import { Cancellation } from '../../protocol/cancellation.ts';
import { RELATED_TASK, withoutMeta } from '../../protocol/envelope.ts';
import {
  type Answer,
  type Ask,
  type Client,
  capabilityFor,
  type Exchange,
  type Tenure,
} from '../../protocol/exchange.ts';
import {
  errorFrame,
  type IdText,
  INTERNAL_ERROR,
  METHOD_NOT_FOUND,
  MISSING_CAPABILITY,
  notificationFrame,
  progressTokenOf,
  resultFrame,
  withProgressToken,
} from '../../protocol/message.ts';
import type { Principal } from '../../protocol/principal.ts';
import { RawJson } from '../../protocol/raw-json.ts';
import { LATEST_2025 } from '../../protocol/revisions.ts';
import { isSevereEnough } from '../../protocol/severity.ts';
import { MULTI_ROUND } from '../../protocol/stateless.ts';
import type { Outlet } from '../session.ts';
import type { StatelessRequest } from './request.ts';

/** What a round of a call ends with: its answer, or the questions to be answered before there is one. */
export type Outcome = { readonly answer: Answer } | { readonly questions: RawJson };

/**
 * A call of 2026-07-28, from its first request to its answer, however many requests its client needs for that: what a
 * server asks meanwhile ends a round, and the call waits until a retry begins the next one with the answers.
 */
export class StatelessCall implements Exchange, Client {
  readonly method: string;
  readonly frame: RawJson;
  readonly client = this;
  readonly principal: Principal;
  readonly opening: RawJson;
  readonly capabilities: Readonly<Record<string, unknown>>;
  readonly tenure: Tenure;
  readonly listens = false;
  readonly readsResultTypes = true;
  readonly logLevel: string | undefined;
  readonly closed = new Cancellation();
  readonly cancellation = new Cancellation();
  readonly #questions = new Map<string, Question>();
  #current: Round | undefined;
  #answer: Answer | undefined;
  #refusal: Answer | undefined;
  #collecting: NodeJS.Timeout | undefined;
  #reminding: NodeJS.Timeout | undefined;
  #lastKey = 0;
  #isKept = false;

  /** @param tenure by default, a link of its own where its server may ask something. */
  constructor(
    { frame, method, envelope, principal }: StatelessRequest,
    tenure: Tenure = MULTI_ROUND.has(method) ? 'call' : 'none',
  ) {
    this.method = method;
    this.frame = frame;
    this.principal = principal;
    this.logLevel = envelope.logLevel;
    this.capabilities = envelope.capabilities.value as Record<string, unknown>;
    this.tenure = tenure;
    this.opening = RawJson.of({
      protocolVersion: LATEST_2025,
      capabilities: envelope.capabilities,
      clientInfo: envelope.info ?? { name: 'unknown', version: '' },
    });
  }

  /** Has `work`, which never rejects, answer the call. Its rounds are asked for with {@link next}. */
  async start(work: () => Promise<Answer>): Promise<void> {
    this.#finish(await work());
  }

  /** Begins a round, for a request of the client. What the server says goes to its outlet, until it ends. */
  next({ frame, envelope }: StatelessRequest, outlet: Outlet): Promise<Outcome> {
    this.#stopReminding();
    const settled = new Promise<Outcome>((resolve) => {
      this.#current = { outlet, token: progressTokenOf(frame), logLevel: envelope.logLevel, resolve };
    });
    if (this.#answer) this.#end({ answer: this.#answer });
    else if (this.#questions.size > 0) this.#collect();
    return settled;
  }

  /** Whether it has ended, be it that nobody has heard of it yet. */
  get isAnswered(): boolean {
    return this.#answer !== undefined;
  }

  /** What it has been asked and has not answered yet, as `InputRequests`; `undefined` when there is nothing. */
  get questions(): RawJson | undefined {
    if (this.#questions.size === 0) return undefined;
    const questions = [...this.#questions].map(([key, { ask }]) => [key, questionOf(ask)] as const);
    return RawJson.of(Object.fromEntries(questions));
  }

  /** Why it was given up here: its server asked what its client has not declared. */
  get refusal(): Answer | undefined {
    return this.#refusal;
  }

  /** Lets it be asked, and have its link, beyond its answer: until it is released. */
  keep(): void {
    this.#isKept = true;
  }

  /** Ends what {@link keep} began. Twice without harm. */
  release(): void {
    this.#isKept = false;
    if (this.#answer) this.#close();
  }

  /** Takes the answers that a retry brings. What nobody asked is passed over; what can be no result is asked for again. */
  settle(responses: RawJson | undefined): void {
    for (const key of responses?.keys ?? []) {
      const response = responses?.raw(key);
      if (response?.isObject) this.#questions.get(key)?.resolve(resultFrame(response));
    }
  }

  /** Gives the call up. Twice without harm. */
  cancel(reason: Error): void {
    this.cancellation.cancel(reason);
  }

  notify(frame: RawJson): void {
    const method = frame.string('method');
    const { outlet, token, logLevel } = this.#current ?? NOBODY_LISTENS;
    if (method === 'notifications/progress') {
      if (token !== undefined) outlet?.send(withProgressToken(frame, token));
    } else if (method === 'notifications/message') {
      if (logLevel !== undefined && isSevereEnough(frame.raw('params')?.get('level'), logLevel)) outlet?.send(frame);
    } else if (method !== 'notifications/elicitation/complete') {
      outlet?.send(frame);
    }
  }

  ask(ask: Ask): Promise<Answer> {
    const { method } = ask.request;
    const unanswerable = Promise.resolve(errorFrame(METHOD_NOT_FOUND, `The client cannot be asked for ${method} here`));
    if (!capabilityFor(method) || !MULTI_ROUND.has(this.method) || this.cancellation.reason) return unanswerable;
    const missing = missingCapability(ask, this.capabilities);
    if (missing) {
      this.#refuse(method, missing);
      return unanswerable;
    }
    return new Promise((resolve) => {
      this.#lastKey += 1;
      const key = `${method.replace('/', '-')}-${this.#lastKey}`;
      const settle = (answer: Answer) => {
        this.#questions.delete(key);
        resolve(answer);
      };
      this.#questions.set(key, { ask, resolve: settle });
      ask.signal.addEventListener('abort', () => settle(TAKEN_BACK));
      this.#collect();
    });
  }

  /** It hears nothing that belongs to no request. */
  send(): void {}

  /** While it waits for its client, nobody waits for it. */
  yield(): boolean {
    if (this.#current || this.#answer || this.#isKept || this.cancellation.reason) return false;
    this.cancel(YIELDED);
    return true;
  }

  /** Servers often ask several things at once; they shall be one round. */
  #collect(): void {
    this.#collecting ??= setTimeout(() => {
      this.#collecting = undefined;
      const { questions } = this;
      if (!questions) return;
      if (this.#current) this.#end({ questions });
      this.#remind();
    }, COLLECTED_FOR);
  }

  /** A server waits for a minute, say, if it hears nothing; people take longer. */
  #remind(): void {
    let reminders = 0;
    this.#reminding ??= setInterval(() => {
      reminders += 1;
      const frame = notificationFrame('notifications/progress', { progress: reminders });
      for (const { ask } of this.#questions.values())
        ask.progress({ kind: 'notification', method: 'notifications/progress', frame });
    }, REMIND_EVERY).unref();
  }

  #stopReminding(): void {
    clearInterval(this.#reminding);
    this.#reminding = undefined;
  }

  #end(outcome: Outcome): void {
    const round = this.#current;
    this.#current = undefined;
    round?.resolve(outcome);
  }

  #refuse(method: string, requiredCapabilities: object): void {
    const message = `The server asks for ${method}, which the client has not declared`;
    this.#refusal = errorFrame(MISSING_CAPABILITY, message, { requiredCapabilities });
    this.cancel(new Error(message));
    this.#finish(this.#refusal);
  }

  /** The first answer counts. */
  #finish(answer: Answer): void {
    if (this.#answer) return;
    this.#answer = answer;
    if (!this.#isKept) this.#close();
    this.#end({ answer });
  }

  #close(): void {
    clearTimeout(this.#collecting);
    this.#stopReminding();
    for (const { resolve } of [...this.#questions.values()]) resolve(TAKEN_BACK);
    this.closed.cancel(ANSWERED);
  }
}

interface Round {
  readonly outlet: Outlet;
  /** The progress token of the round's own request, as JSON text. */
  readonly token: IdText | undefined;
  readonly logLevel: string | undefined;
  resolve(outcome: Outcome): void;
}

interface Question {
  readonly ask: Ask;
  resolve(answer: Answer): void;
}

/** Milliseconds. */
const COLLECTED_FOR = 10;
/** A quarter of the least patience that servers are known to have. Milliseconds. */
const REMIND_EVERY = 15_000;

const NOBODY_LISTENS = { outlet: undefined, token: undefined, logLevel: undefined };
const YIELDED = new Error('given up while it waited for answers, as others needed its process; call again');
const ANSWERED = new Error('the call was answered');
const TAKEN_BACK = errorFrame(INTERNAL_ERROR, 'Nobody waits for this any more');

/** What the client would have had to declare to be asked this; `undefined` when it has. */
function missingCapability({ request }: Ask, capabilities: Client['capabilities']): object | undefined {
  const kind = capabilityFor(request.method);
  if (kind === undefined) return undefined;
  const declared = capabilities[kind] as Record<string, unknown> | undefined;
  if (kind !== 'elicitation') return declared ? undefined : { [kind]: {} };
  const mode = request.frame.raw('params')?.string('mode') ?? 'form';
  // Nothing in particular means forms (client/elicitation, "Capabilities").
  const modes = declared && Object.keys(declared).length === 0 ? ['form'] : Object.keys(declared ?? {});
  return modes.includes(mode) ? undefined : { elicitation: { [mode]: {} } };
}

/** A question as it stands in a result: it is no request any more, so it has no progress and needs no id to be told apart. */
function questionOf({ request: { method, frame } }: Ask): object {
  const params = frame.raw('params')?.without('elicitationId');
  return { method, params: params && withoutMeta(params, 'progressToken', RELATED_TASK) };
}
