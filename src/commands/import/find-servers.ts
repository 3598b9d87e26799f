import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { isDeepStrictEqual } from 'node:util';
import { readConfigFile } from '../../config/file.ts';
import { type Input, readInputs } from '../../config/inputs.ts';
import { BridgeError } from '../../errors.ts';
import { ANY_FOLDER, type ClientFile } from './client-files.ts';
import { membersOf } from './members.ts';
import { readServer } from './read-server.ts';
import type { ServerEntry } from './server-entry.ts';

/** A client's file that has servers in it, or cannot be read. */
export interface FoundFile {
  readonly client: ClientFile['client'];
  readonly title: string;
  readonly path: string;
  /** Why it cannot be read. */
  readonly problem: string | undefined;
  readonly servers: readonly FoundServer[];
}

export type FoundServer = UsableServer | { readonly name: string; readonly leftOut: string };

export interface UsableServer {
  readonly name: string;
  /** Its name where it is written to: its own as far as tools can carry it, with a number where another server has that. */
  readonly as: string;
  readonly entry: ServerEntry;
  /** All that its client would ask for, for this server or others. */
  readonly inputs: readonly Input[];
}

/** The servers in those of the files that are there. What several files say alike is used once. */
export async function findServers(files: readonly ClientFile[]): Promise<FoundFile[]> {
  const known: ServersByName = new Map();
  const found: FoundFile[] = [];
  for (const { client, title, path: pattern, sections } of files) {
    for (const path of await expand(pattern)) {
      const { data, problem } = await read(path);
      const servers = sections.flatMap((keys) => serversIn(data, keys, known));
      if (problem !== undefined || servers.length > 0) found.push({ client, title, path, problem, servers });
    }
  }
  return found;
}

export function usableIn(files: readonly FoundFile[]): UsableServer[] {
  return files.flatMap(({ servers }) => servers).filter((server) => 'entry' in server);
}

/** The paths of what is there. */
async function expand(pattern: string): Promise<string[]> {
  const [start = '', end] = pattern.split(ANY_FOLDER);
  // Where there is no such folder, or it is not ours to read, there is nothing to be found.
  const folders = end === undefined ? [] : await readdir(start).catch(() => []);
  const paths = end === undefined ? [pattern] : folders.map((folder) => start + folder + end);
  return paths.filter((path) => existsSync(path));
}

async function read(path: string): Promise<{ data?: unknown; problem: string | undefined }> {
  try {
    const { data } = await readConfigFile(path, '.');
    return { data, problem: undefined };
  } catch (error) {
    if (!(error instanceof BridgeError)) throw error;
    return { problem: error.message.slice(path.length + 1).trim() };
  }
}

function serversIn(data: unknown, keys: readonly string[], known: ServersByName): FoundServer[] {
  const inputs = readInputs(memberAt(data, [...keys.slice(0, -1), 'inputs']));
  return Object.entries(membersOf(memberAt(data, keys))).map(([name, given]) => settle(name, given, inputs, known));
}

function memberAt(data: unknown, keys: readonly string[]): unknown {
  return keys.reduce<unknown>((whole, key) => membersOf(whole)[key], data);
}

function settle(name: string, given: unknown, inputs: readonly Input[], known: ServersByName): FoundServer {
  const server = readServer(name, given, inputs);
  if ('leftOut' in server) return { name, ...server };
  const as = addServer(known, plainName(name), server.entry);
  return as === undefined ? { name, leftOut: 'the same as before' } : { name, as, entry: server.entry, inputs };
}

/** Tools of a server whose name has other characters are shown with a hash at their ends. */
function plainName(name: string): string {
  const plain = name.replaceAll(/[^A-Za-z0-9_-]+/g, '-').replaceAll(/_{2,}/g, '_');
  return plain.replaceAll(/^[-_]+|[-_]+$/g, '') || 'server';
}

export type ServersByName = Map<string, ServerEntry>;

/** Adds a server under a name that none has yet, and returns that; `undefined`: it is there already. */
export function addServer(known: ServersByName, wanted: string, entry: ServerEntry): string | undefined {
  for (let number = 1; ; number++) {
    const name = number === 1 ? wanted : `${wanted}-${number}`;
    const other = known.get(name);
    if (other !== undefined && isDeepStrictEqual(other, entry)) return undefined;
    if (other !== undefined) continue;
    known.set(name, entry);
    return name;
  }
}
