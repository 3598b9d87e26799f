import type { PlacedFilter } from '../catalog/rules.ts';
import type { Log } from '../log.ts';
import type { RawJson } from '../protocol/raw-json.ts';
import type { Upstream } from '../upstream/upstream.ts';
import type { Inventory } from './inventory.ts';
import type { View } from './view.ts';

/** Tells the owner, once each, what is odd about the catalog: most of it is a slip of the pen. */
export class Reports {
  readonly #log: Log;
  readonly #said = new Set<string>();

  constructor(log: Log) {
    this.#log = log;
  }

  /** Looks at what the servers of a view have told. */
  review(view: View, inventories: readonly Inventory[]): void {
    for (const { upstream, tools } of inventories) {
      if (!tools) continue;
      this.#reviewTools(view, upstream, tools);
      for (const { glob, origin } of view.rulesOf(upstream).overrides.unmatched(tools.map(nameOf)))
        this.#warn(`${origin}: override "${glob}" matches no tool`);
    }
    this.#reviewFilters(view, inventories);
  }

  #reviewTools(view: View, upstream: Upstream, tools: readonly RawJson[]): void {
    const { presenter } = view.rulesOf(upstream);
    for (const tool of tools) {
      const name = nameOf(tool);
      if (!view.allows(upstream, name)) continue;
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

  /** A glob that matches no tool protects nothing, or shows nothing. */
  #reviewFilters(view: View, inventories: readonly Inventory[]): void {
    const concerned = new Map<PlacedFilter, Inventory[]>();
    for (const inventory of inventories)
      for (const placed of view.rulesOf(inventory.upstream).filters)
        concerned.set(placed, [...(concerned.get(placed) ?? []), inventory]);
    for (const [{ filter, origin }, all] of concerned) {
      // What a server that is down would have to say is not known.
      if (all.some(({ tools }) => !tools)) continue;
      const names = all.flatMap(({ upstream, tools = [] }) =>
        tools.map((tool) => ({ own: nameOf(tool), exposed: view.exposedTool(upstream, nameOf(tool)) })),
      );
      for (const { glob, kind } of filter.unmatched(names)) this.#warn(`${origin}: ${kind} "${glob}" matches no tool`);
    }
  }

  #warn(message: string): void {
    this.#once('warn', message);
  }

  #once(level: 'warn' | 'debug', message: string): void {
    if (this.#said.has(message)) return;
    this.#said.add(message);
    this.#log[level](message);
  }
}

function nameOf(tool: RawJson): string {
  return tool.string('name') ?? '';
}
