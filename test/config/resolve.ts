import { fileURLToPath } from 'node:url';
import { parseFlags } from '../../src/config/flags.ts';
import { resolveSettings } from '../../src/config/resolve-settings.ts';
import { temporaryFolder } from './temporary-folder.ts';

export const FIXTURES = fileURLToPath(new URL('fixtures', import.meta.url));

/** What a command line means, in a folder without a config file unless another one is named. */
export async function resolve(
  argv: readonly string[],
  { cwd = FIXTURES, env = {} }: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
) {
  const flags = parseFlags(argv);
  if (flags.kind !== 'run') throw new Error(`parsed as ${flags.kind}`);
  return resolveSettings({ flags, env, cwd, splitCommand });
}

/** Stands in for the one of src/process, which this folder must not know. */
function splitCommand(line: string) {
  if (line.includes('"')) throw new Error('a quote is open');
  const [command = '', ...args] = line.split(' ');
  return { command, args };
}

/** A folder whose config file is found without a flag. */
export async function folderWith(config: unknown): Promise<string> {
  return temporaryFolder({ 'mcp-bridge.json': JSON.stringify(config) });
}
