import { isMarkedReadOnly, unanimous } from '../catalog/annotations.ts';
import { NOTHING_UNSEEN, type UnseenChanges } from '../catalog/override/override.ts';
import type { Presented } from '../catalog/presentation.ts';
import type { RawJson } from '../protocol/raw-json.ts';
import type { Inventory } from '../relay/inventory.ts';
import type { Router } from '../relay/router.ts';
import type { Upstream } from '../upstream/upstream.ts';

/** A tool of the catalog, and how it came to be what clients see. */
export interface ToolReport {
  /** As clients call it. */
  readonly name: string;
  /** `undefined`: it is one of the bridge's own. */
  readonly server: string | undefined;
  /** As its server calls it. */
  readonly ownName: string;
  /** Why clients do not see it; `undefined` when they do. */
  readonly hidden: HiddenBecause | undefined;
  readonly readOnly: boolean;
  /** What the definition takes of a model's context, roughly. Tokens. */
  readonly tokens: number;
  /** As clients see it. */
  readonly definition: RawJson;
  /** As its server made it. */
  readonly original: RawJson;
  /** Which members are the owner's word, as paths: `description`, `annotations.readOnlyHint`. All else is the server's. */
  readonly owned: readonly string[];
  readonly unseen: UnseenChanges;
  /** What was mended so that clients take it, in a few words each. */
  readonly repairs: readonly string[];
}

export type HiddenBecause =
  /** `origin`: where it was configured, for people. */
  | { readonly by: 'filter'; readonly origin: string }
  | { readonly by: 'annotations' }
  /** Clients would refuse all tools for its schema. */
  | { readonly by: 'schema'; readonly reason: string }
  /** Clients would refuse all tools for its name, which is missing, or comes again. */
  | { readonly by: 'name' };

/** All tools that the servers of a place have, with those that clients do not see. Servers that have not told yet are passed over. */
export async function reportTools(router: Router, inventories: readonly Inventory[]): Promise<ToolReport[]> {
  const own = (await router.ownTools()).map(reportOwn);
  return [...own, ...inventories.flatMap(({ upstream, tools = [] }) => reportServer(router, upstream, tools))];
}

function reportServer({ view }: Router, upstream: Upstream, tools: readonly RawJson[]): ToolReport[] {
  if (!view.upstreams.includes(upstream)) return [];
  const { presenter, annotations } = view.rulesOf(upstream);
  const permitted = new Set(annotations.isOpen ? tools : unanimous(tools, (tool) => presenter.present(tool).isAllowed));
  const named = new Set(presenter.withSoundNames(tools));
  return tools.map((original) => {
    const ownName = original.string('name') ?? '';
    const presented = presenter.present(original);
    const name = view.tools.expose(upstream.name, ownName);
    const definition = presented.definition.translated('name', () => name);
    return {
      name,
      server: upstream.name,
      ownName,
      hidden: named.has(original)
        ? hiddenBecause(view.hiddenBy(upstream, ownName), permitted.has(original), presented)
        : { by: 'name' },
      readOnly: isMarkedReadOnly(definition),
      tokens: tokensOf(definition),
      definition,
      original,
      owned: presented.owned,
      unseen: presented.unseen,
      repairs: presented.repairs,
    };
  });
}

function reportOwn(definition: RawJson): ToolReport {
  const name = definition.string('name') ?? '';
  const [readOnly, tokens] = [isMarkedReadOnly(definition), tokensOf(definition)];
  const unsaid = { server: undefined, hidden: undefined, owned: [], unseen: NOTHING_UNSEEN, repairs: [] };
  return { name, ownName: name, readOnly, tokens, definition, original: definition, ...unsaid };
}

function hiddenBecause(
  filter: string | undefined,
  isPermitted: boolean,
  { flaw }: Presented,
): HiddenBecause | undefined {
  if (filter !== undefined) return { by: 'filter', origin: filter };
  if (flaw !== undefined) return { by: 'schema', reason: flaw };
  return isPermitted ? undefined : { by: 'annotations' };
}

/** What models are told of a tool is its name, description and parameters. A token of such text is about four characters. */
function tokensOf(tool: RawJson): number {
  const told = ['name', 'description', 'inputSchema'].map((key) => tool.raw(key)?.text ?? '');
  return Math.ceil(told.join('').length / CHARACTERS_PER_TOKEN);
}

const CHARACTERS_PER_TOKEN = 4;
