import { remember } from '../catalog/remember.ts';
import type { RawJson } from '../protocol/raw-json.ts';

/** Per server; far more than any client takes. */
const MAX_LEARNED = 10_000;

/** What the servers have said of their tools, by the servers' own names. Kept until a server says that its list has changed. */
export class ToolDefinitions {
  readonly #servers = new Map<string, Map<string, RawJson>>();
  readonly #complete = new Set<string>();
  /** What was known when the list changed, until the new one is told. */
  readonly #former = new Map<string, ReadonlyMap<string, RawJson>>();
  readonly #editions = new Map<string, number>();

  /** Whether all of a server's tools are known that can be, rather than some pages of its list. */
  isComplete(server: string): boolean {
    return this.#complete.has(server);
  }

  /** Whether a server has told all its tools, and this is none of them. */
  lacks(server: string, tool: string): boolean {
    return this.hasAll(server) && !this.of(server, tool);
  }

  /** Whether a server has told all its tools. */
  hasAll(server: string): boolean {
    return this.isComplete(server) && this.#servers.has(server);
  }

  /** Tells what a server says now from what it has said before its list changed. */
  edition(server: string): number {
    return this.#editions.get(server) ?? 0;
  }

  /** @param edition the one in which the server was asked: what it has said of its former tools is passed over. */
  learn(server: string, tools: readonly RawJson[], edition = this.edition(server)): void {
    if (edition !== this.edition(server)) return;
    const known = this.#servers.get(server) ?? new Map<string, RawJson>();
    for (const tool of tools) {
      const name = tool.string('name') ?? '';
      known.delete(name);
      remember(known, name, () => tool, MAX_LEARNED);
    }
    this.#servers.set(server, known);
    this.#former.delete(server);
  }

  of(server: string, tool: string): RawJson | undefined {
    return this.#servers.get(server)?.get(tool);
  }

  /** What a server said of a tool last, for as long as it does not tell what it would say now. */
  lastOf(server: string, tool: string): RawJson | undefined {
    return this.of(server, tool) ?? this.#former.get(server)?.get(tool);
  }

  /** Takes note that what was learnt last was the rest, or that there is no more to be had. */
  complete(server: string): void {
    this.#complete.add(server);
  }

  forget(server: string): void {
    const known = this.#servers.get(server);
    if (known) this.#former.set(server, known);
    this.#servers.delete(server);
    this.#complete.delete(server);
    this.#editions.set(server, this.edition(server) + 1);
  }
}
