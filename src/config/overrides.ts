import { BridgeError } from '../errors.ts';
import { WILDCARD } from './catalog-kinds.ts';
import type { PromptOverride, ResourceOverride, ToolOverride } from './catalog-settings.ts';
import type { PromptOverrideOptions, ResourceOverrideOptions, ToolOverrideOptions } from './catalog-shapes.ts';
import { substituteAll, type VariableScope } from './variables.ts';

/**
 * The overrides of one server's tools, which a config file has under the globs they are for.
 *
 * @param where The file and the path to them.
 * @throws BridgeError `CONFIG` for a name given to more than one tool.
 */
export function toToolOverrides(given: Record<string, ToolOverrideOptions> = {}, where: string): ToolOverride[] {
  const overrides = byGlob(given, where).map(({ _meta: meta, ...rest }) => ({
    ...rest,
    ...(meta !== undefined && { meta }),
  }));
  checkNames(overrides);
  return overrides;
}

/** The same for prompts. */
export function toPromptOverrides(given: Record<string, PromptOverrideOptions> = {}, where: string): PromptOverride[] {
  const overrides = byGlob(given, where);
  checkNames(overrides);
  return overrides;
}

/** The same for resources, several of which may have one name. */
export function toResourceOverrides(
  given: Record<string, ResourceOverrideOptions> = {},
  where: string,
): ResourceOverride[] {
  return byGlob(given, where);
}

function byGlob<Options>(given: Record<string, Options>, where: string) {
  return Object.entries(given).map(([glob, options]) => ({ glob, origin: `${where}.${glob}`, ...options }));
}

interface Naming {
  readonly glob: string;
  readonly origin: string;
  readonly name?: string;
  readonly aliases?: readonly string[];
}

/**
 * Checks that names and former names are each one tool's. Of several names for one tool the last one counts.
 *
 * @throws BridgeError `CONFIG` that says where they are given.
 */
export function checkNames(overrides: readonly Naming[]): void {
  for (const { glob, origin, name, aliases } of overrides) {
    const key = name === undefined ? 'aliases' : 'name';
    if ((name ?? aliases) !== undefined && WILDCARD.test(glob))
      throw refusal(`${origin}.${key}`, 'is for one alone, and a glob may match several; write the name instead');
  }
  const takers = new Map<string, Naming>();
  const claim = (word: string, key: string, taker: Naming) => {
    const first = takers.get(word);
    if (first !== undefined && first.glob !== taker.glob)
      throw refusal(`${taker.origin}.${key}`, `${word} is given to ${first.glob} as well; choose another one`);
    takers.set(word, taker);
  };
  const last = new Map(overrides.filter(({ name }) => name !== undefined).map((each) => [each.glob, each]));
  for (const each of last.values()) claim(each.name ?? '', 'name', each);
  for (const each of overrides) for (const alias of each.aliases ?? []) claim(alias, 'aliases', each);
}

/** The overrides with the variables in the texts of their arguments replaced. */
export function fillOverrides(
  overrides: readonly ToolOverride[],
  scope: Omit<VariableScope, 'where'>,
): readonly ToolOverride[] {
  return overrides.map(({ arguments: values, ...rest }) => ({
    ...rest,
    ...(values !== undefined && {
      arguments: substituteAll(values, { ...scope, where: `${rest.origin}.arguments` }),
      writtenArguments: values,
    }),
  }));
}

function refusal(where: string, reason: string): BridgeError {
  return new BridgeError('CONFIG', `${where}: ${reason}`);
}
