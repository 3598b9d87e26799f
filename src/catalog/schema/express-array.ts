import { annotationsOf, type Core, Never, type Part } from './core.ts';
import type { Expressed, Expresser } from './expresser.ts';
import { pathOf } from './reducer.ts';
import { without } from './schema.ts';
import { translateItems, translateTuple } from './translate.ts';
import { placeName, requiredPlaces, shapeOf } from './tuples.ts';

/** Arrays. Those with places become objects, whose members are called `item1`, `item2`, and so on. */
export function expressArray(core: Core, at: string, expresser: Expresser): Expressed | Never {
  const shape = shapeOf(core);
  if (shape instanceof Never) return shape;
  if (shape.kind === 'tuple') return expressTuple(core, shape.items, shape.least, at, expresser);
  const { items = {} } = shape.core;
  if (core.prefixItems) expresser.note('the tuple became a list', at);
  const item = expresser.express(items, pathOf(at, 'items'));
  if (!(item instanceof Never)) {
    return { schema: { ...shape.core, items: item.schema }, translate: translateItems(item.translate) };
  }
  if ((core.minItems ?? 0) > 0) return item;
  expresser.note(`takes no items: ${item.reason}`, at);
  return { schema: { ...shape.core, items: { type: 'string' }, maxItems: 0 }, translate: undefined };
}

function expressTuple(
  core: Core,
  parts: readonly Part[],
  least: number,
  at: string,
  expresser: Expresser,
): Expressed | Never {
  const items: Expressed[] = [];
  for (const [index, part] of parts.entries()) {
    const item = expresser.express(part, pathOf(at, `properties.${placeName(index)}`));
    if (item instanceof Never && index < least) return item;
    if (item instanceof Never) break;
    items.push(item);
  }
  expresser.note('the tuple became an object', at);
  const named = items.map((item, index) => [placeName(index), item] as const);
  const schema = {
    ...withoutDefaults(annotationsOf(core)),
    type: 'object',
    properties: Object.fromEntries(named.map(([name, item]) => [name, item.schema])),
    required: named.slice(0, requiredPlaces(items.length, least)).map(([name]) => name),
    additionalProperties: false,
  };
  return { schema, translate: translateTuple(named.map(([name, { translate }]) => [name, translate])) };
}

/** Arrays, which it does not take any more. */
function withoutDefaults(annotations: Core): Core {
  return without(annotations, 'default', 'examples');
}
