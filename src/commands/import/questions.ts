import { createInterface } from 'node:readline/promises';
import { BridgeError } from '../../errors.ts';
import type { CommandOutput } from '../output.ts';

/** A command's output, and who answers. */
export interface Conversation extends CommandOutput {
  readonly input: NodeJS.ReadableStream & { readonly isTTY?: boolean };
}

/** Whether there is somebody to ask. */
export function canAsk({ input, isTerminal }: Conversation): boolean {
  return isTerminal && input.isTTY === true;
}

export interface Questions {
  /**
   * Asks until `read` takes the answer, which has no spaces at its ends; a BridgeError that it throws says what is wrong with one.
   * @throws BridgeError `CLOSED` when there will be no answer.
   */
  ask<Answer>(question: string, read: (answer: string) => Answer): Promise<Answer>;
  /** Has to be called, or the process waits for more to be typed. */
  close(): void;
}

export function openQuestions({ input, write }: Conversation): Questions {
  // What is typed is edited by the terminal itself, which also leaves Ctrl-C what it is.
  const lines = createInterface({ input, terminal: false });
  const answers = lines[Symbol.asyncIterator]();
  return {
    async ask(question, read) {
      for (;;) {
        write(question);
        const { done, value } = await answers.next();
        if (done) {
          write('\n');
          throw new BridgeError('CLOSED', 'there was no answer; nothing was written');
        }
        try {
          return read(value.trim());
        } catch (error) {
          if (!(error instanceof BridgeError)) throw error;
          write(`${error.message}\n`);
        }
      }
    },
    close: () => lines.close(),
  };
}

/** For questions that end in `[y/N]` or `[Y/n]`. */
export function readYesOrNo(usual: boolean): (answer: string) => boolean {
  return (answer) => {
    if (answer === '') return usual;
    if (/^y(?:es)?$/i.test(answer)) return true;
    if (/^no?$/i.test(answer)) return false;
    throw new BridgeError('USAGE', 'Answer y or n.');
  };
}

/** Asks for what `readChoice` reads. */
export const WHICH = 'Which of these? Numbers such as "1 2", all or none [all]: ';

/** Reads `1 3` as indexes into a list of so many items, which were numbered from 1. No answer is all of them. */
export function readChoice(count: number): (answer: string) => number[] {
  const all = Array.from({ length: count }, (_, index) => index);
  return (answer) => {
    if (answer === '' || answer === 'all') return all;
    if (answer === 'none') return [];
    const chosen = (answer.match(/[^\s,]+/g) ?? ['']).map((word) => Number(word) - 1);
    if (chosen.every((index) => all.includes(index))) return all.filter((index) => chosen.includes(index));
    throw new BridgeError('USAGE', `Answer with numbers from 1 to ${count}, such as "1 2", or with all or none.`);
  };
}
