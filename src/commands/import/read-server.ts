import { checkConfig, type FileServer } from '../../config/schema.ts';
import { nameOfCommand } from '../../config/server-name.ts';
import { substitute } from '../../config/variables.ts';
import { BridgeError } from '../../errors.ts';
import { entryOf, type ServerEntry } from './server-entry.ts';

/** What becomes of a server in a client's file: its entry in a file of the bridge, or why it gets none. */
export type ReadServer = { readonly entry: ServerEntry } | { readonly leftOut: string };

/** Reads one server as any client writes it. */
export function readServer(name: string, given: unknown): ReadServer {
  try {
    // Alone, so that the mistakes of one do not take the others along.
    const { servers, warnings } = checkConfig({ mcpServers: { [name]: given } }, FILE);
    const [server] = servers;
    if (server === undefined) return { leftOut: warnings.length > 0 ? 'behind a URL' : 'switched off' };
    if (isBridge(server)) return { leftOut: 'it is a bridge itself, and would start itself without end' };
    checkVariables(server);
    return { entry: entryOf(server) };
  } catch (error) {
    if (!(error instanceof BridgeError)) throw error;
    return { leftOut: withoutPlace(error.message, `${FILE}: mcpServers.${name}`) };
  }
}

/** Stands in messages where the file's name belongs; which file it is has been said already. */
const FILE = 'file';

function withoutPlace(message: string, place: string): string {
  return message.startsWith(place) ? message.slice(place.length).replace(/^(?:\.|: )/, '') : message;
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

/** @throws BridgeError for what only an editor can fill in. Whether variables are set is seen when the bridge starts. */
function checkVariables({ command, args, env, envFile = '', cwd = '' }: FileServer): void {
  const values = Object.entries(env).map(([name, value]) => [`env.${name}`, value] as const);
  const texts = [
    ['command', command],
    ['args', args.join(' ')],
    ...values,
    ['envFile', envFile],
    ['cwd', cwd],
  ] as const;
  for (const [where, text] of texts) substitute(text, { env: EVERYTHING_SET, folder: '/', where });
}

/** Only what no variable can stand for is looked for. */
const EVERYTHING_SET = new Proxy<NodeJS.ProcessEnv>({}, { get: () => '' });
