import { givenCommands, variableBefore } from '../config/command-upstreams.ts';
import type { Input } from '../config/inputs.ts';
import { isBehindUrl } from '../config/remote.ts';
import { nameOfCommand } from '../config/server-name.ts';
import { BridgeError } from '../errors.ts';
import { clientFiles, type Place } from './import/client-files.ts';
import { type ConfigContent, chooseTarget, configText, type TargetOptions, writeConfig } from './import/config-file.ts';
import { addServer, findServers, type ServersByName, usableIn } from './import/find-servers.ts';
import { listing } from './import/listing.ts';
import { lossOf } from './import/loss.ts';
import { outcome } from './import/outcome.ts';
import {
  type Conversation,
  canAsk,
  openQuestions,
  type Questions,
  readChoice,
  readYesOrNo,
  WHICH,
} from './import/questions.ts';
import type { ServerEntry } from './import/server-entry.ts';
import { withoutValues } from './import/values.ts';

export interface InitOptions extends Place, TargetOptions {
  /** Cuts a line as a shell would, with these variables. */
  readonly splitCommand: (line: string, env: NodeJS.ProcessEnv) => { command: string; args: string[] };
}

/**
 * `mcp-bridge init`: asks what is to be bridged, and writes a config file that says so. Until it is written nothing is.
 * @throws BridgeError when nobody is there to ask, when there are no more answers, or when the file cannot be written.
 */
export async function init(options: InitOptions, conversation: Conversation): Promise<void> {
  if (!canAsk(conversation)) throw new BridgeError('USAGE', NOBODY_THERE);
  const { write } = conversation;
  const target = chooseTarget(options);
  const questions = openQuestions(conversation);
  try {
    const { servers, inputs } = await askServers(options, questions, write);
    const content = { servers, ...(await askBridge(questions)) };
    const text = configText(content, target, options.cwd);
    write(`\n${configText({ ...content, servers: withoutValues(servers) }, target, options.cwd)}\n`);
    if (!(await questions.ask(`Write this to ${target.label}? [Y/n] `, readYesOrNo(true))))
      return write('Nothing was written.\n');
    const loss = await lossOf(target, text);
    await writeConfig(text, target);
    write(outcome({ target, servers, inputs, loss }, options));
  } finally {
    questions.close();
  }
}

const NOBODY_THERE =
  'init asks questions, and this is no terminal; say it with flags instead: mcp-bridge import CLIENT, ' +
  'or mcp-bridge --stdio COMMAND, with --read-only or --tunnel';

interface ChosenServers {
  readonly servers: ServersByName;
  /** What their clients would ask for. */
  readonly inputs: readonly Input[];
}

/** Those that clients have, and those that are typed. */
async function askServers(
  options: InitOptions,
  questions: Questions,
  write: (text: string) => void,
): Promise<ChosenServers> {
  const servers: ServersByName = new Map();
  const files = await findServers(clientFiles(options));
  const usable = usableIn(files);
  if (usable.length > 0) {
    write(`These servers are known to programs on this computer:\n\n${listing(files, { numbered: true })}`);
    const indexes = await questions.ask(WHICH, readChoice(usable.length));
    for (const { as, entry } of usable.filter((_, index) => indexes.includes(index))) servers.set(as, entry);
  }
  for (;;) {
    const question = servers.size === 0 ? 'The command line of a server: ' : 'Of another one (Enter: no more): ';
    const typed = await questions.ask(question, (line) => readTyped(line, options.splitCommand));
    if (typed !== undefined) addServer(servers, typed.name, typed.entry);
    else if (servers.size > 0) return { servers, inputs: usable.flatMap(({ inputs }) => inputs) };
  }
}

interface TypedServer {
  readonly name: string;
  readonly entry: ServerEntry;
}

/** Reads `[NAME=]COMMAND`, as `--stdio` takes it. Nothing typed is `undefined`. */
function readTyped(line: string, splitCommand: InitOptions['splitCommand']): TypedServer | undefined {
  if (NO_COMMAND.test(line)) throw new BridgeError('USAGE', EXPECTED);
  if (variableBefore(line) !== undefined) throw new BridgeError('USAGE', `${EXPECTED} ${VARIABLES}`);
  if (isBehindUrl(line)) throw new BridgeError('USAGE', `Servers behind a URL are not bridged yet. ${EXPECTED}`);
  const [given] = givenCommands(line === '' ? {} : { stdio: [line] }, []);
  if (given === undefined) return undefined;
  // Only what stands after `--` is in words already.
  const { command, args } = splitCommand(String(given.command), AS_VARIABLES);
  const name = given.name ?? nameOfCommand([command, ...args]);
  return { name, entry: { command, ...(args.length > 0 && { args }) } };
}

const NO_COMMAND = /^[\w.-]+=\s*$/;
const EXPECTED = 'Type a command such as npx -y some-server, or NAME=COMMAND.';
const VARIABLES = 'What starts in capitals is read as a variable: these go into the "env" of the server, in the file.';

/** What is a variable on the line is one in the file: what it stands for may be a secret. */
const AS_VARIABLES = new Proxy<NodeJS.ProcessEnv>({}, { get: (_variables, name) => `\${${String(name)}}` });

/** The section `bridge`, where there is something to say. */
async function askBridge(questions: Questions): Promise<Pick<ConfigContent, 'bridge'>> {
  const readOnly = await questions.ask('Only tools that are marked as read-only? [y/N] ', readYesOrNo(false));
  const tunnel = await questions.ask('Reachable from the internet, by cloudflared? [y/N] ', readYesOrNo(false));
  const bridge = { ...(readOnly && { tools: { readOnly } }), ...(tunnel && { tunnel: 'cloudflared' }) };
  return Object.keys(bridge).length > 0 ? { bridge } : {};
}
