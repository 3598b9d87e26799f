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
 * `${input:id}` (see `variableOfInput`), `${workspaceFolder}`, `${workspaceFolderBasename}`, `${userHome}`, `${pathSeparator}` and
 * `${/}`. `$${` stands for a plain `${`.
 *
 * @throws BridgeError `CONFIG` that names the file and field when a variable is not set or cannot be had.
 */
export function substitute(text: string, scope: VariableScope): string {
  return text.replace(FORM, (match, dollar: string, expression: string) =>
    dollar === '' ? resolveVariable(expression, scope) : match.slice(1),
  );
}

/** What stands for something else, or, after a further dollar, for itself. */
const FORM = /(\$?)\$\{([^}]*)\}/g;

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

/** The variables that are not set, and without which a text cannot be used. */
export function unsetVariables(text: string, env: NodeJS.ProcessEnv): string[] {
  return [...text.matchAll(FORM)].flatMap(([, dollar, expression = '']) => {
    if (dollar !== '' || builtIn(expression, '') !== undefined) return [];
    const { name, fallback } = readVariable(expression) ?? {};
    return name === undefined || fallback !== undefined || env[name] !== undefined ? [] : [name];
  });
}

/**
 * The variable that stands for what VS Code asks its user for: `INPUT_API_KEY` for the input `api-key`, so that an input `path` is not
 * taken for `PATH`. None where an id has no letters that a variable's name could have.
 */
export function variableOfInput(id: string): string | undefined {
  const words = id.replaceAll(/(?<=[a-z\d])(?=[A-Z])|[^A-Za-z\d]+/g, '_').replaceAll(/^_|_$/g, '');
  return words === '' ? undefined : `INPUT_${words.toUpperCase()}`;
}

/** A text with something else in the place of each `${input:id}`: what is written for its variable. */
export function replaceInputs(text: string, write: (variable: string) => string): string {
  return text.replace(FORM, (form, dollar: string, expression: string) => {
    const [, id = ''] = INPUT.exec(expression) ?? [];
    const variable = variableOfInput(id);
    return dollar !== '' || variable === undefined ? form : write(variable);
  });
}

function resolveVariable(expression: string, { env, folder, where }: VariableScope): string {
  const known = builtIn(expression, folder);
  if (known !== undefined) return known;

  const { name, fallback } = readVariable(expression) ?? {};
  if (name === undefined) throw new BridgeError('CONFIG', `${where}: ${unknownForm(expression)}`);
  const value = env[name];
  if (fallback !== undefined) return value || fallback;
  if (value !== undefined) return value;
  const next = INPUT.test(expression)
    ? `set it to what an editor would ask for as \${${expression}}`
    : `set it or write \${${expression}:-default}`;
  throw new BridgeError('CONFIG', `${where}: the variable ${name} is not set; ${next}`);
}

interface Variable {
  readonly name: string;
  readonly fallback?: string | undefined;
}

function readVariable(expression: string): Variable | undefined {
  if (EDITORS_OWN.has(expression)) return undefined;
  const [, id] = INPUT.exec(expression) ?? [];
  const [, prefixed, plain, fallback] = /^(?:env:([^:$]+)|([A-Za-z_]\w*))(?::-([^$]*))?$/.exec(expression) ?? [];
  const name = id === undefined ? (prefixed ?? plain) : variableOfInput(id);
  return name === undefined ? undefined : { name, fallback };
}

/** `input:-x` is a variable with a default. */
const INPUT = /^input:(?!-)(.+)$/;

/** What VS Code knows of the file that is open, or of itself. */
const EDITORS_OWN: ReadonlySet<string> = new Set([
  ...['file', 'fileBasename', 'fileBasenameNoExtension', 'fileDirname', 'fileDirnameBasename', 'fileExtname'],
  ...['fileWorkspaceFolder', 'fileWorkspaceFolderBasename', 'relativeFile', 'relativeFileDirname'],
  ...['selectedText', 'lineNumber', 'columnNumber', 'cwd', 'execPath', 'defaultBuildTask', 'extensionInstallFolder'],
  ...['workspaceRoot', 'workspaceRootFolderName'],
]);

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
  if (EDITORS_OWN.has(expression)) {
    return `${form} is known to an editor only; for a variable of that name write \${env:${expression}}`;
  }
  return `${form} is not supported; known are \${VAR}, \${VAR:-default}, \${env:VAR} and \${workspaceFolder}`;
}
