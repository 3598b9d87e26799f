import type { Input } from '../../config/inputs.ts';
import { replaceInputs } from '../../config/variables.ts';
import { type ServerEntry, withTexts } from './server-entry.ts';

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
