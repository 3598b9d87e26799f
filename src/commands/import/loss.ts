import { isDeepStrictEqual } from 'node:util';
import { readConfigFile } from '../../config/file.ts';
import { SECTIONS } from '../../config/schema.ts';
import { BridgeError } from '../../errors.ts';
import type { Target } from './config-file.ts';
import { membersOf } from './members.ts';

/** What is lost with a file that is replaced. */
export interface Loss {
  /** The names of servers that the new one has not, or has in other words. */
  readonly servers: readonly string[];
  /** Whether the section `bridge` is. */
  readonly bridge: boolean;
}

/** Compares the text of a new file with the one that is still there. Where none can be read, nothing is lost that could be named. */
export async function lossOf({ path }: Target, text: string): Promise<Loss> {
  const before = membersOf(await readOld(path));
  const after = membersOf(JSON.parse(text));
  const servers = SECTIONS.flatMap((section) => Object.entries(membersOf(before[section])));
  const kept = membersOf(after.mcpServers);
  return {
    servers: servers.flatMap(([name, entry]) => (isDeepStrictEqual(entry, kept[name]) ? [] : [name])),
    bridge: before.bridge !== undefined && !isDeepStrictEqual(before.bridge, after.bridge),
  };
}

async function readOld(path: string): Promise<unknown> {
  try {
    return (await readConfigFile(path, '.')).data;
  } catch (error) {
    if (error instanceof BridgeError) return undefined;
    throw error;
  }
}
