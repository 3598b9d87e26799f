import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { type ImportOptions, importServers } from '../../src/commands/import.ts';
import { makeFolder } from '../state/support.ts';
import { createOutput } from './support.ts';

export interface User {
  /** Where the home folder and the project are. */
  readonly root: string;
  /** The project. */
  readonly cwd: string;
  /** Resolves with what was written to stdout. With answers there is a terminal. */
  run(options?: Partial<ImportOptions>, answers?: string): Promise<string>;
  /** A config file in the project. */
  config(name?: string): Promise<{ mcpServers: Record<string, { [key: string]: unknown }> }>;
}

/** A user who has these files, in the folders `home` and `project`, and imports what is in them. */
export async function makeUser(files: Readonly<Record<string, object | string>>): Promise<User> {
  const root = await makeFolder();
  const cwd = join(root, 'project');
  await mkdir(cwd);
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), typeof content === 'string' ? content : JSON.stringify(content));
  }
  const place = { platform: 'linux', env: {}, home: join(root, 'home'), cwd } as const;
  const defaults = { clients: [], output: undefined, force: false, dryRun: false, json: false };
  return {
    root,
    cwd,
    async run(options, answers) {
      const input = Object.assign(Readable.from([answers ?? '']), { isTTY: answers !== undefined });
      const output = createOutput(answers !== undefined);
      await importServers({ ...place, ...defaults, ...options }, { ...output, input }).catch((error: Error) => {
        throw Object.assign(error, { said: output.text() });
      });
      return output.text();
    },
    config: async (name = 'mcp-bridge.json') => JSON.parse(await readFile(join(cwd, name), 'utf8')),
  };
}
