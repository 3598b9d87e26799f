import type { Log } from '../log.ts';
import { type Answer, type Client, type Exchange, withFrame } from '../protocol/exchange.ts';
import {
  errorFrame,
  INVALID_PARAMS,
  INVALID_REQUEST,
  METHOD_NOT_FOUND,
  type Notification,
  RESOURCE_NOT_FOUND,
  resultFrame,
  withParams,
  withResult,
} from '../protocol/message.ts';
import type { RawJson } from '../protocol/raw-json.ts';
import type { Upstream } from '../upstream/upstream.ts';
import { Audience } from './audience.ts';
import { errorAnswer } from './error-answer.ts';
import { Listing } from './listing.ts';
import { PROMPTS, READ_ONLY_TOOLS, RESOURCES, TEMPLATES, TOOLS } from './lists.ts';
import { openMerged, openSingle } from './opening.ts';
import { linkInTime } from './patience.ts';
import { withoutPersonalMeta } from './personal-meta.ts';
import type { Relay } from './relay.ts';
import { inServerWords } from './server-words.ts';
import type { TaskOwners } from './task-owners.ts';
import { TaskRequests } from './task-requests.ts';
import { ToolCalls } from './tool-calls.ts';
import type { View } from './view.ts';

export interface RouterOptions {
  readonly view: View;
  /** How a merged catalog introduces itself: `Implementation` of the specification. */
  readonly info: RawJson;
  /** Whose tasks are whose, whichever way they were made. */
  readonly owners: TaskOwners;
  /** Whether servers are told what clients say of the person behind them. */
  readonly personalMeta: boolean;
  readonly log: Log;
}

type Handler = (exchange: Exchange) => Promise<Answer> | Answer;

/** Leads each exchange of a view to the upstream it is meant for, and what upstreams announce to the view's clients. */
export class Router implements Relay {
  readonly #view: View;
  readonly #info: RawJson;
  readonly #listing: Listing;
  readonly #audience: Audience;
  readonly #tools: ToolCalls;
  readonly #tasks: TaskRequests;
  readonly #personalMeta: boolean;
  readonly #handlers: Readonly<Record<string, Handler>> = {
    ping: () => resultFrame({}),
    'tools/list': (exchange) => this.#listing.list(exchange, isReader(exchange.client) ? READ_ONLY_TOOLS : TOOLS),
    'tools/call': (exchange) => this.#tools.call(exchange),
    'prompts/list': (exchange) => this.#listing.list(exchange, PROMPTS),
    'prompts/get': (exchange) => this.#getPrompt(exchange),
    'resources/list': (exchange) => this.#listing.list(exchange, RESOURCES),
    'resources/templates/list': (exchange) => this.#listing.list(exchange, TEMPLATES),
    'resources/read': (exchange) => this.#readResource(exchange),
    'resources/subscribe': (exchange) => this.#subscribe(exchange),
    'resources/unsubscribe': (exchange) => this.#unsubscribe(exchange),
    'completion/complete': (exchange) => this.#complete(exchange),
    'logging/setLevel': (exchange) => this.#setLevel(exchange),
    'tasks/list': (exchange) => this.#tasks.list(exchange),
    'tasks/get': (exchange) => this.#tasks.about(exchange),
    'tasks/result': (exchange) => this.#tasks.about(exchange),
    'tasks/update': (exchange) => this.#tasks.about(exchange),
    'tasks/cancel': (exchange) => this.#tasks.about(exchange),
  };

  constructor({ view, info, owners, personalMeta, log }: RouterOptions) {
    const listing = new Listing(view, log);
    this.#view = view;
    this.#info = info;
    this.#personalMeta = personalMeta;
    this.#listing = listing;
    this.#tools = new ToolCalls({ view, listing, tasks: owners });
    this.#tasks = new TaskRequests({ view, listing, owners });
    this.#audience = new Audience(view, owners);
    for (const upstream of view.upstreams) {
      const forget = () => view.definitions.forget(upstream.name);
      upstream.listeners.add({
        up: (lane) => lane === upstream.sharedLane && forget(),
        notification: ({ method }) => method === 'notifications/tools/list_changed' && forget(),
      });
    }
  }

  get info(): RawJson | undefined {
    const { single } = this.#view;
    return single ? single.shared.link?.opened.raw('serverInfo') : this.#info;
  }

  async open(exchange: Exchange): Promise<Answer> {
    try {
      const { single } = this.#view;
      return single ? await openSingle(single, exchange) : await openMerged(this.#view, exchange, this.#info);
    } catch (error) {
      return errorAnswer(error);
    }
  }

  join(client: Client): void {
    this.#audience.join(client);
  }

  async handle(exchange: Exchange): Promise<Answer> {
    try {
      // Own properties only: a client may ask for the method `constructor`.
      const handler = Object.hasOwn(this.#handlers, exchange.method) ? this.#handlers[exchange.method] : undefined;
      const frame = this.presentable(exchange.frame);
      const presented = frame === exchange.frame ? exchange : withFrame(exchange, frame);
      return await (handler ? handler(presented) : this.#custom(presented));
    } catch (error) {
      return errorAnswer(error);
    }
  }

  notify(client: Client, notification: Notification): void {
    const { method } = notification;
    // A server that does not insist on an id would serve it, past the filters.
    if (Object.hasOwn(this.#handlers, method) || (isReader(client) && !HARMLESS.has(method))) return;
    const presented = { ...notification, frame: this.presentable(notification.frame) };
    for (const upstream of this.#view.upstreams) upstream.notify(client, presented);
  }

  presentable(frame: RawJson): RawJson {
    return this.#personalMeta ? frame : withoutPersonalMeta(frame);
  }

  end(principalId: string): void {
    this.#tasks.end(principalId);
  }

  /** The name under which a tool is shown here. */
  exposedTool(upstream: Upstream, name: string): string {
    return this.#view.tools.expose(upstream.name, name);
  }

  /** Whether a tool, given by its own name, is shown here. */
  showsTool(upstream: Upstream, name: string): boolean {
    return this.#view.allows(upstream, name);
  }

  /** Tells the clients on an upstream's shared link that its lists may be different now; see {@link Audience}. */
  announceRecovery(upstream: Upstream, isFirst: boolean): void {
    this.#audience.announceRecovery(upstream, isFirst);
  }

  toolOf(exchange: Exchange): Promise<RawJson | undefined> {
    return this.#tools.definitionOf(exchange);
  }

  async #getPrompt(exchange: Exchange): Promise<Answer> {
    const exposed = exchange.frame.raw('params')?.string('name') ?? '';
    const target = await this.#listing.find(exchange, PROMPTS, () => this.#view.prompts.lookup(exposed));
    const upstream = target && this.#view.upstream(target.server);
    if (!upstream) return errorFrame(INVALID_PARAMS, `Unknown prompt: ${exposed}`);
    return upstream.request(inServerWords(exchange.frame, 'name', target.name), exchange);
  }

  async #readResource(exchange: Exchange): Promise<Answer> {
    const exposed = exchange.frame.raw('params')?.string('uri') ?? '';
    const found = await this.#findResource(exchange, exposed);
    if (!found)
      return this.#tryAll(
        exchange,
        'resources',
        errorFrame(RESOURCE_NOT_FOUND, 'Resource not found', { uri: exposed }),
      );
    const answer = await found.upstream.request(inServerWords(exchange.frame, 'uri', found.uri), exchange);
    if (found.uri === exposed) return answer;
    const contents = answer.raw('result')?.raw('contents')?.items() ?? [];
    const expose = (uri: string) => (uri === found.uri ? exposed : uri);
    return contents.length === 0
      ? answer
      : withResult(answer, { contents: contents.map((item) => item.translated('uri', expose)) });
  }

  async #subscribe(exchange: Exchange): Promise<Answer> {
    const { frame, client } = exchange;
    if (!client.listens) return errorFrame(INVALID_REQUEST, 'Updates are brought to sessions only; open one');
    const found = await this.#findResource(exchange, frame.raw('params')?.string('uri') ?? '');
    if (!found) return errorFrame(RESOURCE_NOT_FOUND, 'Resource not found', { uri: frame.raw('params')?.get('uri') });
    return found.upstream.subscribe(inServerWords(frame, 'uri', found.uri), exchange);
  }

  async #unsubscribe(exchange: Exchange): Promise<Answer> {
    const found = await this.#findResource(exchange, exchange.frame.raw('params')?.string('uri') ?? '');
    return found
      ? found.upstream.unsubscribe(inServerWords(exchange.frame, 'uri', found.uri), exchange)
      : resultFrame({});
  }

  async #complete(exchange: Exchange): Promise<Answer> {
    const ref = exchange.frame.raw('params')?.raw('ref');
    const name = ref?.string('name');
    const uri = ref?.string('uri');
    if (ref && name !== undefined) {
      const target = await this.#listing.find(exchange, PROMPTS, () => this.#view.prompts.lookup(name));
      return this.#completeAt(exchange, target?.server, ref.with({ name: target?.name ?? name }));
    }
    if (ref && uri !== undefined) {
      const lookup = () => this.#view.uris.lookupTemplate(uri) ?? this.#view.uris.lookupUri(uri);
      const target = await this.#listing.find(exchange, TEMPLATES, lookup);
      return this.#completeAt(exchange, target?.server, ref.with({ uri: target?.uri ?? uri }));
    }
    return this.#custom(exchange);
  }

  async #completeAt(exchange: Exchange, server: string | undefined, ref: RawJson): Promise<Answer> {
    const upstream = server === undefined ? undefined : this.#view.upstream(server);
    if (!upstream) return errorFrame(INVALID_PARAMS, `Unknown reference: ${ref.string('name') ?? ref.string('uri')}`);
    return upstream.request(withParams(exchange.frame, { ref }), exchange);
  }

  /** A server is told the most verbose level that any of its clients wants; each wire gives its client what that one asked for. */
  async #setLevel(exchange: Exchange): Promise<Answer> {
    const { client, frame } = exchange;
    // Its next request is a stranger's; nobody would ever take the level back.
    if (!client.listens) return resultFrame({});
    const answers = this.#view.upstreams.map((upstream) =>
      this.#view.single || upstream.declares(client, 'logging') ? upstream.setLevel(frame, exchange) : undefined,
    );
    const settled = await Promise.all(answers);
    return settled.find((answer) => answer?.has('error')) ?? settled.find((answer) => answer) ?? resultFrame({});
  }

  /** A method that only the servers know: the first that does not say "method not found" answers. What it does, nobody here can tell. */
  #custom(exchange: Exchange): Promise<Answer> | Answer {
    const { single } = this.#view;
    const unknown = errorFrame(METHOD_NOT_FOUND, `Method not found: ${exchange.method}`);
    if (isReader(exchange.client)) return unknown;
    return single ? single.request(exchange.frame, exchange) : this.#tryAll(exchange, undefined, unknown);
  }

  /** Asks one server after another, until one neither declines nor fails to know. Safe where declining has no effect. */
  async #tryAll(exchange: Exchange, capability: string | undefined, otherwise: Answer): Promise<Answer> {
    for (const upstream of this.#view.upstreams) {
      const link = await linkInTime(upstream, exchange);
      if (!link || (capability && !link.opened.raw('capabilities')?.has(capability))) continue;
      const answer = await upstream.request(exchange.frame, exchange);
      const code = answer.raw('error')?.get('code');
      if (capability ? code === undefined : code !== METHOD_NOT_FOUND) return answer;
    }
    return otherwise;
  }

  async #findResource(exchange: Exchange, exposed: string): Promise<{ upstream: Upstream; uri: string } | undefined> {
    const lookup = () => this.#view.uris.lookupUri(exposed);
    const target =
      (await this.#listing.find(exchange, RESOURCES, lookup)) ??
      (await this.#listing.find(exchange, TEMPLATES, lookup));
    const upstream = target && this.#view.upstream(target.server);
    return upstream && { upstream, uri: target.uri };
  }
}

/** What clients tell of themselves; whatever else is told might be a call to some server. */
const HARMLESS: ReadonlySet<string> = new Set(['notifications/initialized', 'notifications/roots/list_changed']);

/** Whether a client may only read. */
function isReader({ principal }: Client): boolean {
  return principal.readOnly;
}
