/** A copy with only those of the keys that are there. */
export function pick<Source extends object, Key extends string>(
  source: Source,
  keys: readonly Key[],
): Picked<Source, Key> {
  const entries = Object.entries(source).filter(([key]) => keys.some((each) => each === key));
  // Exactly what the filter left.
  return Object.fromEntries(entries) as Picked<Source, Key>;
}

type Picked<Source, Key> = Pick<Source, Extract<Key, keyof Source>>;
