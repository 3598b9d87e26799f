import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { parseEnv } from 'node:util';
import { BridgeError, messageOf } from '../errors.ts';
import type { CatalogRules } from './catalog-settings.ts';
import type { UpstreamOptions } from './defaults.ts';
import { type Input, withInputs } from './inputs.ts';
import { fillOverrides } from './overrides.ts';
import { rulesOf } from './rules.ts';
import type { FileServer } from './schema.ts';
import type { UpstreamSettings } from './settings.ts';
import { substitute } from './variables.ts';

export interface FileContext {
  /** The path for messages, and the folder that relative paths start from. */
  readonly label: string;
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  /** Those of the file: what the environment leaves open, their defaults say. */
  readonly inputs: readonly Input[];
  /** The bridge's working folder, for servers that name none. */
  readonly cwd: string;
  /** For what the server's entry leaves open. */
  readonly defaults: UpstreamOptions;
  /** What wins over the server's entry. */
  readonly overrides: Partial<UpstreamOptions>;
}

/**
 * Settings for a server of a config file, its variables replaced and its paths absolute.
 *
 * @throws BridgeError `CONFIG` that names the file, server and field.
 */
export async function fileUpstream(server: FileServer, context: FileContext): Promise<UpstreamSettings> {
  const { label, folder, cwd, defaults, overrides } = context;
  const env = withInputs(context.env, context.inputs);
  const origin = `${label}: ${server.path}`;
  const fill = (text: string, field: string) => substitute(text, { env, folder, where: `${origin}.${field}` });
  const command = fill(server.command, 'command');
  const args = server.args.map((arg, index) => fill(arg, `args[${index}]`));
  return {
    ...defaults,
    ...server.options,
    ...overrides,
    name: server.name,
    origin,
    command: server.shell ? [command, ...args].join(' ') : command,
    args: server.shell ? [] : args,
    env: {
      ...passOn(server.envNames, env),
      ...(server.envFile !== undefined && (await readEnvFile(server.envFile, origin, folder, fill))),
      ...Object.fromEntries(Object.entries(server.env).map(([name, value]) => [name, fill(value, `env.${name}`)])),
    },
    cwd: server.cwd === undefined ? resolve(cwd) : resolve(folder, fill(server.cwd, 'cwd')),
    shell: server.shell,
    rules: fileRules(server, { ...context, env }),
  };
}

function fileRules({ rules }: FileServer, { folder, env, defaults }: FileContext): CatalogRules {
  const { overrides, ...rest } = rulesOf(rules, defaults.rules);
  return { ...rest, overrides: fillOverrides(overrides, { env, folder }) };
}

function passOn(names: readonly string[], env: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(names.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])));
}

async function readEnvFile(
  path: string,
  origin: string,
  folder: string,
  fill: (text: string, field: string) => string,
): Promise<Record<string, string>> {
  const resolved = resolve(folder, fill(path, 'envFile'));
  try {
    // The type allows for variables that are not set; a file has none of these.
    return parseEnv(await readFile(resolved, 'utf8')) as Record<string, string>;
  } catch (error) {
    throw new BridgeError('CONFIG', `${origin}.envFile: cannot be read: ${messageOf(error)}`, { cause: error });
  }
}
