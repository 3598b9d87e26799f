import type { RawJson } from '../protocol/raw-json.ts';

/** What the servers have said of their tools, by the servers' own names. Kept until a server says that its list has changed. */
export class ToolDefinitions {
  readonly #servers = new Map<string, Map<string, RawJson>>();

  /** Whether a server has said anything yet. */
  knows(server: string): boolean {
    return this.#servers.has(server);
  }

  learn(server: string, tools: readonly RawJson[]): void {
    const known = this.#servers.get(server) ?? new Map<string, RawJson>();
    for (const tool of tools) known.set(tool.string('name') ?? '', tool);
    this.#servers.set(server, known);
  }

  of(server: string, tool: string): RawJson | undefined {
    return this.#servers.get(server)?.get(tool);
  }

  forget(server: string): void {
    this.#servers.delete(server);
  }
}
