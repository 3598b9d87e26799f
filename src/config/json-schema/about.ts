import type * as z from 'zod/mini';
import { FLAGS, type FlagName } from '../flag-table.ts';

/** What editors show of an object in a config file. */
export interface About {
  /** What it is called among the definitions. */
  readonly name: string;
  readonly shape: z.core.$ZodType;
  readonly keys: Readonly<Record<string, AboutKey>>;
}

/** What a key is for; the default and the examples are as somebody would write them. */
export type AboutKey =
  | string
  | { readonly text: string; readonly default?: unknown; readonly examples?: readonly unknown[] };

/** No key may be left out. */
export function about<Shape extends z.core.$ZodType>(
  name: string,
  shape: Shape,
  keys: Readonly<Record<keyof z.output<Shape> & string, AboutKey>>,
): About {
  return { name, shape, keys };
}

/** The words of the help for the flag that says the same. */
export function helpOf(flag: FlagName): string {
  const { help } = FLAGS[flag];
  return `${help.charAt(0).toUpperCase()}${help.slice(1)}.`;
}
