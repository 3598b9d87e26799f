import type { Input } from '../../config/inputs.ts';
import { checkConfig, type FileServer } from '../../config/schema.ts';
import { nameOfCommand } from '../../config/server-name.ts';
import { substitute } from '../../config/variables.ts';
import { BridgeError } from '../../errors.ts';
import { inputsAsVariables } from './inputs.ts';
import { entryOf, type ServerEntry, textsOf } from './server-entry.ts';

/** What becomes of a server in a client's file: its entry in a file of the bridge, or why it gets none. */
export type ReadServer = { readonly entry: ServerEntry } | { readonly leftOut: string };

/** Reads one server as any client writes it. `inputs` are those of its file. */
export function readServer(name: string, given: unknown, inputs: readonly Input[] = []): ReadServer {
  try {
    // Alone, so that the mistakes of one do not take the others along.
    const { servers, warnings } = checkConfig({ mcpServers: { [name]: given } }, FILE);
    const [server] = servers;
    if (server === undefined) return { leftOut: warnings.length > 0 ? 'behind a URL' : 'switched off' };
    if (isBridge(server)) return { leftOut: 'it is a bridge itself, and would start itself without end' };
    const entry = inputsAsVariables(entryOf(server), inputs);
    checkVariables(entry);
    return { entry };
  } catch (error) {
    if (!(error instanceof BridgeError)) throw error;
    return { leftOut: withoutValue(withoutPlace(error.message, `${FILE}: mcpServers.${name}`)) };
  }
}

/** Stands in messages where the file's name belongs; which file it is has been said already. */
const FILE = 'file';

function withoutPlace(message: string, place: string): string {
  return message.startsWith(place) ? message.slice(place.length).replace(/^(?:\.|: )/, '') : message;
}

/** What was given as a variable or an argument, or is the default of one, may be secret. */
function withoutValue(reason: string): string {
  return reason.replace(/^((?:env|args)\b.*), got ".*$/s, '$1').replace(/^(\S+ \$\{[^}]*?:-)[^}]*/, '$1...');
}

/** Desktop clients reach a bridge by starting one. */
function isBridge({ command, args }: FileServer): boolean {
  const words = [command, ...args];
  // The first alone would take any server of that name for one, the second any that is given its folder.
  return (
    /^(?:mcp-)?bridge$/.test(nameOfCommand(words)) &&
    words.some((word) => /(?:^|[\\/])mcp-bridge(?:[@.\\/]|$)/.test(word))
  );
}

/** @throws BridgeError for what only an editor can fill in. Whether variables are set is told when all is written. */
function checkVariables(entry: ServerEntry): void {
  for (const [where, text] of textsOf(entry)) substitute(text, { env: EVERYTHING_SET, folder: '/', where });
}

/** Only what no variable can stand for is looked for. */
const EVERYTHING_SET = new Proxy<NodeJS.ProcessEnv>({}, { get: () => '' });
