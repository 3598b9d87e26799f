import { resolve } from 'node:path';
import { findConfigFile } from '../../config/file.ts';
import type { Target } from './config-file.ts';
import type { ServerEntry } from './server-entry.ts';
import { namesOfValues } from './values.ts';

interface Circumstances {
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
}

/** What the owner has to know of a file that was written, and what comes next. */
export function outcome(target: Target, servers: ReadonlyMap<string, ServerEntry>, where: Circumstances): string {
  const count = servers.size === 1 ? '1 server' : `${servers.size} servers`;
  const values = namesOfValues(servers);
  const warning = `It holds values that may be secrets, so keep it to yourself: ${values.join(', ')}\n`;
  return `Wrote ${target.label} with ${count}.\n${values.length > 0 ? warning : ''}Next: ${nextStep(target, where)}\n`;
}

function nextStep({ label, path }: Target, { env, cwd }: Circumstances): string {
  // npx says so of itself, and whoever came by it has no `mcp-bridge` on the PATH.
  const program = env.npm_command === 'exec' ? 'npx mcp-bridge' : 'mcp-bridge';
  const isFound = resolve(cwd, findConfigFile(cwd) ?? '') === path;
  return isFound ? program : `${program} --config ${/^[\w./\\:-]+$/.test(label) ? label : JSON.stringify(label)}`;
}
