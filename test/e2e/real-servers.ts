import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { StdioCommand } from '../support/clients.ts';

/** The reference servers from npm, with a folder of their own to work in. */
export interface RealServers extends AsyncDisposable {
  /** Holds `note.txt`, which says `a note`. */
  readonly folder: string;
  /** In the order of `mcpServers`. */
  readonly commands: Readonly<Record<'everything' | 'filesystem' | 'memory', StdioCommand>>;
}

export async function createRealServers(): Promise<RealServers> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'mcp-bridge-real-')));
  await writeFile(join(folder, 'note.txt'), 'a note');
  return {
    folder,
    commands: {
      everything: run('everything', 'stdio'),
      filesystem: run('filesystem', folder),
      memory: { ...run('memory'), env: { MEMORY_FILE_PATH: join(folder, 'memory.json') } },
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
  };
}

function run(name: string, ...args: string[]): StdioCommand {
  const file = new URL(`../../node_modules/@modelcontextprotocol/server-${name}/dist/index.js`, import.meta.url);
  return { command: process.execPath, args: [fileURLToPath(file), ...args] };
}
