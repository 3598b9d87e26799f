import { remember } from '../catalog/remember.ts';
import type { RawJson } from '../protocol/raw-json.ts';

/** Per server; far more than any client takes. */
const MAX_LEARNED = 10_000;

/** What a server has said, by its own names. */
interface Told {
  /** Grows whenever the server says that its list has changed. */
  readonly edition: number;
  /** `undefined` until it has told its list, or a page of it. */
  tools: Map<string, RawJson> | undefined;
  /** What it said before its list changed, until it tells the new one. */
  former: ReadonlyMap<string, RawJson> | undefined;
  isComplete: boolean;
}

/** What the servers have said of their tools, by the servers' own names. Kept until a server says that its list has changed. */
export class ToolDefinitions {
  readonly #servers = new Map<string, Told>();

  /** Whether all of a server's tools are known that can be, rather than some pages of its list. */
  isComplete(server: string): boolean {
    return this.#told(server).isComplete;
  }

  /** Whether a server has told all its tools, and this is none of them. */
  lacks(server: string, tool: string): boolean {
    return this.hasAll(server) && !this.of(server, tool);
  }

  /** Whether a server has told all its tools. */
  hasAll(server: string): boolean {
    const { isComplete, tools } = this.#told(server);
    return isComplete && tools !== undefined;
  }

  /** Tells what a server says now from what it has said before its list changed. */
  edition(server: string): number {
    return this.#told(server).edition;
  }

  /** @param edition the one in which the server was asked: what it has said of its former tools is passed over. */
  learn(server: string, tools: readonly RawJson[], edition = this.edition(server)): void {
    const told = this.#told(server);
    if (edition !== told.edition) return;
    told.tools ??= new Map();
    told.former = undefined;
    for (const tool of tools) {
      const name = tool.string('name') ?? '';
      told.tools.delete(name);
      remember(told.tools, name, () => tool, MAX_LEARNED);
    }
  }

  of(server: string, tool: string): RawJson | undefined {
    return this.#told(server).tools?.get(tool);
  }

  /** What a server said of a tool last, for as long as it does not tell what it would say now. */
  lastOf(server: string, tool: string): RawJson | undefined {
    const { tools, former } = this.#told(server);
    return tools?.get(tool) ?? former?.get(tool);
  }

  /** Takes note that what was learnt last was the rest, or that there is no more to be had. */
  complete(server: string): void {
    this.#told(server).isComplete = true;
  }

  forget(server: string): void {
    const { edition, tools, former } = this.#told(server);
    this.#servers.set(server, { edition: edition + 1, tools: undefined, former: tools ?? former, isComplete: false });
  }

  #told(server: string): Told {
    const told = this.#servers.get(server) ?? { edition: 0, tools: undefined, former: undefined, isComplete: false };
    this.#servers.set(server, told);
    return told;
  }
}
