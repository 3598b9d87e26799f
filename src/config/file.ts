import { isUtf8 } from 'node:buffer';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, dirname, extname, resolve } from 'node:path';
import { BridgeError, messageOf } from '../errors.ts';

/** What a config file holds, not yet checked. */
export interface ConfigFile {
  /** The path as it was given, for messages. */
  readonly label: string;
  /** Absolute folder that relative paths and `${workspaceFolder}` stand for. */
  readonly folder: string;
  readonly data: unknown;
}

/** Taken from the working folder when nothing else names a server. */
const DEFAULT_FILES = ['mcp-bridge.json', 'mcp-bridge.jsonc'];

/** The config file of a folder, or `undefined` when there is none. */
export function findConfigFile(folder: string): string | undefined {
  return DEFAULT_FILES.find((name) => existsSync(resolve(folder, name)));
}

/**
 * Reads TOML from a `.toml` file and JSON with comments and trailing commas from any other.
 *
 * @throws BridgeError `CONFIG` that names the file, and for broken text the line and column.
 */
export async function readConfigFile(label: string, cwd: string): Promise<ConfigFile> {
  const path = resolve(cwd, label);
  const text = await readText(label, path);
  const parse = extname(path).toLowerCase() === '.toml' ? parseToml : parseJson;
  return { label, folder: workspaceOf(path), data: await parse(label, text) };
}

async function readText(label: string, path: string): Promise<string> {
  try {
    const bytes = await readFile(path);
    if (!isUtf8(bytes)) throw new Error('it is not UTF-8; save it in that encoding');
    return bytes.toString().replace(/^\uFEFF/, '');
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    const reason = missing ? `no such file (looked for ${path})` : `cannot be read: ${messageOf(error)}`;
    throw new BridgeError('CONFIG', `${label}: ${reason}`, { cause: error });
  }
}

/** Editors keep a project's file in a folder of their own, and mean the project by "workspace". */
function workspaceOf(path: string): string {
  const folder = dirname(path);
  return /^\.(?:vscode|cursor)$/.test(basename(folder)) ? dirname(folder) : folder;
}

/** Loaded only when there is a file: a start from flags alone should not pay for it. */
async function parseJson(label: string, text: string): Promise<unknown> {
  const { parse, printParseErrorCode, visit } = await import('jsonc-parser');
  const seen = new Set<string>();
  const fail = (line: number, column: number, reason: string): never => {
    throw new BridgeError('CONFIG', `${label}:${line + 1}:${column + 1}: ${reason}`);
  };
  const options = { allowTrailingComma: true };
  const visitor = {
    onError: (code: number, _offset: number, _length: number, line: number, column: number) =>
      fail(line, column, inWords(printParseErrorCode(code))),
    // JSON lets the last one win, and a section or server pasted twice would be lost without a word.
    onObjectProperty: (
      key: string,
      _offset: number,
      _length: number,
      line: number,
      column: number,
      path: () => (string | number)[],
    ) => {
      const place = JSON.stringify([...path(), key]);
      if (path().length < 2 && seen.has(place)) fail(line, column, `the key ${JSON.stringify(key)} is there twice`);
      seen.add(place);
    },
  };
  visit(text, visitor, options);
  return parse(text, [], options);
}

/** `PropertyNameExpected` is "property name expected". */
function inWords(code: string): string {
  return code.replace(/(?<!^)[A-Z]/g, (letter) => ` ${letter}`).toLowerCase();
}

async function parseToml(label: string, text: string): Promise<unknown> {
  const { parse, TomlError } = await import('smol-toml');
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const [reason = ''] = error.message.replace('Invalid TOML document: ', '').split('\n', 1);
    throw new BridgeError('CONFIG', `${label}:${error.line}:${error.column}: ${reason}`, { cause: error });
  }
}
