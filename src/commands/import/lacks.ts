import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { substitute, unsetVariables } from '../../config/variables.ts';
import { type ServerEntry, textsOf } from './server-entry.ts';

/** What servers use that is not there. */
export interface Lacks {
  /** Variables that are not set, and have no default. */
  readonly variables: readonly string[];
  /** Files of variables: absolute. */
  readonly files: readonly string[];
}

/** Looks whether the servers have what they use, in this environment and in a config file of this folder. */
export function lacksOf(
  servers: ReadonlyMap<string, ServerEntry>,
  { env, cwd }: { readonly env: NodeJS.ProcessEnv; readonly cwd: string },
): Lacks {
  const entries = [...servers.values()];
  const variables = entries.flatMap((entry) => [
    ...textsOf(entry).flatMap(([, text]) => unsetVariables(text, env)),
    ...(entry.env_vars ?? []).filter((name) => env[name] === undefined),
  ]);
  const files = entries.flatMap(({ envFile }) => {
    // Where it is can only be told when its own variables are set.
    if (envFile === undefined || unsetVariables(envFile, env).length > 0) return [];
    const path = resolve(cwd, substitute(envFile, { env, folder: cwd, where: 'envFile' }));
    return existsSync(path) ? [] : [path];
  });
  return { variables: [...new Set(variables)], files: [...new Set(files)] };
}
