import { messageOf } from '../errors.ts';
import type { Log } from '../log.ts';
import { type Answer, type Client, type Exchange, withFrame } from '../protocol/exchange.ts';
import {
  errorFrame,
  INVALID_PARAMS,
  INVALID_REQUEST,
  METHOD_NOT_FOUND,
  type Notification,
  notificationFrame,
  RESOURCE_NOT_FOUND,
  requestFrame,
  resultFrame,
  withParams,
  withResult,
} from '../protocol/message.ts';
import type { RawJson } from '../protocol/raw-json.ts';
import type { Lane, Upstream } from '../upstream/upstream.ts';
import { errorAnswer } from './error-answer.ts';
import { changed, collectPages, type ListKind, linkUri, PROMPTS, RESOURCES, TASKS, TEMPLATES, TOOLS } from './lists.ts';
import { openMerged, openSingle } from './opening.ts';
import { linkInTime, patienceWith, within } from './patience.ts';
import type { Relay } from './relay.ts';
import { TaskOwners } from './task-owners.ts';
import type { View } from './view.ts';

export interface RouterOptions {
  readonly view: View;
  /** How a merged catalog introduces itself: `Implementation` of the specification. */
  readonly info: RawJson;
  readonly log: Log;
}

type Handler = (exchange: Exchange) => Promise<Answer> | Answer;

/** Leads each exchange of a view to the upstream it is meant for, and what upstreams announce to the view's clients. */
export class Router implements Relay {
  readonly #view: View;
  readonly #info: RawJson;
  readonly #log: Log;
  readonly #clients = new Set<Client>();
  readonly #tasks = new TaskOwners();
  readonly #handlers: Readonly<Record<string, Handler>> = {
    ping: () => resultFrame({}),
    'tools/list': (exchange) => this.#list(exchange, TOOLS),
    'tools/call': (exchange) => this.#callTool(exchange),
    'prompts/list': (exchange) => this.#list(exchange, PROMPTS),
    'prompts/get': (exchange) => this.#getPrompt(exchange),
    'resources/list': (exchange) => this.#list(exchange, RESOURCES),
    'resources/templates/list': (exchange) => this.#list(exchange, TEMPLATES),
    'resources/read': (exchange) => this.#readResource(exchange),
    'resources/subscribe': (exchange) => this.#subscribe(exchange),
    'resources/unsubscribe': (exchange) => this.#unsubscribe(exchange),
    'completion/complete': (exchange) => this.#complete(exchange),
    'logging/setLevel': (exchange) => this.#setLevel(exchange),
    'tasks/list': (exchange) => this.#listTasks(exchange),
    'tasks/get': (exchange) => this.#aboutTask(exchange),
    'tasks/result': (exchange) => this.#aboutTask(exchange),
    'tasks/cancel': (exchange) => this.#aboutTask(exchange),
  };

  constructor({ view, info, log }: RouterOptions) {
    this.#view = view;
    this.#info = info;
    this.#log = log;
    for (const upstream of view.upstreams) {
      upstream.listeners.add({
        notification: (notification, lane) => this.#announce(upstream, notification, lane),
        up: (lane) => lane.owner && this.#announceLists(upstream, lane),
      });
    }
  }

  async open(client: Client, exchange: Exchange): Promise<Answer> {
    try {
      const { single } = this.#view;
      const answer = single ? await openSingle(single, client) : await openMerged(this.#view, exchange, this.#info);
      this.join(client);
      return answer;
    } catch (error) {
      return errorAnswer(error);
    }
  }

  join(client: Client): void {
    if (!client.closed.reason) this.#clients.add(client);
    client.closed.add(() => {
      this.#clients.delete(client);
      for (const upstream of this.#view.upstreams) upstream.release(client);
    });
  }

  async handle(exchange: Exchange): Promise<Answer> {
    try {
      // Own properties only: a client may ask for the method `constructor`.
      const handler = Object.hasOwn(this.#handlers, exchange.method) ? this.#handlers[exchange.method] : undefined;
      return await (handler ? handler(exchange) : this.#custom(exchange));
    } catch (error) {
      return errorAnswer(error);
    }
  }

  notify(client: Client, notification: Notification): void {
    // A server that does not insist on an id would serve it, past the filters.
    if (Object.hasOwn(this.#handlers, notification.method)) return;
    for (const upstream of this.#view.upstreams) upstream.notify(client, notification);
  }

  /** The name under which a tool is shown here. */
  exposedTool(upstream: Upstream, name: string): string {
    return this.#view.tools.expose(upstream.name, name);
  }

  /** Whether a tool, given by its own name, is shown here. */
  showsTool(upstream: Upstream, name: string): boolean {
    return this.#view.allows(upstream, name);
  }

  /** Tells the clients on an upstream's shared link that its lists may be different now: it has been started (again). */
  announceRecovery(upstream: Upstream, isFirst: boolean): void {
    // Whoever speaks to this server alone has waited for its first start, and has seen nothing else.
    if (this.#view.single && isFirst) return;
    this.#announceLists(upstream, upstream.sharedLane);
  }

  async #list(exchange: Exchange, kind: ListKind): Promise<Answer> {
    const { single, upstreams } = this.#view;
    if (single) return this.#listPage(exchange, kind, single);
    const outcomes = await Promise.allSettled(upstreams.map((upstream) => this.#listAll(exchange, kind, upstream)));
    const failures = outcomes.filter((outcome) => outcome.status === 'rejected');
    for (const { reason } of failures) this.#log.debug(`left out of ${kind.method}: ${messageOf(reason)}`);
    if (failures.length === outcomes.length) throw failures[0]?.reason;
    // Shown only now: what a URI is exposed as depends on what the other servers have.
    const items = outcomes.flatMap((outcome, index) => {
      const upstream = upstreams[index] as Upstream;
      return outcome.status === 'fulfilled' ? kind.show(outcome.value, upstream, this.#view) : [];
    });
    return resultFrame({ [kind.member]: items });
  }

  /** A single server's pages pass one by one, cursors and all. */
  async #listPage(exchange: Exchange, kind: ListKind, upstream: Upstream): Promise<Answer> {
    const answer = await upstream.request(exchange.frame, exchange);
    const page = answer.raw('result')?.raw(kind.member)?.items();
    if (!page) return answer;
    kind.learn(page, upstream, this.#view);
    const shown = kind.show(page, upstream, this.#view);
    const isUnchanged = shown.length === page.length && shown.every((item, index) => item === page[index]);
    return isUnchanged ? answer : withResult(answer, { [kind.member]: shown });
  }

  /** All of one server's items for a merged list. A server that does not answer in time is left out; it must not take the others with it. */
  async #listAll(exchange: Exchange, kind: ListKind, upstream: Upstream): Promise<RawJson[]> {
    const { supervisor } = upstream.laneFor(exchange.client);
    const patience = {
      message: `${upstream.name}: no answer to ${kind.method} in time`,
      limit: patienceWith(supervisor),
    };
    return within(exchange, patience, async (patient) => {
      const link = await supervisor.acquire();
      if (!link.opened.raw('capabilities')?.has(kind.capability)) return [];
      const items = await collectPages(upstream, kind, patient);
      kind.learn(items, upstream, this.#view);
      return items;
    });
  }

  async #callTool(exchange: Exchange): Promise<Answer> {
    const exposed = exchange.frame.raw('params')?.string('name') ?? '';
    const lookup = () => this.#view.tools.lookup(exposed);
    // Most calls need not wait for this.
    const target = lookup() ?? (await this.#find(exchange, TOOLS, lookup));
    const upstream = target && this.#view.upstream(target.server);
    if (!upstream || !this.#view.allows(upstream, target.name))
      return errorFrame(INVALID_PARAMS, `Unknown tool: ${exposed}`);
    const answer = await upstream.request(withName(exchange.frame, target.name), exchange);
    if (exchange.frame.raw('params')?.has('task')) this.#tasks.remember(answer, upstream, exchange.client);
    return this.#withOwnLinks(answer, upstream);
  }

  async #getPrompt(exchange: Exchange): Promise<Answer> {
    const exposed = exchange.frame.raw('params')?.string('name') ?? '';
    const target = await this.#find(exchange, PROMPTS, () => this.#view.prompts.lookup(exposed));
    const upstream = target && this.#view.upstream(target.server);
    if (!upstream) return errorFrame(INVALID_PARAMS, `Unknown prompt: ${exposed}`);
    return upstream.request(withName(exchange.frame, target.name), exchange);
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
    const answer = await found.upstream.request(withUri(exchange.frame, found.uri), exchange);
    if (found.uri === exposed) return answer;
    const contents = answer.raw('result')?.raw('contents')?.items() ?? [];
    const expose = (uri: string) => (uri === found.uri ? exposed : uri);
    return contents.length === 0
      ? answer
      : withResult(answer, { contents: contents.map((item) => changed(item, 'uri', expose)) });
  }

  async #subscribe(exchange: Exchange): Promise<Answer> {
    const { frame, client } = exchange;
    if (client.transient) return errorFrame(INVALID_REQUEST, 'Updates are brought to sessions only; open one');
    const found = await this.#findResource(exchange, frame.raw('params')?.string('uri') ?? '');
    if (!found) return errorFrame(RESOURCE_NOT_FOUND, 'Resource not found', { uri: frame.raw('params')?.get('uri') });
    const { interests } = found.upstream.laneFor(client);
    if (!interests.subscribe(client, found.uri)) return resultFrame({});
    const answer = await found.upstream.request(withUri(frame, found.uri), exchange);
    if (answer.has('error')) interests.unsubscribe(client, found.uri);
    return answer;
  }

  async #unsubscribe(exchange: Exchange): Promise<Answer> {
    const found = await this.#findResource(exchange, exchange.frame.raw('params')?.string('uri') ?? '');
    if (!found) return resultFrame({});
    const isLast = found.upstream.laneFor(exchange.client).interests.unsubscribe(exchange.client, found.uri);
    return isLast ? found.upstream.request(withUri(exchange.frame, found.uri), exchange) : resultFrame({});
  }

  async #complete(exchange: Exchange): Promise<Answer> {
    const ref = exchange.frame.raw('params')?.raw('ref');
    const name = ref?.string('name');
    const uri = ref?.string('uri');
    if (ref && name !== undefined) {
      const target = await this.#find(exchange, PROMPTS, () => this.#view.prompts.lookup(name));
      return this.#completeAt(exchange, target?.server, ref.with({ name: target?.name ?? name }));
    }
    if (ref && uri !== undefined) {
      const lookup = () => this.#view.uris.lookupTemplate(uri) ?? this.#view.uris.lookupUri(uri);
      const target = await this.#find(exchange, TEMPLATES, lookup);
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
    if (client.transient) return resultFrame({});
    const answers = this.#view.upstreams.map(async (upstream) => {
      const { interests, supervisor } = upstream.laneFor(client);
      if (!this.#view.single && !supervisor.link?.opened.raw('capabilities')?.has('logging')) return undefined;
      interests.setLevel(client, frame.raw('params')?.string('level') ?? '');
      const { level } = interests;
      return upstream.request(level === undefined ? frame : withParams(frame, { level }), exchange);
    });
    const settled = await Promise.all(answers);
    return settled.find((answer) => answer?.has('error')) ?? settled.find((answer) => answer) ?? resultFrame({});
  }

  /** A process that clients share has the tasks of all of them; each is shown its own. */
  #listTasks(exchange: Exchange): Promise<Answer> {
    const { client } = exchange;
    const isOwn = (task: RawJson) => this.#tasks.ownerOf(task.string('taskId') ?? '')?.client === client;
    const show = (tasks: RawJson[], upstream: Upstream) =>
      upstream.laneFor(client).owner ? tasks : tasks.filter(isOwn);
    return this.#list(exchange, { ...TASKS, show });
  }

  #aboutTask(exchange: Exchange): Promise<Answer> | Answer {
    const taskId = exchange.frame.raw('params')?.string('taskId') ?? '';
    const upstream = this.#view.single ?? this.#tasks.ownerOf(taskId)?.upstream;
    return upstream
      ? upstream.request(exchange.frame, exchange)
      : errorFrame(INVALID_PARAMS, `Unknown task: ${taskId}`);
  }

  /** A method that only the servers know: the first that does not say "method not found" answers. */
  #custom(exchange: Exchange): Promise<Answer> {
    const { single } = this.#view;
    if (single) return single.request(exchange.frame, exchange);
    return this.#tryAll(exchange, undefined, errorFrame(METHOD_NOT_FOUND, `Method not found: ${exchange.method}`));
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

  /** Looks a name up; one that nobody has seen may stand in a list that nobody has read yet. */
  async #find<T>(exchange: Exchange, kind: ListKind, lookup: () => T | undefined): Promise<T | undefined> {
    const known = lookup();
    if (known || this.#view.single) return known;
    await this.#list(withFrame(exchange, requestFrame(kind.method)), kind).catch(() => {}); // Then it stays unknown.
    return lookup();
  }

  async #findResource(exchange: Exchange, exposed: string): Promise<{ upstream: Upstream; uri: string } | undefined> {
    const lookup = () => this.#view.uris.lookupUri(exposed);
    const target = (await this.#find(exchange, RESOURCES, lookup)) ?? (await this.#find(exchange, TEMPLATES, lookup));
    const upstream = target && this.#view.upstream(target.server);
    return upstream && { upstream, uri: target.uri };
  }

  /** A link in a result leads to the server it came from, even if another one has the same URI. */
  #withOwnLinks(answer: Answer, upstream: Upstream): Answer {
    if (this.#view.single || !answer.text.includes('"uri"')) return answer;
    const content = answer.raw('result')?.raw('content')?.items() ?? [];
    const expose = (uri: string) => linkUri(uri, upstream, this.#view);
    const mended = content.map((item) => {
      const resource = item.raw('resource');
      const inner = resource && changed(resource, 'uri', expose);
      return changed(inner === resource ? item : item.with({ resource: inner }), 'uri', expose);
    });
    return mended.every((item, index) => item === content[index]) ? answer : withResult(answer, { content: mended });
  }

  #announce(upstream: Upstream, { method, frame }: Notification, lane: Lane): void {
    const params = frame.raw('params');
    if (method === 'notifications/resources/updated') {
      const uri = params?.string('uri') ?? '';
      const exposed = withParams(frame, { uri: this.#view.uris.exposeUri(upstream.name, uri) });
      for (const client of lane.interests.subscribersOf(uri)) if (this.#clients.has(client)) client.send(exposed);
    } else if (method === 'notifications/tasks/status') {
      const owner = this.#tasks.ownerOf(params?.string('taskId') ?? '')?.client;
      if (owner && this.#clients.has(owner)) owner.send(frame);
    } else {
      for (const client of this.#clientsOn(upstream, lane)) client.send(frame);
    }
  }

  #announceLists(upstream: Upstream, lane: Lane): void {
    const declared = lane.supervisor.link?.opened.raw('capabilities');
    // A client whose own process failed may try again when that of the others is up.
    const waiting = lane.owner ? [] : [...this.#clients].filter((client) => upstream.failsToServe(client));
    for (const list of ['tools', 'prompts', 'resources']) {
      if (this.#view.single && declared?.raw(list)?.get('listChanged') !== true) continue;
      const frame = notificationFrame(`notifications/${list}/list_changed`);
      for (const client of [...this.#clientsOn(upstream, lane), ...waiting]) client.send(frame);
    }
  }

  #clientsOn(upstream: Upstream, lane: Lane): Client[] {
    return [...this.#clients].filter((client) => upstream.serves(client, lane));
  }
}

/** The request under the server's own name; untouched when that is the same. */
function withName(frame: RawJson, name: string): RawJson {
  return frame.raw('params')?.string('name') === name ? frame : withParams(frame, { name });
}

function withUri(frame: RawJson, uri: string): RawJson {
  return frame.raw('params')?.string('uri') === uri ? frame : withParams(frame, { uri });
}
