import { isMarkedReadOnly } from '../catalog/annotations.ts';
import type { Log } from '../log.ts';
import { type Answer, type Client, type Exchange, ownExchange, withFrame } from '../protocol/exchange.ts';
import { type Notification, resultFrame, withResult } from '../protocol/message.ts';
import type { RawJson } from '../protocol/raw-json.ts';
import type { Upstream } from '../upstream/upstream.ts';
import { Audience } from './audience.ts';
import { Completion } from './completion.ts';
import { CustomMethods, unknownMethod } from './custom-methods.ts';
import { errorAnswer } from './error-answer.ts';
import type { FrozenLists } from './frozen-lists.ts';
import type { KeptResults } from './kept-results.ts';
import { Listing } from './listing.ts';
import { PROMPTS, READ_ONLY_TOOLS, RESOURCES, TEMPLATES, TOOLS } from './lists.ts';
import { openMerged, openSingle } from './opening.ts';
import { withoutPersonalMeta } from './personal-meta.ts';
import { Prompts } from './prompts.ts';
import type { Relay } from './relay.ts';
import { ResearchTools, type ResearchToolsOptions } from './research/research-tools.ts';
import { Resources } from './resources.ts';
import type { TaskOwners } from './task-owners.ts';
import { TaskRequests } from './task-requests.ts';
import { ToldTools } from './told-tools.ts';
import { ToolCalls, toolNameOf } from './tool-calls.ts';
import { ToolList } from './tool-list.ts';
import type { View } from './view.ts';

export interface RouterOptions {
  readonly view: View;
  /** How a merged catalog introduces itself: `Implementation` of the specification. */
  readonly info: RawJson;
  /** Whose tasks are whose, whichever way they were made. */
  readonly owners: TaskOwners;
  /** Whether servers are told what clients say of the person behind them. */
  readonly personalMeta: boolean;
  /** What of large results is kept. */
  readonly kept: KeptResults;
  readonly frozen: FrozenLists;
  /** `undefined` where there are no tools for research here. */
  readonly research: RouterResearch | undefined;
  readonly log: Log;
}

/** What the tools for research are made of. */
export type RouterResearch = Pick<ResearchToolsOptions, 'settings' | 'annotations' | 'locate'>;

type Handler = (exchange: Exchange) => Promise<Answer> | Answer;

/** Leads each exchange of a view to the upstream it is meant for, and what upstreams announce to the view's clients. */
export class Router implements Relay {
  readonly #view: View;
  readonly #info: RawJson;
  readonly #listing: Listing;
  readonly #audience: Audience;
  readonly #kept: KeptResults;
  readonly #frozen: FrozenLists;
  /** What the bridge offers whether or not its servers do: tools for research, and the rest of large results. */
  readonly #ownCapabilities: readonly string[];
  readonly #prompts: Prompts;
  readonly #resources: Resources;
  readonly #completion: Completion;
  readonly #custom: CustomMethods;
  readonly #tools: ToolCalls;
  readonly #toolList: ToolList;
  readonly #told: ToldTools;
  readonly #research: ResearchTools | undefined;
  readonly #unlisten: readonly (() => void)[];
  readonly #tasks: TaskRequests;
  readonly #personalMeta: boolean;
  /** Exchanges that are being answered. */
  #answering = 0;
  #drained = () => {};
  readonly #handlers: Readonly<Record<string, Handler>> = {
    ping: () => resultFrame({}),
    'tools/list': (exchange) => this.#toolList.list(exchange),
    'tools/call': (exchange) => this.#toolsFor(exchange).call(exchange),
    'prompts/list': (exchange) => this.#listing.list(exchange, PROMPTS),
    'prompts/get': (exchange) => this.#prompts.get(exchange),
    'resources/list': (exchange) => this.#listing.list(exchange, RESOURCES),
    'resources/templates/list': (exchange) => this.#listing.list(exchange, TEMPLATES),
    'resources/read': (exchange) => this.#resources.read(exchange),
    'resources/subscribe': (exchange) => this.#resources.subscribe(exchange),
    'resources/unsubscribe': (exchange) => this.#resources.unsubscribe(exchange),
    'completion/complete': (exchange) => this.#completion.complete(exchange),
    'logging/setLevel': (exchange) => this.#setLevel(exchange),
    'tasks/list': (exchange) => this.#tasks.list(exchange),
    'tasks/get': (exchange) => this.#tasks.about(exchange),
    'tasks/result': (exchange) => this.#tasks.about(exchange),
    'tasks/update': (exchange) => this.#tasks.about(exchange),
    'tasks/cancel': (exchange) => this.#tasks.about(exchange),
  };
  readonly #methods: ReadonlySet<string> = new Set(Object.keys(this.#handlers).map((method) => method.toLowerCase()));

  constructor({ view, info, owners, personalMeta, kept, frozen, research, log }: RouterOptions) {
    const own = [...(research ? ['tools'] : []), ...(isLimited(view) ? ['resources'] : [])];
    const told = new ToldTools(view.upstreams);
    const listing = new Listing(view, told, log, own);
    const calls = new ToolCalls({ view, listing, told, tasks: owners, kept });
    const resources = new Resources({ view, listing, kept });
    const read = (exchange: Exchange) => resources.read(exchange);
    this.#view = view;
    this.#info = info;
    this.#personalMeta = personalMeta;
    this.#listing = listing;
    this.#told = told;
    this.#kept = kept;
    this.#frozen = frozen;
    this.#ownCapabilities = own;
    this.#custom = new CustomMethods(view);
    this.#prompts = new Prompts({ view, listing });
    this.#resources = resources;
    this.#completion = new Completion({ view, listing, custom: this.#custom });
    this.#tools = calls;
    this.#research = research && new ResearchTools({ ...research, listing, calls, read });
    this.#toolList = new ToolList({ view, listing, research: this.#research, frozen });
    this.#tasks = new TaskRequests({ view, listing, owners, kept });
    this.#audience = new Audience(view, owners);
    this.#unlisten = view.upstreams.map((upstream) => {
      const forget = () => view.definitions.forget(upstream.name);
      return upstream.listen({
        up: (lane) => lane === upstream.sharedLane && forget(),
        notification: ({ method }) => method === 'notifications/tools/list_changed' && forget(),
      });
    });
  }

  get view(): View {
    return this.#view;
  }

  /**
   * Gets nothing new any more: stops listening to the servers, and lets its clients go. What is being answered goes on; resolves once all
   * of it is.
   */
  async close(): Promise<void> {
    for (const unlisten of this.#unlisten) unlisten();
    this.#told.close();
    this.#audience.close();
    if (this.#answering > 0)
      await new Promise<void>((resolve) => {
        this.#drained = resolve;
      });
  }

  get info(): RawJson | undefined {
    const { single } = this.#view;
    return single ? single.shared.link?.opened.raw('serverInfo') : this.#info;
  }

  async open(exchange: Exchange): Promise<Answer> {
    try {
      const { single } = this.#view;
      const opened = single ? await openSingle(single, exchange) : await openMerged(this.#view, exchange, this.#info);
      return withCapabilities(opened, this.#ownCapabilities);
    } catch (error) {
      return errorAnswer(error);
    }
  }

  join(client: Client): void {
    this.#audience.join(client);
  }

  async handle(exchange: Exchange): Promise<Answer> {
    this.#answering += 1;
    try {
      // Own properties only: a client may ask for the method `constructor`.
      const handler = Object.hasOwn(this.#handlers, exchange.method) ? this.#handlers[exchange.method] : undefined;
      if (!handler && this.#isOwn(exchange.method)) return unknownMethod(exchange);
      const frame = this.presentable(exchange.frame);
      const presented = frame === exchange.frame ? exchange : withFrame(exchange, frame);
      return await (handler ? handler(presented) : this.#custom.call(presented));
    } catch (error) {
      return errorAnswer(error);
    } finally {
      this.#answering -= 1;
      if (this.#answering === 0) this.#drained();
    }
  }

  notify(client: Client, notification: Notification): void {
    // A server that does not insist on an id would serve it, past the filters.
    if (this.#isOwn(notification.method)) return;
    this.#custom.notify(client, { ...notification, frame: this.presentable(notification.frame) });
  }

  presentable(frame: RawJson): RawJson {
    return this.#personalMeta ? frame : withoutPersonalMeta(frame);
  }

  end(principalId: string): void {
    this.#tasks.end(principalId);
    this.#kept.end(principalId);
    this.#frozen.end((id) => id === principalId);
  }

  /**
   * Learns the tools of an upstream, all of them, as they are told on its shared link.
   * @param isCurrent whether it has not been asked again since, be it in vain. Default: yes.
   */
  learn(upstream: Upstream, tools: readonly RawJson[], isCurrent = true): void {
    if (!this.#view.upstreams.includes(upstream)) return;
    TOOLS.learn([...tools], upstream, this.#view);
    if (isCurrent) this.#view.definitions.complete(upstream.name);
    else this.#view.definitions.forget(upstream.name);
  }

  /** What an upstream's tools are shown as, to all or to those who may only read. */
  show(upstream: Upstream, tools: readonly RawJson[], readOnly = false): RawJson[] {
    return (readOnly ? READ_ONLY_TOOLS : TOOLS).show([...tools], upstream, this.#view);
  }

  /** The bridge's own tools, as all see them, or those who may only read. */
  async ownTools(readOnly = false): Promise<readonly RawJson[]> {
    const tools = (await this.#research?.definitions(ownExchange(TOOLS.method))) ?? [];
    return !readOnly || tools.every(isMarkedReadOnly) ? tools : [];
  }

  /** Tells all clients that the lists may be different now, for a reason that no server knows. */
  announceLists(): void {
    this.#audience.announceAll();
  }

  /** Tells the clients on an upstream's shared link that its lists may be different now; see {@link Audience}. */
  announceRecovery(upstream: Upstream, isFirst: boolean): void {
    this.#audience.announceRecovery(upstream, isFirst);
  }

  toolOf(exchange: Exchange): Promise<RawJson | undefined> {
    return this.#toolsFor(exchange).definitionOf(exchange);
  }

  /** Those of the bridge, or those of the servers. */
  #toolsFor(exchange: Exchange): ResearchTools | ToolCalls {
    return this.#research?.answers(toolNameOf(exchange)) ? this.#research : this.#tools;
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

  /** Whether a method is one that is answered here, or looks so to a server that does not mind the case. */
  #isOwn(method: string): boolean {
    return this.#methods.has(method.toLowerCase());
  }
}

/** Whether some results may be cut. */
function isLimited(view: View): boolean {
  return view.upstreams.some((upstream) => view.rulesOf(upstream).results.maxSize > 0);
}

/** The introduction of servers, where the bridge itself has what they may lack. */
function withCapabilities(opened: Answer, own: readonly string[]): Answer {
  const capabilities = opened.raw('result')?.raw('capabilities');
  const added = own.filter((capability) => !capabilities?.has(capability));
  if (!capabilities || added.length === 0) return opened;
  return withResult(opened, {
    capabilities: capabilities.with(Object.fromEntries(added.map((capability) => [capability, {}]))),
  });
}
