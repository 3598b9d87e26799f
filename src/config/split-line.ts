import { BridgeError, messageOf } from '../errors.ts';

/** Turns a command line into a program and its arguments; whoever starts processes knows the quoting. */
export type SplitCommand = (line: string) => { command: string; args: string[] };

/** @throws BridgeError `USAGE` that names the flag when the line cannot be split. */
export function splitLine(origin: string, line: string, splitCommand: SplitCommand): ReturnType<SplitCommand> {
  try {
    return splitCommand(line);
  } catch (error) {
    throw new BridgeError('USAGE', `${origin}: ${messageOf(error)}`, { cause: error });
  }
}
