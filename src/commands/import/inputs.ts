import { replaceInputs, variableOfInput } from '../../config/variables.ts';
import { membersOf } from './members.ts';
import { type ServerEntry, withTexts } from './server-entry.ts';

/** What VS Code asks its user for, where a server says `${input:id}`. */
export interface Input {
  /** The variable that stands for it. */
  readonly variable: string;
  readonly description: string | undefined;
  /** What it is when nothing else is said. */
  readonly usual: string | undefined;
}

/** Reads the list `inputs` that stands beside the servers. What is no input is passed over. */
export function readInputs(given: unknown): Input[] {
  const entries = Array.isArray(given) ? given.map(membersOf) : [];
  return entries.flatMap(({ id, description, default: usual }) => {
    const variable = typeof id === 'string' ? variableOfInput(id) : undefined;
    return variable === undefined ? [] : [{ variable, description: textOf(description), usual: textOf(usual) }];
  });
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** The same with a variable in the place of each input. */
export function inputsAsVariables(entry: ServerEntry, inputs: readonly Input[]): ServerEntry {
  return withTexts(entry, (text) =>
    replaceInputs(text, (variable) => {
      const usual = inputs.find((input) => input.variable === variable)?.usual;
      return usual === undefined || NO_DEFAULT.test(usual) ? `\${${variable}}` : `\${${variable}:-${usual}}`;
    }),
  );
}

/** A default ends at the first brace, and has no variables in it. */
const NO_DEFAULT = /[$}]/;
