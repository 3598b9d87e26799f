import { createNameTable, type NameTable } from '../catalog/name-table.ts';
import { exposedName, type NameTarget } from '../catalog/names.ts';
import type { CompiledRules } from '../catalog/rules.ts';
import { shortHash } from '../catalog/short-hash.ts';
import { createUriTable, type UriTable } from '../catalog/uris.ts';
import type { Prefix } from '../config/catalog-settings.ts';
import type { UpstreamSettings } from '../config/settings.ts';
import { canonical } from '../protocol/canonical.ts';
import type { Upstream } from '../upstream/upstream.ts';
import { ToolDefinitions } from './tool-definitions.ts';

export interface ViewOptions {
  /** What is shown, and by which rules, in the order of the configuration. */
  readonly rules: ReadonlyMap<Upstream, CompiledRules>;
  readonly prefix: Prefix;
  /** What filters call a tool besides its own name. Default: the name it has in this view. */
  exposedTool?(upstream: Upstream, tool: string): string;
  /** Names that are not for the servers' tools. Default: none. */
  readonly reserved?: readonly string[];
  /** Whose tool was shown under a name that is nobody's any more. Default: nobody's. */
  formerTool?(exposed: string): FormerTool | undefined;
}

/** Whose tool it was, and which program that server was. */
export interface FormerTool extends NameTarget {
  readonly program: string;
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
  rulesOf(upstream: Upstream): CompiledRules;
  /** Tells the program that a server is from others, whatever the server is called. */
  programOf(server: string): string;
  /** What filters call a tool besides its own name. */
  exposedTool(upstream: Upstream, tool: string): string;
  /** Whether a tool, given by its own name, may be seen and called, as far as that is told by its name. */
  allows(upstream: Upstream, tool: string): boolean;
  /** Where the filter was configured that hides a tool by its name; `undefined` where none does. */
  hiddenBy(upstream: Upstream, tool: string): string | undefined;
  /** Whether there may be tools of an upstream that must not be seen. */
  isFiltered(upstream: Upstream): boolean;
  /** What a name formerly stood for, by the owner's word or because it was shown so. It may stand for something else now. */
  formerTool(exposed: string): NameTarget | undefined;
}

export function createView({ rules, prefix, exposedTool, reserved = [], formerTool }: ViewOptions): View {
  const upstreams = [...rules.keys()];
  const servers = upstreams.map(({ name }) => name);
  const byName = new Map(upstreams.map((upstream) => [upstream.name, upstream]));
  const rulesOf = (upstream: Upstream) => rules.get(upstream) as CompiledRules;
  const given = (kind: 'overrides' | 'prompts') =>
    new Map(upstreams.map((upstream) => [upstream.name, rulesOf(upstream)[kind].names]));
  const tools = createNameTable({ servers, prefix, given: given('overrides'), reserved });
  const programs = new Map(upstreams.map(({ name, settings }) => [name, hashOfProgram(settings)]));
  const programOf = (server: string) => programs.get(server) ?? '';
  const nameForFilters = exposedTool ?? ((upstream: Upstream, own: string) => tools.expose(upstream.name, own));
  const aliases = aliasesIn(upstreams, rulesOf, tools);
  const renamed = new Map(upstreams.map((upstream) => [upstream, byFoldedName(rulesOf(upstream).overrides.names)]));
  const hiddenBy = (upstream: Upstream, own: string) => {
    // To a server that does not mind the case, it is also what the owner may have renamed, and filters by its new name.
    const meant = new Set([own, ...(renamed.get(upstream)?.get(own.toLowerCase()) ?? [])]);
    const names = [...meant].map((name) => ({ own: name, exposed: nameForFilters(upstream, name) }));
    return rulesOf(upstream).filters.find(({ filter }) => !names.every((each) => filter.allows(each)))?.origin;
  };
  return {
    upstreams,
    single: upstreams.length === 1 ? upstreams[0] : undefined,
    tools,
    prompts: createNameTable({ servers, prefix, given: given('prompts') }),
    uris: createUriTable(servers),
    definitions: new ToolDefinitions(),
    upstream: (name) => byName.get(name),
    rulesOf,
    exposedTool: nameForFilters,
    allows: (upstream, own) => hiddenBy(upstream, own) === undefined,
    hiddenBy,
    isFiltered(upstream) {
      const { filters, annotations } = rulesOf(upstream);
      return !annotations.isOpen || filters.some(({ filter }) => !filter.isOpen);
    },
    programOf,
    formerTool(exposed) {
      const alias = aliases.get(exposed);
      const former = alias ? undefined : formerTool?.(exposed);
      if (!former) return alias;
      // Two servers may have the same tools, and mean different things: the very same program goes before another that has its name by now.
      const isSame = ({ name: server }: Upstream) => programOf(server) === former.program;
      const named = byName.get(former.server);
      const upstream = named && isSame(named) ? named : (upstreams.find(isSame) ?? named);
      return upstream && { server: upstream.name, name: former.name };
    },
  };
}

/** Own names of what the owner renamed, by what they are to a server that does not mind the case. */
function byFoldedName(names: ReadonlyMap<string, string>): Map<string, string[]> {
  const folded = new Map<string, string[]>();
  for (const own of names.keys()) folded.set(own.toLowerCase(), [...(folded.get(own.toLowerCase()) ?? []), own]);
  return folded;
}

/** Of what is run, and in which surroundings: that can be all the difference. */
function hashOfProgram({ command, args, env, cwd, shell }: UpstreamSettings): string {
  return shortHash([canonical({ command, args, env, cwd, shell })], PROGRAM_HASH_LENGTH);
}

const PROGRAM_HASH_LENGTH = 16;

/** The owner's aliases, as they would have been shown. */
function aliasesIn(
  upstreams: readonly Upstream[],
  rulesOf: (upstream: Upstream) => CompiledRules,
  { prefixOf }: NameTable,
): Map<string, NameTarget> {
  const named = upstreams.flatMap((upstream) => {
    const { name: server } = upstream;
    const prefix = prefixOf(server) === '' ? undefined : server;
    return [...rulesOf(upstream).overrides.aliases].map(
      ([alias, name]) => [exposedName(alias, prefix), { server, name }] as const,
    );
  });
  return new Map(named);
}
