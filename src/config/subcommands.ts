import { FLAG_GROUPS, FLAGS, type FlagRow, flag, one, type ValuesOf } from './flag-table.ts';
import { ANY_TOKEN, oneOf, PORT, TEXT } from './kinds.ts';
import { pick } from './pick.ts';
import { parseAs, usage } from './read-flags.ts';
import { readTools, type ServerFlags, TOOLS_FLAGS, type ToolsCommand, toCall, toShow } from './tools-command.ts';

/** What the command lines ask for that do not start a bridge. A folder that is not given is the platform's; relative ones start from the working folder. */
export type Subcommand =
  | (AboutBridge & { readonly kind: 'pair'; readonly localPort: number | undefined })
  | (AboutBridge & {
      readonly kind: 'connect';
      readonly client: ClientWord;
      readonly json: boolean;
      readonly qr: boolean;
      readonly localPort: number | undefined;
    })
  | (AboutBridge & { readonly kind: 'grants'; readonly action: GrantsAction })
  | (AboutBridge & {
      readonly kind: 'doctor';
      /** `undefined`: the bridge that runs. */
      readonly url: string | undefined;
      readonly token: string | undefined;
      readonly register: boolean;
      readonly json: boolean;
    })
  | {
      readonly kind: 'import';
      /** Empty: it is still to be said which. */
      readonly clients: readonly ImportClient[];
      readonly output: string | undefined;
      readonly force: boolean;
      readonly dryRun: boolean;
      readonly json: boolean;
    }
  | { readonly kind: 'init'; readonly output: string | undefined; readonly force: boolean }
  | ToolsCommand;

/** Where a bridge keeps its state: in a folder that is given, or in the one that its config file names. */
interface AboutBridge {
  readonly config: string | undefined;
  readonly stateFolder: string | undefined;
}

/** Clients that somebody can be told how to connect. */
const CLIENT = oneOf(['chatgpt', 'claude', 'claude-code', 'codex', 'vscode', 'cursor', 'responses', 'inspector']);
export type ClientWord = NonNullable<ReturnType<typeof CLIENT.parse>>;

/** Clients whose servers can be taken over. */
const IMPORT_CLIENT = oneOf(['claude', 'cursor', 'vscode', 'codex', 'windsurf']);
export type ImportClient = NonNullable<ReturnType<typeof IMPORT_CLIENT.parse>>;

export type GrantsAction =
  | { readonly kind: 'ls'; readonly json: boolean }
  | { readonly kind: 'revoke'; readonly ids: readonly string[] | 'all' };

type Rows = Readonly<Record<string, FlagRow>>;

interface SubcommandRow<Flags extends Rows = Rows> {
  /** What stands for its arguments in the help; empty where it takes none. */
  readonly operands: string;
  readonly help: string;
  readonly flags: Flags;
  /** Whether it is what is meant where only the first of its words is there. */
  readonly isUsual?: true;
  /** Whether it starts servers, and takes the bridge's flags for them. */
  readonly startsServers?: true;
  readonly read: (values: ValuesOf<Flags>, operands: readonly string[], servers: ServerFlags) => Subcommand;
}

const { help } = FLAGS;
const config = one('FILE', TEXT, "the bridge's (default mcp-bridge.json or .jsonc)", 'c');
const stateFolder = one('FOLDER', TEXT, "the bridge's, when it was started with --state-folder");
const aboutBridge = { config, stateFolder };
const localPort = one('PORT', PORT, 'local port of the bridge that is meant, when several run');

const output = one('FILE', TEXT, 'the file to write (default mcp-bridge.json)');
const force = flag('replace the file when it is there');

/** What of a bridge's flags is about servers, and nothing else. */
export const SERVER_GROUPS = pick(FLAG_GROUPS, ['Servers', 'Tools']);

/** By their words. */
export const SUBCOMMANDS: Readonly<Record<string, SubcommandRow>> = {
  pair: row({
    operands: '',
    help: 'show a code to link a client with; it is good for ten minutes',
    flags: { ...aboutBridge, localPort, help },
    read: ({ config, stateFolder, localPort }) => ({ kind: 'pair', config, stateFolder, localPort }),
  }),
  connect: row({
    operands: 'CLIENT',
    help: `show how to connect ${CLIENT.accepts}`,
    flags: { qr: flag('show the URL as a QR code, too'), json: flag('as JSON'), ...aboutBridge, localPort, help },
    read: ({ qr = false, json = false, config, stateFolder, localPort }, operands) => {
      return { kind: 'connect', client: whichClient(operands), qr, json, config, stateFolder, localPort };
    },
  }),
  'grants ls': row({
    operands: '',
    help: 'list the clients that are linked',
    flags: { json: flag('as JSON'), ...aboutBridge, help },
    read: (values) => grants(values, { kind: 'ls', json: values.json ?? false }),
  }),
  'grants revoke': row({
    operands: 'ID...',
    help: 'unlink clients',
    flags: { all: flag('all of them'), ...aboutBridge, help },
    read: (values, ids) => grants(values, { kind: 'revoke', ids: whichGrants(ids, values.all ?? false) }),
  }),
  doctor: row({
    operands: '[URL]',
    help: 'examine an MCP endpoint as ChatGPT would use it; without a URL, the bridge that runs',
    flags: {
      token: one('TEXT', ANY_TOKEN, "a token to send; MCP_BRIDGE_TOKEN is sent to one's own bridge only"),
      register: flag('also register a client, which the server may remember'),
      json: flag('as JSON'),
      config: FLAGS.config,
      stateFolder,
      help,
    },
    read: ({ token, register = false, json = false, config, stateFolder }, operands) => {
      return { kind: 'doctor', url: whichUrl(operands), token, register, json, config, stateFolder };
    },
  }),
  import: row({
    operands: '[CLIENT...]',
    help: `write a config file with the servers of ${IMPORT_CLIENT.accepts}`,
    flags: { output, force, dryRun: flag('only show what would be written'), json: flag('as JSON'), help },
    read: ({ output, force = false, dryRun = false, json = false }, words) => {
      const clients = words.map((word) => parseAs('import', IMPORT_CLIENT, word));
      return { kind: 'import', clients, output, force, dryRun, json };
    },
  }),
  init: row({
    operands: '',
    help: 'write a config file, by a few questions',
    flags: { output, force, help },
    read: ({ output, force = false }) => ({ kind: 'init', output, force }),
  }),
  'tools ls': row({
    operands: '',
    help: 'list the tools that clients see, and what they cost',
    flags: { all: flag('also those that clients do not see, and why'), ...TOOLS_FLAGS },
    isUsual: true,
    startsServers: true,
    read: (values, _, servers) => readTools(values, servers, { kind: 'ls', all: values.all ?? false }),
  }),
  'tools show': row({
    operands: 'NAME',
    help: 'show all there is to know of a tool, and whose word it is',
    flags: TOOLS_FLAGS,
    startsServers: true,
    read: (values, operands, servers) => readTools(values, servers, toShow(operands)),
  }),
  'tools call': row({
    operands: 'NAME [JSON]',
    help: 'call a tool, with arguments as JSON, or - to read them from stdin',
    flags: TOOLS_FLAGS,
    startsServers: true,
    read: (values, operands, servers) => readTools(values, servers, toCall(operands)),
  }),
};

/** Keeps the types of the flags together with what reads them; in the table they are all alike. */
function row<Flags extends Rows>({ read, ...rest }: SubcommandRow<Flags>): SubcommandRow {
  // The values were made by the kinds of the same flags.
  return { ...rest, read: (values, operands, servers) => read(values as ValuesOf<Flags>, operands, servers) };
}

function grants(
  { config, stateFolder }: { readonly config?: string; readonly stateFolder?: string },
  action: GrantsAction,
): Subcommand {
  return { kind: 'grants', action, config, stateFolder };
}

function whichClient([word, more]: readonly string[]): ClientWord {
  if (word === undefined) throw usage(`connect needs a client: expected ${CLIENT.accepts}`);
  if (more !== undefined) throw usage(`connect takes one client, got ${word} and ${more}`);
  return parseAs('connect', CLIENT, word);
}

function whichGrants(ids: readonly string[], all: boolean): readonly string[] | 'all' {
  if (all && ids.length > 0) throw usage('grants revoke takes either IDs or --all');
  if (!all && ids.length === 0)
    throw usage('grants revoke needs an ID; mcp-bridge grants ls shows them, and --all revokes every one');
  return all ? 'all' : ids;
}

function whichUrl([url, ...more]: readonly string[]): string | undefined {
  if (more.length > 0) throw usage('doctor takes one URL');
  if (url === undefined || (/^https?:\/\//i.test(url) && URL.canParse(url))) return url;
  throw usage(`doctor: expected a URL such as https://bridge.example.com/mcp, got ${JSON.stringify(url)}`);
}
