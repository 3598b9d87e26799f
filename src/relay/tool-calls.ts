import { isMarkedReadOnly } from '../catalog/annotations.ts';
import type { NameTarget } from '../catalog/names.ts';
import type { MapArguments } from '../catalog/presentation.ts';
import type { Answer, Exchange } from '../protocol/exchange.ts';
import { errorFrame, INVALID_PARAMS, METHOD_NOT_FOUND, withParams, withResult } from '../protocol/message.ts';
import { RawJson } from '../protocol/raw-json.ts';
import type { Upstream } from '../upstream/upstream.ts';
import type { KeptResults } from './kept-results.ts';
import { withOwnLinks } from './links.ts';
import type { Listing } from './listing.ts';
import { TOOLS } from './lists.ts';
import { limitResult } from './result-limits.ts';
import { inServerWords } from './server-words.ts';
import type { TaskOwners } from './task-owners.ts';
import type { ToldTools } from './told-tools.ts';
import type { View } from './view.ts';

export interface ToolCallsOptions {
  readonly view: View;
  readonly listing: Listing;
  readonly told: ToldTools;
  readonly tasks: TaskOwners;
  readonly kept: KeptResults;
}

/** A tool that may be called, and what becomes of its arguments. */
interface Found {
  readonly upstream: Upstream;
  /** The server's own name for it. */
  readonly name: string;
  readonly toServer: MapArguments | undefined;
}

/** Leads calls to the servers whose tools they name, as far as their client may call them. */
export class ToolCalls {
  readonly #options: ToolCallsOptions;

  constructor(options: ToolCallsOptions) {
    this.#options = options;
  }

  /** Answers a call. That of a tool which its client must not call is answered as if there were none. */
  async call(exchange: Exchange): Promise<Answer> {
    const found = await this.#find(exchange);
    if (!found) return unknownTool(toolNameOf(exchange));
    const { view, kept } = this.#options;
    const { principal } = exchange.client;
    const { results } = view.rulesOf(found.upstream);
    const answer = await this.#callFound(exchange, found);
    const limited = limitResult(answer, results, (rest) => kept.keep(principal, rest));
    return view.definitions.lacks(found.upstream.name, found.name) ? withHint(limited, found.name) : limited;
  }

  /**
   * Answers a call of a tool that the owner has chosen, whether or not it is shown: by its server's own name, and not by the one in the
   * request. The result is whole, whatever the limits.
   */
  async callChosen(exchange: Exchange, { server, name }: NameTarget): Promise<Answer> {
    const upstream = this.#options.view.upstream(server);
    const found = upstream && (await this.#permit(exchange, upstream, name));
    return found ? this.#callFound(exchange, found) : unknownTool(toolNameOf(exchange));
  }

  /** The definition of the tool that a call names, if its client may call it. Never rejects. */
  async definitionOf(exchange: Exchange): Promise<RawJson | undefined> {
    const found = await this.#find(exchange);
    // A server that cannot be asked will say why to whoever calls the tool.
    return found && this.define(exchange, { server: found.upstream.name, name: found.name });
  }

  /** The definition of a tool as it is shown, whether or not it is. Never rejects. */
  async define(exchange: Exchange, { server, name }: NameTarget): Promise<RawJson | undefined> {
    const upstream = this.#options.view.upstream(server);
    const told = upstream && (await this.#define(exchange, upstream, name));
    return told && this.#options.view.rulesOf(upstream).presenter.present(told).definition;
  }

  /** The definition of a tool that the owner has chosen, whether or not it is shown, if its client may call it. Never rejects. */
  async defineChosen(exchange: Exchange, target: NameTarget): Promise<RawJson | undefined> {
    const upstream = this.#options.view.upstream(target.server);
    const found = upstream && (await this.#permit(exchange, upstream, target.name));
    return found && this.define(exchange, target);
  }

  async #callFound(exchange: Exchange, { upstream, name, toServer }: Found): Promise<Answer> {
    const { view, tasks } = this.#options;
    const args = exchange.frame.raw('params')?.raw('arguments');
    if (toServer && args && !args.isObject && args.text !== 'null')
      return errorFrame(INVALID_PARAMS, `The arguments of ${toolNameOf(exchange)} must be an object`);
    const named = inServerWords(exchange.frame, 'name', name);
    const frame = toServer ? withParams(named, { arguments: toServer(args?.isObject ? args : NONE) }) : named;
    const answer = await upstream.request(frame, exchange);
    if (mayCreateTask(exchange)) tasks.remember(answer, upstream, exchange.client);
    return withOwnLinks(answer, upstream, view);
  }

  /** The tool that a call names, if it may be called. */
  async #find(exchange: Exchange): Promise<Found | undefined> {
    const { view } = this.#options;
    const target = await this.#resolve(exchange, toolNameOf(exchange));
    const upstream = target && view.upstream(target.server);
    if (!upstream || !view.allows(upstream, target.name)) return undefined;
    return this.#permit(exchange, upstream, target.name);
  }

  /** Whose tool a name means. What it stands for now goes before what it stood for once. */
  async #resolve(exchange: Exchange, exposed: string): Promise<NameTarget | undefined> {
    const { view, listing } = this.#options;
    const lookup = () => view.tools.lookup(exposed);
    // Most calls need not wait for this.
    const target = lookup() ?? (await listing.find(exchange, TOOLS, lookup));
    if (target && view.definitions.of(target.server, target.name)) return target;
    const former = view.formerTool(exposed);
    if (!former) return target;
    const upstream = target && view.upstream(target.server);
    return upstream && (await this.#define(exchange, upstream, target.name)) ? target : former;
  }

  /** What there is to know of a tool before it is called; `undefined` when it must not be called. */
  async #permit(exchange: Exchange, upstream: Upstream, name: string): Promise<Found | undefined> {
    const { view, told } = this.#options;
    const { presenter, annotations } = view.rulesOf(upstream);
    // Clients have what was told last: their arguments are in the words of that.
    const raw = presenter.needsDefinitions
      ? ((await this.#define(exchange, upstream, name)) ?? view.definitions.lastOf(upstream.name, name))
      : undefined;
    const presented = raw && presenter.present(raw);
    if (presented?.flaw !== undefined) return undefined;
    const { readOnly } = exchange.client.principal;
    if (readOnly || !annotations.isOpen) {
      const isPermitted = (tool: RawJson) => {
        const { definition, isAllowed } = presenter.present(tool);
        return isAllowed && (!readOnly || isMarkedReadOnly(definition));
      };
      // Comes last: nothing shall be waited for between the verdict and the call.
      if (!(await told.agreeOn(exchange, upstream, name, isPermitted))) return undefined;
    }
    const toServer = presented ? presented.toServer : presenter.ownersWord(name);
    return { upstream, name, toServer };
  }

  /** What a server says of a tool; `undefined` when it cannot be asked. */
  #define(exchange: Exchange, upstream: Upstream, name: string): Promise<RawJson | undefined> {
    return this.#options.listing.define(exchange, upstream, name).catch(() => undefined);
  }
}

const NONE = RawJson.of({});

/** Clients that keep the list of tools they once got, as ChatGPT does, call what is no more. */
const REFRESH =
  "If it is in the list that you have, that list is out of date: press Refresh in the connector's settings, or connect anew";

export function unknownTool(name: string): Answer {
  return errorFrame(INVALID_PARAMS, `Unknown tool: ${name}. ${REFRESH}`);
}

/** The answer of a server to a call of what it has not listed: if it says that there is no such tool, it also says what may help. */
function withHint(answer: Answer, name: string): Answer {
  const error = answer.raw('error');
  if (error && UNKNOWN.includes(error.get('code')))
    return answer.with({ error: error.translated('message', (message) => `${message}. ${REFRESH}`) });
  const result = answer.raw('result');
  const content = result?.raw('content')?.items() ?? [];
  // As the SDKs' servers say it.
  const isNamed = content.some((item) => item.string('text')?.includes(name));
  if (result?.get('isError') !== true || !isNamed) return answer;
  return withResult(answer, { content: [...content, { type: 'text', text: REFRESH }] });
}

const UNKNOWN: readonly unknown[] = [INVALID_PARAMS, METHOD_NOT_FOUND];

/** Whether the call's client has asked for a task, or is ready for one. */
function mayCreateTask({ frame, client }: Exchange): boolean {
  return client.readsResultTypes || frame.raw('params')?.has('task') === true;
}

export function toolNameOf({ frame }: Exchange): string {
  return frame.raw('params')?.string('name') ?? '';
}
