import { remember } from '../catalog/remember.ts';
import type { CompiledRules, PlacedFilter } from '../catalog/rules.ts';
import type { ResearchSettings } from '../config/catalog-settings.ts';
import { nearest } from '../config/nearest.ts';
import type { Log } from '../log.ts';
import type { RawJson } from '../protocol/raw-json.ts';
import type { Upstream } from '../upstream/upstream.ts';
import type { Inventory } from './inventory.ts';
import { unmatchedOverrides } from './unmatched-overrides.ts';
import type { View } from './view.ts';

/** Tells the owner, once each, what is odd about the catalog: most of it is a slip of the pen. */
export class Reports {
  readonly #log: Log;
  readonly #said = new Map<string, true>();

  constructor(log: Log) {
    this.#log = log;
  }

  /** Looks at what the servers have told, and at what becomes of it in each view. */
  review(views: readonly View[], inventories: readonly Inventory[]): void {
    const shown = views.flatMap((view) =>
      inventories.filter(({ upstream }) => view.upstreams.includes(upstream)).map((inventory) => ({ view, inventory })),
    );
    for (const { view, inventory } of shown) {
      const { upstream, tools } = inventory;
      if (!tools) continue;
      this.#reviewTools(view, upstream, tools);
      for (const { glob, origin } of view.rulesOf(upstream).overrides.unmatched(tools.map(nameOf)))
        this.#warn(`${origin}: override "${glob}" matches no tool`);
    }
    this.#reviewFilters(shown);
  }

  /** Looks at what a server tells of prompts and resources, where the owner has something to say of them. Never rejects. */
  async reviewOthers(upstream: Upstream, rules: CompiledRules): Promise<void> {
    for (const { origin, glob, kind } of await unmatchedOverrides(upstream, rules))
      this.#warn(`${origin}: override "${glob}" matches no ${kind}`);
  }

  /** Looks for the tools that those for research are made of, in the catalog of all servers: without them there is neither. */
  reviewResearch({ origin, search, fetch }: ResearchSettings, view: View, inventories: readonly Inventory[]): void {
    // What a server that is down, or does not tell, would have is not known.
    if (inventories.some(({ tools, isCurrent }) => !tools || !isCurrent)) return;
    const all = inventories.flatMap(({ upstream, tools = [] }) =>
      tools.map((tool) => ({ own: nameOf(tool), exposed: view.exposedTool(upstream, nameOf(tool)) })),
    );
    const isThere = (name: string) => {
      const target = view.tools.lookup(name);
      return target && view.definitions.of(target.server, target.name) !== undefined;
    };
    for (const [key, { tool }] of Object.entries({ search, fetch })) {
      if (tool === undefined || isThere(tool)) continue;
      const namesakes = all.filter(({ own }) => own === tool).map(({ exposed }) => exposed);
      const names = all.map(({ exposed }) => exposed);
      const [meant = nearest(tool, names)] = namesakes;
      const hint = meant === undefined ? 'mcp-bridge tools lists all' : `did you mean ${JSON.stringify(meant)}?`;
      this.#warn(`${origin}.${key}: there is no tool ${JSON.stringify(tool)}, so there is no research; ${hint}`);
    }
  }

  #reviewTools(view: View, upstream: Upstream, tools: readonly RawJson[]): void {
    const { presenter } = view.rulesOf(upstream);
    const named = new Set(presenter.withSoundNames(tools));
    for (const tool of tools) {
      const name = nameOf(tool);
      if (!view.allows(upstream, name)) continue;
      if (!named.has(tool)) {
        const why =
          tool.string('name') === undefined ? 'has no name' : `is called ${JSON.stringify(name)} like a later one`;
        this.#warn(`${upstream.name}: a tool is hidden, as clients would refuse all tools for it: it ${why}`);
        continue;
      }
      const { flaw, doubts, repairs } = presenter.present(tool);
      const subject = `${upstream.name}: the tool ${JSON.stringify(name)}`;
      if (flaw !== undefined)
        this.#warn(
          `${subject} is hidden, as clients would refuse all tools for its schema: ${flaw}. "schemas": "original" shows it all the same`,
        );
      for (const doubt of doubts) this.#warn(`${subject}: ${doubt}`);
      if (repairs.length > 0) this.#once('debug', `${subject} has a mended schema: ${repairs.join('; ')}`);
    }
  }

  /** A glob that matches no tool protects nothing, or shows nothing. It may be meant for a server that some views do not show. */
  #reviewFilters(shown: readonly Shown[]): void {
    const concerned = new Map<PlacedFilter, Shown[]>();
    for (const each of shown)
      for (const placed of each.view.rulesOf(each.inventory.upstream).filters)
        concerned.set(placed, [...(concerned.get(placed) ?? []), each]);
    for (const [{ filter, origin }, all] of concerned) {
      // What a server that is down would have to say is not known.
      if (all.some(({ inventory }) => !inventory.tools)) continue;
      const names = all.flatMap(({ view, inventory: { upstream, tools = [] } }) =>
        tools.map((tool) => ({ own: nameOf(tool), exposed: view.exposedTool(upstream, nameOf(tool)) })),
      );
      for (const { glob, kind } of filter.unmatched(names)) this.#warn(`${origin}: ${kind} "${glob}" matches no tool`);
    }
  }

  #warn(message: string): void {
    this.#once('warn', message);
  }

  #once(level: 'warn' | 'debug', message: string): void {
    if (remember(this.#said, message, () => true, MAX_SAID)) this.#log[level](message);
  }
}

/** A server may have other oddities with each list that it tells. */
const MAX_SAID = 10_000;

/** A server, and one of the views that it is in. */
interface Shown {
  readonly view: View;
  readonly inventory: Inventory;
}

function nameOf(tool: RawJson): string {
  return tool.string('name') ?? '';
}
