import { homedir } from 'node:os';
import { basename, sep } from 'node:path';
import { BridgeError } from '../errors.ts';

export interface VariableScope {
  readonly env: NodeJS.ProcessEnv;
  /** Absolute folder that `${workspaceFolder}` stands for. */
  readonly folder: string;
  /** The file and field the text comes from, for messages. */
  readonly where: string;
}

/**
 * Replaces the variables that config files of MCP clients use: `${VAR}`, `${VAR:-default}` (also when VAR is empty), `${env:VAR}`,
 * `${workspaceFolder}`, `${workspaceFolderBasename}`, `${userHome}`, `${pathSeparator}` and `${/}`. `$${` stands for a plain `${`.
 *
 * @throws BridgeError `CONFIG` that names the file and field when a variable is not set or cannot be had.
 */
export function substitute(text: string, scope: VariableScope): string {
  return text.replace(/(\$?)\$\{([^}]*)\}/g, (match, dollar: string, expression: string) =>
    dollar === '' ? resolveVariable(expression, scope) : match.slice(1),
  );
}

/** Replaces them in all texts of these values; keys stay as they are. */
export function substituteAll(
  values: Readonly<Record<string, unknown>>,
  scope: VariableScope,
): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(values).map(([key, value]) => [
      key,
      substituteWithin(value, { ...scope, where: `${scope.where}.${key}` }),
    ]),
  );
}

function substituteWithin(value: unknown, scope: VariableScope): unknown {
  if (typeof value === 'string') return substitute(value, scope);
  if (Array.isArray(value))
    return value.map((item, index) => substituteWithin(item, { ...scope, where: `${scope.where}[${index}]` }));
  // TOML has dates.
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  return substituteAll({ ...value }, scope);
}

function resolveVariable(expression: string, { env, folder, where }: VariableScope): string {
  const known = builtIn(expression, folder);
  if (known !== undefined) return known;

  const [, prefixed, plain, fallback] = /^(?:env:([^:$]+)|([A-Za-z_]\w*))(?::-([^$]*))?$/.exec(expression) ?? [];
  const name = prefixed ?? plain;
  if (name === undefined) throw new BridgeError('CONFIG', `${where}: ${unknownForm(expression)}`);
  const value = env[name];
  if (fallback !== undefined) return value || fallback;
  if (value !== undefined) return value;
  const next = `set it or write \${${expression}:-default}`;
  throw new BridgeError('CONFIG', `${where}: the variable ${name} is not set; ${next}`);
}

function builtIn(name: string, folder: string): string | undefined {
  switch (name) {
    case 'workspaceFolder':
      return folder;
    case 'workspaceFolderBasename':
      return basename(folder);
    case 'userHome':
      return homedir();
    case 'pathSeparator':
    case '/':
      return sep;
    default:
      return undefined;
  }
}

function unknownForm(expression: string): string {
  const form = `\${${expression}}`;
  if (expression.startsWith('input:')) {
    return `${form} is asked for by an editor, and nobody can be asked here; use a variable: \${env:NAME}`;
  }
  return `${form} is not supported; known are \${VAR}, \${VAR:-default}, \${env:VAR} and \${workspaceFolder}`;
}
