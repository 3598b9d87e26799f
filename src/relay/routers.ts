import { createAnnotationFilter } from '../catalog/annotation-filter.ts';
import { type CompiledRules, compileLayer, compileRules } from '../catalog/rules.ts';
import type { ToolFilter, ViewSettings } from '../config/catalog-settings.ts';
import type { Settings, UpstreamSettings } from '../config/settings.ts';
import type { Upstream } from '../upstream/upstream.ts';
import type { FrozenLists } from './frozen-lists.ts';
import { RESEARCH_NAMES } from './research/research-tools.ts';
import { Router, type RouterOptions, type RouterResearch } from './router.ts';
import { createView, type View } from './view.ts';

/** What of the settings the catalogs are made of. */
export type CatalogSettings = Pick<Settings, 'upstreams' | 'prefix' | 'tools' | 'views' | 'research' | 'personalMeta'>;

export interface RoutersOptions extends Pick<RouterOptions, 'info' | 'owners' | 'kept' | 'log'> {
  readonly settings: CatalogSettings;
  /** In the order of the settings. */
  readonly upstreams: readonly Upstream[];
  /** What is remembered of a catalog, by its place. */
  frozenAt(place: string): FrozenLists;
}

/** The place of the catalog of all servers. */
export const MERGED = '';

/**
 * Creates what answers at each place: for all servers at {@link MERGED}, for one at `servers/NAME`, for a view at `views/NAME`.
 * @throws BridgeError when a glob cannot be read.
 */
export async function createRouters({
  settings,
  upstreams,
  frozenAt,
  ...shared
}: RoutersOptions): Promise<Map<string, Router>> {
  const { prefix, research, personalMeta } = settings;
  const common = await compileLayer(settings.tools, 'tools of all servers');
  const configured = new Map(settings.upstreams.map((server) => [server.name, server]));
  const rulesFor = async (shown: readonly Upstream[], view?: ViewSettings) => {
    const layers = view ? [common, await compileLayer(view.tools, view.origin)] : [common];
    const compiled = shown.map(async (upstream) => {
      const server = configured.get(upstream.name) as UpstreamSettings;
      return [upstream, await compileRules(server, layers, view)] as const;
    });
    return new Map<Upstream, CompiledRules>(await Promise.all(compiled));
  };
  const formerToolAt = (place: string) => (exposed: string) => frozenAt(place).formerTool(exposed);
  const researchIn = (merged: View, layers: readonly ToolFilter[]) =>
    research && {
      settings: research,
      annotations: createAnnotationFilter(layers),
      locate: async (tool: string) => merged.tools.lookup(tool),
    };

  const rules = await rulesFor(upstreams);
  const ofViews = await Promise.all(
    settings.views.map(async (view) => ({ view, rules: await rulesFor(serversOf(view, upstreams), view) })),
  );
  // Nothing has been made so far that would have to be ended.
  const reserved = research ? RESEARCH_NAMES : [];
  const merged = createView({ rules, prefix, reserved, formerTool: formerToolAt(MERGED) });
  const create = (place: string, view: View, tools?: RouterResearch): [string, Router] => [
    place,
    new Router({ ...shared, personalMeta, view, frozen: frozenAt(place), research: tools }),
  ];
  // What is hidden by the name it has among all is hidden at every URL.
  const exposedTool = (upstream: Upstream, tool: string) => merged.tools.expose(upstream.name, tool);
  return new Map([
    create(MERGED, merged, researchIn(merged, [settings.tools])),
    ...upstreams.map((upstream) => {
      const place = placeOfServer(upstream.name);
      const own = new Map([[upstream, rules.get(upstream) as CompiledRules]]);
      return create(place, createView({ rules: own, prefix: 'none', exposedTool, formerTool: formerToolAt(place) }));
    }),
    ...ofViews.map(({ view, rules: selected }) => {
      const place = placeOfView(view.name);
      const hasResearch = view.research && research !== undefined;
      const shown = createView({
        rules: selected,
        prefix: view.prefix,
        exposedTool,
        reserved: hasResearch ? reserved : [],
        formerTool: formerToolAt(place),
      });
      return create(place, shown, hasResearch ? researchIn(merged, [settings.tools, view.tools]) : undefined);
    }),
  ]);
}

function serversOf(view: ViewSettings, upstreams: readonly Upstream[]): Upstream[] {
  return upstreams.filter(({ name }) => view.servers.length === 0 || view.servers.includes(name));
}

/** Names may hold anything; a place is the path of its URLs. */
export function placeOfServer(name: string): string {
  return `servers/${encodeURIComponent(name)}`;
}

export function placeOfView(name: string): string {
  return `views/${encodeURIComponent(name)}`;
}
