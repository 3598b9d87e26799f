import type { ToolOverride } from '../../config/catalog-settings.ts';
import { nearest } from '../../config/nearest.ts';
import { isPlainName } from '../glob.ts';
import { type FixedArguments, keptParameters } from './arguments.ts';
import type { ChangedParameters } from './parameters.ts';

/**
 * What of the owner's word on parameters means nothing to a tool, or was not done in full. A glob speaks of many tools: what one of them does
 * not have is noted only if it looks misspelt.
 */
export function parameterNotes(
  rules: readonly ToolOverride[],
  fixed: FixedArguments,
  { found, required, unfollowed }: ChangedParameters,
): string[] {
  const { presets } = fixed;
  const isHiddenHere = (name: string) => [...found].some(keptParameters({ presets: {}, hidden: [name] }));
  const missing = (rule: ToolOverride) => {
    const changed = Object.keys(rule.parameters ?? {}).filter((name) => !found.has(name));
    const unhidden = (rule.hidden ?? []).filter((name) => !isHiddenHere(name));
    const isNoted = (name: string) => isPlainName(rule.glob) || nearest(name, found) !== undefined;
    return [...changed, ...unhidden].filter(isNoted);
  };
  const unknown = Object.keys(presets).filter((name) => !found.has(name));
  const isKept = keptParameters(fixed);
  const isSet = keptParameters({ presets, hidden: [] });
  const unset = [...required].filter((name) => isKept(name) && !isSet(name));
  return [
    ...new Set(rules.flatMap(missing).map((name) => thereIsNo(name, found))),
    ...unknown.map((name) => thereIsNo(name, found, '; it is sent all the same.')),
    ...unset.map((name) => `${quoted(name)} is required, but hidden and not set: calls may fail.`),
    ...[...unfollowed].map(
      (keyword) => `What ${quoted(keyword)} in the input schema says of parameters is left as it is.`,
    ),
  ];
}

function thereIsNo(name: string, found: ReadonlySet<string>, end = '.'): string {
  const meant = nearest(name, found);
  return `There is no parameter ${quoted(name)}${meant === undefined ? end : `; did you mean ${quoted(meant)}?`}`;
}

function quoted(text: string): string {
  return JSON.stringify(text);
}
