import { resolve } from 'node:path';
import { findConfigFile } from '../../config/file.ts';
import type { Input } from '../../config/inputs.ts';
import { oneLine } from '../../log.ts';
import type { Target } from './config-file.ts';
import { lacksOf } from './lacks.ts';
import type { Loss } from './loss.ts';
import type { ServerEntry } from './server-entry.ts';
import { namesOfValues } from './values.ts';

/** A config file that was written. */
export interface Written {
  readonly target: Target;
  readonly servers: ReadonlyMap<string, ServerEntry>;
  /** What clients would have asked for. */
  readonly inputs: readonly Input[];
  /** What was in the file that it replaced. */
  readonly loss: Loss;
}

interface Circumstances {
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
}

/** What the owner has to know of it, and what comes next. */
export function outcome({ target, servers, inputs, loss }: Written, where: Circumstances): string {
  const count = servers.size === 1 ? '1 server' : `${servers.size} servers`;
  const { variables, files } = lacksOf(servers, where);
  const lines = [
    `Wrote ${target.label} with ${count}.`,
    ...list(`Replaced ${target.label}, which had also`, lost(loss, servers)),
    ...list('It holds values that may be secrets, so keep it to yourself', namesOfValues(servers)),
    ...list(
      'Set first',
      variables.map((name) => described(name, inputs)),
    ),
    ...list('Missing', files),
    `Next: ${nextStep(target, where)}`,
  ];
  return `${lines.map(oneLine).join('\n')}\n`;
}

function list(what: string, items: readonly string[]): string[] {
  return items.length > 0 ? [`${what}: ${items.join(', ')}`] : [];
}

function lost(loss: Loss, servers: Written['servers']): string[] {
  const names = loss.servers.map((name) => (servers.has(name) ? `another ${name}` : name));
  if (!loss.bridge) return names;
  return [...names, names.length > 0 ? 'and the section bridge' : 'the section bridge'];
}

function described(variable: string, inputs: readonly Input[]): string {
  const description = inputs.find((input) => input.variable === variable)?.description;
  return description === undefined ? variable : `${variable} (${description})`;
}

function nextStep({ label, path }: Target, { env, cwd }: Circumstances): string {
  // npx says so of itself, and whoever came by it has no `mcp-bridge` on the PATH.
  const program = env.npm_command === 'exec' ? 'npx mcp-bridge' : 'mcp-bridge';
  const isFound = resolve(cwd, findConfigFile(cwd) ?? '') === path;
  return isFound ? program : `${program} --config ${/^[\w./\\:-]+$/.test(label) ? label : JSON.stringify(label)}`;
}
