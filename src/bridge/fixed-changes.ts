import { isDeepStrictEqual } from 'node:util';
import type { Settings } from '../config/settings.ts';

/** What a running bridge takes up. */
const HOT: readonly (keyof Settings)[] = ['upstreams', 'prefix', 'tools', 'views', 'research', 'personalMeta'];

/** Settings that the config file has another word for. */
const IN_THE_FILE: Partial<Record<keyof Settings, string>> = { corsOrigins: 'cors', healthPaths: 'healthEndpoint' };

/** Names of the settings that differ, and that only count for a bridge that is started with them. */
export function fixedChanges(before: Settings, after: Settings): string[] {
  const keys = Object.keys(after) as (keyof Settings)[];
  const fixed = keys.filter((key) => !HOT.includes(key) && !isDeepStrictEqual(before[key], after[key]));
  return fixed.map((key) => IN_THE_FILE[key] ?? key);
}
