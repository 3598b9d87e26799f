import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { vi } from 'vitest';
import { type Bridge, startBridge } from '../support/bridge.ts';
import { EVENTUALLY } from '../support/eventually.ts';
import { temporaryFolder } from './temporary-folder.ts';

export interface ConfigFile extends AsyncDisposable {
  /** What makes a bridge read it, and keep its own state beside it. */
  readonly args: readonly string[];
  readonly path: string;
  /** Puts something else in its place, as careful editors do. */
  replace(config: object | string): Promise<void>;
  remove(): Promise<void>;
}

/** A config file that can be changed while it is followed. */
export async function createConfigFile(config: object): Promise<ConfigFile> {
  const folder = await temporaryFolder();
  const path = join(folder.path, 'mcp-bridge.json');
  const replace: ConfigFile['replace'] = async (next) => {
    await writeFile(`${path}~`, typeof next === 'string' ? next : JSON.stringify(next));
    await rename(`${path}~`, path);
  };
  await replace(config);
  return {
    args: ['--config', path, '--state-folder', join(folder.path, 'state')],
    path,
    replace,
    remove: () => rm(path),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

export interface ReloadableBridge extends Bridge {
  readonly file: ConfigFile;
  /** Changes the file, and resolves once that is taken up. */
  change(config: object): Promise<void>;
}

/** A bridge that follows its config file. */
export async function startReloadableBridge(config: object, args: readonly string[] = []): Promise<ReloadableBridge> {
  const file = await createConfigFile(config);
  try {
    const bridge = await startBridge([...file.args, ...args]);
    return {
      ...bridge,
      file,
      async change(next) {
        const before = linesWith(bridge, TAKEN_UP).length;
        await file.replace(next);
        await waitForLine(bridge, TAKEN_UP, before + 1);
      },
      [Symbol.asyncDispose]: async () => {
        await bridge.stop();
        await file[Symbol.asyncDispose]();
      },
    };
  } catch (error) {
    await file[Symbol.asyncDispose]();
    throw error;
  }
}

export const TAKEN_UP = 'the configuration has changed and is taken up';

/** What a bridge has logged that holds a text. */
export function linesWith(bridge: Bridge, text: string): LogLine[] {
  const lines = bridge.stderr().split('\n');
  return lines
    .slice(0, -1)
    .map((line) => JSON.parse(line) as LogLine)
    .filter(({ message }) => message.includes(text));
}

export interface LogLine {
  readonly level: string;
  readonly message: string;
  readonly [field: string]: unknown;
}

/** Resolves with the line that is the `count`th to hold a text, once it is there. */
export function waitForLine(bridge: Bridge, text: string, count = 1): Promise<LogLine> {
  return vi.waitUntil(() => linesWith(bridge, text)[count - 1], EVENTUALLY);
}
