import { isMarkedReadOnly, unanimous } from '../catalog/annotations.ts';
import type { Exchange } from '../protocol/exchange.ts';
import { withParams } from '../protocol/message.ts';
import { RawJson } from '../protocol/raw-json.ts';
import { freshnessOf } from '../protocol/stateless.ts';
import type { Upstream } from '../upstream/upstream.ts';
import { widgetUrisOf, withWidgetUris } from './links.ts';
import type { View } from './view.ts';

/** A list that servers offer in pages. */
export interface ListKind {
  readonly method: string;
  /** Member of the result that holds the items. */
  readonly member: string;
  /** What a server must have declared to be asked for it. */
  readonly capability: string;
  /**
   * Takes note of the names that a server uses, so that the view can translate them both ways.
   * @param edition of the definitions when the list was begun. Default: the one there is now.
   */
  learn(items: RawJson[], upstream: Upstream, view: View, edition?: number): void;
  /** The items as the view shows them: hidden ones left out, names and URIs of its own. Learn them first. */
  show(items: RawJson[], upstream: Upstream, view: View): RawJson[];
}

export const TOOLS: ListKind = {
  method: 'tools/list',
  member: 'tools',
  capability: 'tools',
  learn(items, upstream, view, edition) {
    view.tools.learn(upstream.name, namesOf(items));
    view.definitions.learn(upstream.name, items, edition);
    // Who lists the tool has its widget, even if nobody has listed the resources yet.
    view.uris.learnUris(upstream.name, items.flatMap(widgetUrisOf));
  },
  show: (items, upstream, view) => showTools(items, upstream, view, () => true),
};

/** The tools as they are shown to those who may only read. */
export const READ_ONLY_TOOLS: ListKind = {
  ...TOOLS,
  show: (items, upstream, view) => showTools(items, upstream, view, isMarkedReadOnly),
};

/** @param holds what has to hold for the definition as it is shown. */
function showTools(items: RawJson[], upstream: Upstream, view: View, holds: (tool: RawJson) => boolean): RawJson[] {
  const { presenter, annotations } = view.rulesOf(upstream);
  const isPermitted = (tool: RawJson) => {
    const { definition, isAllowed } = presenter.present(tool);
    return isAllowed && holds(definition);
  };
  const isAnyPermitted = annotations.isOpen && holds !== isMarkedReadOnly;
  const permitted = isAnyPermitted ? items : unanimous(items, isPermitted);
  return presenter.withSoundNames(permitted).flatMap((tool) => {
    const name = tool.string('name') ?? '';
    if (!view.allows(upstream, name)) return [];
    const { definition, flaw } = presenter.present(tool);
    if (flaw !== undefined) return [];
    const exposed = definition.translated('name', () => view.tools.expose(upstream.name, name));
    return [withWidgetUris(exposed, upstream, view)];
  });
}

export const PROMPTS: ListKind = {
  method: 'prompts/list',
  member: 'prompts',
  capability: 'prompts',
  learn: (items, upstream, view) => view.prompts.learn(upstream.name, namesOf(items)),
  show(items, upstream, view) {
    const { prompts } = view.rulesOf(upstream);
    return items.map((prompt) =>
      prompts.change(prompt).translated('name', () => {
        return view.prompts.expose(upstream.name, prompt.string('name') ?? '');
      }),
    );
  },
};

export const RESOURCES: ListKind = {
  method: 'resources/list',
  member: 'resources',
  capability: 'resources',
  learn: (items, upstream, view) => view.uris.learnUris(upstream.name, stringsOf(items, 'uri')),
  show(items, upstream, view) {
    const { resources } = view.rulesOf(upstream);
    return items.map((resource) =>
      resources.change(resource).translated('uri', (uri) => view.uris.exposeUri(upstream.name, uri)),
    );
  },
};

export const TEMPLATES: ListKind = {
  method: 'resources/templates/list',
  member: 'resourceTemplates',
  capability: 'resources',
  learn: (items, upstream, view) => view.uris.learnTemplates(upstream.name, stringsOf(items, 'uriTemplate')),
  show(items, upstream, view) {
    const { resources } = view.rulesOf(upstream);
    return items.map((item) =>
      resources.change(item).translated('uriTemplate', (uri) => view.uris.exposeTemplate(upstream.name, uri)),
    );
  },
};

export const TASKS: ListKind = {
  method: 'tasks/list',
  member: 'tasks',
  capability: 'tasks',
  learn() {},
  show: (items) => items,
};

/** A server's list, read to its end. */
export interface Collected {
  readonly items: RawJson[];
  /** How long all of it may be kept, in milliseconds: as long as the page that goes stale first. */
  readonly ttlMs: number;
}

/**
 * All items of a server's list, to the last page.
 * @throws Error when the server answers with an error, or with pages that go round in a circle.
 */
export async function collectPages(
  upstream: Upstream,
  { method, member }: ListKind,
  exchange: Exchange,
): Promise<Collected> {
  const items: RawJson[] = [];
  let ttlMs = Number.MAX_SAFE_INTEGER;
  const seen = new Set<string>();
  let frame = exchange.frame;
  for (;;) {
    const answer = await upstream.request(frame, exchange);
    const result = answer.raw('result');
    if (!result) {
      const why = answer.raw('error')?.string('message') ?? 'no reason given';
      throw new Error(`${upstream.name}: ${method} failed: ${upstream.redact(why)}`);
    }
    // One server's broken string must not break the list of all.
    items.push(...(RawJson.parse(result.text).raw(member)?.items() ?? []));
    ttlMs = Math.min(ttlMs, freshnessOf(result)?.ttlMs ?? 0);
    const cursor = result.raw('nextCursor');
    if (!cursor || cursor.text === 'null') return { items, ttlMs };
    if (seen.has(cursor.text)) throw new Error(`${upstream.name}: ${method} repeats the cursor ${cursor.text}`);
    seen.add(cursor.text);
    frame = withParams(exchange.frame, { cursor });
  }
}

function namesOf(items: RawJson[]): string[] {
  return stringsOf(items, 'name');
}

function stringsOf(items: RawJson[], member: string): string[] {
  return items.flatMap((item) => item.string(member) ?? []);
}
