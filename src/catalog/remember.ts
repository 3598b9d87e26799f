/**
 * Makes `key` the newest entry of `map` and drops the oldest beyond `max`. Returns whether the keys changed.
 * Whatever servers say is remembered this way, per server: a chatty one forgets its own words, never another's.
 */
export function remember<V>(map: Map<string, V>, key: string, create: () => V, max: number): boolean {
  const known = map.get(key);
  map.delete(key);
  map.set(key, known ?? create());
  if (known !== undefined) return false;
  for (const oldest of map.keys()) {
    if (map.size <= max) break;
    map.delete(oldest);
  }
  return true;
}
