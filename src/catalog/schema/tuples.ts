import { canonical } from '../../protocol/canonical.ts';
import { type Core, isAnything, itemOf, Never, type Part } from './core.ts';
import { possibleTypes } from './exclusion.ts';
import { without } from './schema.ts';

/** What an array is, for those who know no tuples. */
export type ArrayShape =
  /** All items are alike; the core has no `prefixItems` any more. */
  | { readonly kind: 'list'; readonly core: Core }
  /** Every item has a place of its own; the first `least` have to be there. */
  | { readonly kind: 'tuple'; readonly items: readonly Part[]; readonly least: number };

/** Beyond that nobody fills in the places one by one. */
const MAX_PLACES = 32;

/** Says an array without `prefixItems`. Where a tuple goes on, no more than its places are offered. */
export function shapeOf(core: Core): ArrayShape | Never {
  const { prefixItems = [], items: rest = {}, minItems: least = 0 } = core;
  const most = mostItems(core);
  if (least > most) return new Never('its items cannot be that many');
  const bounded = without(core, 'prefixItems', 'items', 'maxItems');
  const list = (items: Part, limit = most): ArrayShape => ({
    kind: 'list',
    core: { ...bounded, items, ...(limit < Infinity && { maxItems: limit }) },
  });
  if (most === 0) return list({ type: 'string' });
  const [first, ...others] = prefixItems.slice(0, most);
  if (first === undefined) return list(rest);
  const isLike = (item: Part) => canonical(item) === canonical(first);
  const isOpen = most > prefixItems.length;
  if (others.every(isLike) && (!isOpen || isAnything(rest) || isLike(rest))) return list(first);
  const length = Math.min(Math.max(prefixItems.length, least), most);
  const items = Array.from({ length: Math.min(length, MAX_PLACES + 1) }, (_, index) => itemOf(core, index));
  if (items.length > MAX_PLACES) return new Never('its tuple is too long');
  return core.uniqueItems && !areDistinct(items)
    ? new Never('its items have to differ')
    : { kind: 'tuple', items, least };
}

/** The length beyond which an item would have to be what nothing is. */
function mostItems({ prefixItems = [], items, maxItems = Infinity }: Core): number {
  const dead = prefixItems.findIndex((item) => item instanceof Never);
  const end = items instanceof Never ? prefixItems.length : Infinity;
  return Math.min(maxItems, dead === -1 ? end : dead);
}

/** Whether no two items can be equal, since no two are of one type. */
function areDistinct(items: readonly Part[]): boolean {
  if (items.length < 2) return true;
  const types = items.flatMap((item) => (item instanceof Never ? [] : possibleTypes(item)));
  return new Set(types.map((type) => (type === 'integer' ? 'number' : type))).size === types.length;
}

/** What the item at this index is called. */
export function placeName(index: number): string {
  return `item${index + 1}`;
}

/** How many of these places have to be filled, so that no gap can be left: all but the last where that may be missing. */
export function requiredPlaces(count: number, least: number): number {
  return Math.max(least, count - 1);
}
