import type { CatalogRules, ResultLimits, ToolFilter, ViewSettings } from '../config/catalog-settings.ts';
import { type AnnotationFilter, createAnnotationFilter } from './annotation-filter.ts';
import { type CompiledToolFilter, createToolFilter } from './filter.ts';
import { compileOverrides, type ToolOverrides } from './override/override.ts';
import { compilePromptOverrides, type PromptOverrides } from './override/prompts.ts';
import { compileResourceOverrides, type ResourceOverrides } from './override/resources.ts';
import { Presenter } from './presentation.ts';

/** What the owner has said of one server's part in one view, ready for use. */
export interface CompiledRules {
  /** By name; all of them have to allow a tool. */
  readonly filters: readonly PlacedFilter[];
  readonly overrides: ToolOverrides;
  readonly prompts: PromptOverrides;
  readonly resources: ResourceOverrides;
  /** By annotation. */
  readonly annotations: AnnotationFilter;
  readonly presenter: Presenter;
  readonly results: ResultLimits;
  /** Whether only what is marked read-only is shown. */
  readonly readsOnly: boolean;
}

/** A filter, and where it was configured. */
export interface PlacedFilter {
  readonly filter: CompiledToolFilter;
  readonly origin: string;
}

/** A filter over several servers, compiled once. */
export interface FilterLayer {
  readonly tools: ToolFilter;
  readonly placed: PlacedFilter;
}

/** @throws BridgeError `CONFIG` for a glob that cannot be read. */
export async function compileLayer(tools: ToolFilter, origin: string): Promise<FilterLayer> {
  return { tools, placed: { filter: await createToolFilter([tools]), origin } };
}

/**
 * Compiles the rules of one server.
 * @param layers the filters that it shares with other servers.
 * @param view what comes on top in a view of its own.
 * @throws BridgeError `CONFIG` for a glob that cannot be read.
 */
export async function compileRules(
  server: { readonly name: string; readonly origin: string; readonly rules: CatalogRules },
  layers: readonly FilterLayer[],
  view?: Pick<ViewSettings, 'overrides' | 'schemas'>,
): Promise<CompiledRules> {
  const { tools, overrides, promptOverrides, resourceOverrides, schemas, results } = server.rules;
  const all = [...layers, await compileLayer(tools, server.origin)];
  const added = view && Object.hasOwn(view.overrides, server.name) ? view.overrides[server.name] : undefined;
  const compiled = await compileOverrides([...overrides, ...(added ?? [])]);
  const annotations = createAnnotationFilter(all.map((layer) => layer.tools));
  return {
    filters: all.map(({ placed }) => placed),
    overrides: compiled,
    prompts: await compilePromptOverrides(promptOverrides),
    resources: await compileResourceOverrides(resourceOverrides),
    annotations,
    results,
    readsOnly: all.some((layer) => layer.tools.readOnly === true),
    presenter: new Presenter({
      overrides: compiled,
      filter: annotations,
      schemas: view?.schemas ?? schemas,
      withoutOutputSchema: results.maxSize > 0,
    }),
  };
}
