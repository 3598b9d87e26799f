import type { Answer, Exchange } from '../protocol/exchange.ts';
import { errorFrame, INVALID_PARAMS } from '../protocol/message.ts';
import type { RawJson } from '../protocol/raw-json.ts';
import type { Upstream } from '../upstream/upstream.ts';
import { withOwnLinks } from './links.ts';
import type { Listing } from './listing.ts';
import { TOOLS } from './lists.ts';
import { ReadOnlyTools } from './read-only-tools.ts';
import { inServerWords } from './server-words.ts';
import type { TaskOwners } from './task-owners.ts';
import type { View } from './view.ts';

export interface ToolCallsOptions {
  readonly view: View;
  readonly listing: Listing;
  readonly tasks: TaskOwners;
}

/** Leads calls to the servers whose tools they name, as far as their client may call them. */
export class ToolCalls {
  readonly #view: View;
  readonly #listing: Listing;
  readonly #tasks: TaskOwners;
  readonly #readOnly: ReadOnlyTools;

  constructor({ view, listing, tasks }: ToolCallsOptions) {
    this.#view = view;
    this.#listing = listing;
    this.#tasks = tasks;
    this.#readOnly = new ReadOnlyTools(view.upstreams);
  }

  /** Answers a call. That of a tool which its client must not call is answered as if there were none. */
  async call(exchange: Exchange): Promise<Answer> {
    const found = await this.#find(exchange);
    if (!found) return errorFrame(INVALID_PARAMS, `Unknown tool: ${toolNameOf(exchange)}`);
    const { upstream, name } = found;
    const answer = await upstream.request(inServerWords(exchange.frame, 'name', name), exchange);
    if (mayCreateTask(exchange)) this.#tasks.remember(answer, upstream, exchange.client);
    return withOwnLinks(answer, upstream, this.#view);
  }

  /** The definition of the tool that a call names, if its client may call it. Never rejects. */
  async definitionOf(exchange: Exchange): Promise<RawJson | undefined> {
    const found = await this.#find(exchange);
    // A server that cannot be asked will say why to whoever calls the tool.
    return found && this.#listing.define(exchange, found.upstream, found.name).catch(() => undefined);
  }

  /** The tool that a call names, if it may be called. `name` is the server's own. */
  async #find(exchange: Exchange): Promise<{ upstream: Upstream; name: string } | undefined> {
    const lookup = () => this.#view.tools.lookup(toolNameOf(exchange));
    // Most calls need not wait for this.
    const target = lookup() ?? (await this.#listing.find(exchange, TOOLS, lookup));
    const upstream = target && this.#view.upstream(target.server);
    if (!upstream || !this.#view.allows(upstream, target.name)) return undefined;
    const { readOnly } = exchange.client.principal;
    // Comes last: nothing shall be waited for between the verdict and the call.
    if (readOnly && !(await this.#readOnly.allows(exchange, upstream, target.name))) return undefined;
    return { upstream, name: target.name };
  }
}

/** Whether the call's client has asked for a task, or is ready for one. */
function mayCreateTask({ frame, client }: Exchange): boolean {
  return client.readsResultTypes || frame.raw('params')?.has('task') === true;
}

function toolNameOf({ frame }: Exchange): string {
  return frame.raw('params')?.string('name') ?? '';
}
