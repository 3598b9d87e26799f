import type { CompiledToolFilter } from '../catalog/filter.ts';
import { createNameTable, type NameTable } from '../catalog/name-table.ts';
import { createUriTable, type UriTable } from '../catalog/uris.ts';
import type { Prefix } from '../config/settings.ts';
import type { Upstream } from '../upstream/upstream.ts';
import { ToolDefinitions } from './tool-definitions.ts';

export interface ViewOptions {
  readonly upstreams: readonly Upstream[];
  readonly prefix: Prefix;
  /** What of each upstream's tools may be seen; all of them have to allow a tool. */
  filtersOf(upstream: Upstream): readonly CompiledToolFilter[];
  /** What filters call a tool besides its own name. Default: the name it has in this view. */
  exposedTool?(upstream: Upstream, tool: string): string;
}

/** What of the catalog one URL shows: which upstreams, under which names, and which of their tools. */
export interface View {
  readonly upstreams: readonly Upstream[];
  /** The upstream, when there is but one: then the bridge is transparent. */
  readonly single: Upstream | undefined;
  readonly tools: NameTable;
  readonly prompts: NameTable;
  readonly uris: UriTable;
  readonly definitions: ToolDefinitions;
  upstream(name: string): Upstream | undefined;
  /** Whether a tool, given by its own name, may be seen and called. */
  allows(upstream: Upstream, tool: string): boolean;
  /** Whether there may be tools of an upstream that must not be seen. */
  isFiltered(upstream: Upstream): boolean;
}

export function createView({ upstreams, prefix, filtersOf, exposedTool }: ViewOptions): View {
  const servers = upstreams.map(({ name }) => name);
  const byName = new Map(upstreams.map((upstream) => [upstream.name, upstream]));
  const tools = createNameTable({ servers, prefix });
  return {
    upstreams,
    single: upstreams.length === 1 ? upstreams[0] : undefined,
    tools,
    prompts: createNameTable({ servers, prefix }),
    uris: createUriTable(servers),
    definitions: new ToolDefinitions(),
    upstream: (name) => byName.get(name),
    allows(upstream, own) {
      const names = { own, exposed: exposedTool?.(upstream, own) ?? tools.expose(upstream.name, own) };
      return filtersOf(upstream).every((filter) => filter.allows(names));
    },
    isFiltered: (upstream) => filtersOf(upstream).some((filter) => !filter.isOpen),
  };
}
