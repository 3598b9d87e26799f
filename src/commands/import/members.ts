/** What an object in somebody else's file holds, by its keys; nothing where there is no object. */
export function membersOf(value: unknown): Readonly<Record<string, unknown>> {
  // Without a prototype, or a key such as `constructor` would always be there.
  return Object.assign(Object.create(null), typeof value === 'object' ? value : undefined);
}
