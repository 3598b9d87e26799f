import { FLAGS, type FlagValues, flag, one, type ValuesOf } from './flag-table.ts';
import { TEXT } from './kinds.ts';
import { usage } from './read-flags.ts';

/** What asks for the tools of servers that it starts by itself. */
export interface ToolsCommand {
  readonly kind: 'tools';
  readonly action: ToolsAction;
  /** `undefined`: the catalog of all servers. */
  readonly view: string | undefined;
  readonly json: boolean;
  readonly flags: ServerFlags;
}

export type ToolsAction =
  | {
      readonly kind: 'ls';
      /** Whether to list those that clients do not see, too. */
      readonly all: boolean;
    }
  | { readonly kind: 'show'; readonly name: string }
  | {
      readonly kind: 'call';
      readonly name: string;
      /** As JSON; `-` is for stdin, and `undefined` for none. */
      readonly args: string | undefined;
    };

/** Which servers, and which of their tools, as for a bridge; `command` is what stands after `--`. */
export interface ServerFlags {
  readonly values: FlagValues;
  readonly command: readonly string[];
}

/** The flags of all that begins with `tools`, besides those of {@link ServerFlags}. */
export const TOOLS_FLAGS = {
  view: one('NAME', TEXT, 'as clients of this view see them'),
  json: flag('as JSON'),
  stateFolder: one('FOLDER', TEXT, "the bridge's, which remembers former names of tools"),
  help: FLAGS.help,
};

export function readTools(
  values: ValuesOf<typeof TOOLS_FLAGS>,
  servers: ServerFlags,
  action: ToolsAction,
): ToolsCommand {
  const { view, json = false, stateFolder } = values;
  const flags = { ...servers, values: { ...servers.values, ...(stateFolder !== undefined && { stateFolder }) } };
  return { kind: 'tools', action, view, json, flags };
}

/** @throws BridgeError `USAGE` when the name is missing, or there is more. */
export function toShow([name, ...more]: readonly string[]): ToolsAction {
  return { kind: 'show', name: only('show', name, more) };
}

/** @throws BridgeError `USAGE` when the name is missing, or there is more than arguments for it. */
export function toCall([name, args, ...more]: readonly string[]): ToolsAction {
  return { kind: 'call', name: only('call', name, more), args };
}

function only(word: string, name: string | undefined, [stray]: readonly string[]): string {
  if (name === undefined) throw usage(`tools ${word} needs a NAME; mcp-bridge tools lists them`);
  if (stray === undefined) return name;
  throw usage(
    `tools ${word}: unexpected argument ${stray}; JSON is one quoted argument, and a command stands after --`,
  );
}
