import { UPSTREAM_OPTIONS } from './defaults.ts';
import { FLAG_GROUPS, type FlagName } from './flag-table.ts';
import { pick } from './pick.ts';
import type { FileBridge } from './schema.ts';

/** Of the section `bridge`, what makes the catalog. Nothing listens, and no variable of a token has to be set. */
export function withoutServing(bridge: FileBridge): FileBridge {
  return { ...pick(bridge, CATALOG_KEYS), outputTransport: 'stdio' };
}

const CATALOG_KEYS = [
  ...UPSTREAM_OPTIONS,
  'prefix',
  'tools',
  'views',
  'research',
  'stateFolder',
  'logLevel',
  'logFormat',
] as const satisfies (keyof FileBridge)[];

/** Whether a flag says something else than how clients get in, and where. */
export function concernsCatalog(flag: FlagName): boolean {
  const { Servers, Tools, Output } = FLAG_GROUPS;
  return flag === 'stateFolder' || [Servers, Tools, Output].some((group) => flag in group);
}
