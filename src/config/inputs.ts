import { variableOfInput } from './variables.ts';

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
  return (Array.isArray(given) ? given : []).flatMap((entry: unknown) => {
    const { id, description, default: usual } = { ...Object(entry) };
    const variable = typeof id === 'string' ? variableOfInput(id) : undefined;
    return variable === undefined ? [] : [{ variable, description: textOf(description), usual: textOf(usual) }];
  });
}

/** The environment, and what inputs are where it says nothing of them. */
export function withInputs(env: NodeJS.ProcessEnv, inputs: readonly Input[]): NodeJS.ProcessEnv {
  const defaults = inputs.flatMap(({ variable, usual }) => (usual === undefined ? [] : [[variable, usual]]));
  return { ...Object.fromEntries(defaults), ...env };
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
