import type { CommandOutput } from '../../src/commands/output.ts';

/** Keeps what a command writes. */
export function createOutput(isTerminal = true): CommandOutput & { text(): string } {
  let written = '';
  return {
    isTerminal,
    text: () => written,
    write(text) {
      written += text;
    },
  };
}
