import type { RawJson } from '../../protocol/raw-json.ts';

export interface FixedArguments {
  /** Set, whatever the client sends. */
  readonly presets: Readonly<Record<string, unknown>>;
  /** Taken out. Those that are preset need not be among them. */
  readonly hidden: readonly string[];
}

/** Whether the owner keeps a parameter from clients, under the name that it has or under one that a server may take for it. */
export function keptParameters({ presets, hidden }: FixedArguments): (name: string) => boolean {
  const kept = new Set([...Object.keys(presets), ...hidden].map(foldCase));
  return (name) => kept.has(foldCase(name));
}

/**
 * Makes of a client's arguments what the server is to get. Instead of something that is no object the server gets the presets, if there are any.
 * `undefined` where nothing is to be done.
 */
export function createArgumentFixer(fixed: FixedArguments): ((args: RawJson) => RawJson) | undefined {
  const { presets, hidden } = fixed;
  const hasPresets = Object.keys(presets).length > 0;
  if (!hasPresets && hidden.length === 0) return undefined;
  const isKept = keptParameters(fixed);
  return (args) => {
    // Takes out each of several with one key, which setting it would not.
    const rest = args.without(...args.keys.filter(isKept));
    return hasPresets ? rest.with(presets) : rest;
  };
}

/**
 * A key as servers see it that do not mind its case (Go's do not). There and back, since `ſ` is an `s` to them, `K` (the sign of Kelvin) a `k`,
 * and `ẞ` an `ß`.
 */
function foldCase(key: string): string {
  return key.toLowerCase().toUpperCase().toLowerCase();
}
