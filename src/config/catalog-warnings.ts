import type { ToolFilter } from './catalog-settings.ts';
import type { Settings } from './settings.ts';

/** What is said of the catalog and can hardly be meant, one line each. */
export function catalogWarnings({ tools, upstreams, views, research }: Settings): string[] {
  const places = [
    ...upstreams.map(({ origin, rules }) => ({ origin, filters: [tools, rules.tools] })),
    ...views.map((view) => ({ origin: view.origin, filters: [tools, view.tools] })),
  ];
  return [
    ...places.flatMap(({ origin, filters }) => {
      const clash = findClash(filters);
      return clash === undefined ? [] : [`${origin}: no tool can be shown, as the filters ask for ${clash}`];
    }),
    ...views
      .filter((view) => view.research && research === undefined)
      .map(({ origin }) => `${origin}.research has no effect without bridge.research`),
  ];
}

const HINTS = ['readOnly', 'destructive', 'openWorld'] as const;

/** What no tool can be, whatever its annotations say. */
function findClash(filters: readonly ToolFilter[]): string | undefined {
  const asksFor = (hint: (typeof HINTS)[number], value: boolean) => filters.some((filter) => filter[hint] === value);
  const torn = HINTS.find((hint) => asksFor(hint, true) && asksFor(hint, false));
  if (torn !== undefined) return `${torn} true and ${torn} false`;
  return asksFor('readOnly', true) && asksFor('destructive', true) ? 'readOnly true and destructive true' : undefined;
}
