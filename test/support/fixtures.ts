import { fileURLToPath } from 'node:url';

/** The command and arguments that run a program of `test/fixtures`, from any folder. */
export function fixture(name: string, ...args: string[]): { command: string; args: string[] } {
  const file = fileURLToPath(new URL(`../fixtures/${name}.mjs`, import.meta.url));
  return { command: process.execPath, args: [file, ...args] };
}

/** The same as one line, for `--stdio`. */
export function fixtureLine(name: string, ...args: string[]): string {
  const { command, args: all } = fixture(name, ...args);
  return [command, ...all].map((part) => JSON.stringify(part)).join(' ');
}
