import { LOG_LEVELS } from '../log.ts';
import { DEFAULTS, UPSTREAM_DEFAULTS } from './defaults.ts';
import type { Kind } from './kinds.ts';
import * as kinds from './kinds.ts';
import { SSH_PRESETS, SSH_TARGET, TUNNEL_PROVIDER } from './tunnel-kinds.ts';
import { HOST, ORIGIN, PUBLIC_URL, TRUSTED_URL, URL_PATH } from './url-kinds.ts';

/**
 * How often and with how many values a flag may be given: a `switch` has none; of `one` the last counts; `each` may be repeated;
 * a `list` takes several values after one flag or between commas; `pairs` takes a name and a value, and may be repeated.
 */
type Takes = 'switch' | 'one' | 'each' | 'list' | 'pairs';

export interface FlagRow<How extends Takes = Takes, Value = unknown> {
  readonly takes: How;
  /** What stands for the value in the help; empty for a switch. */
  readonly value: string;
  readonly kind: Kind<Value>;
  readonly help: string;
  readonly short?: string;
  /** What the flag means without a value; absent where that is an error. */
  readonly bare?: string;
}

const { TEXT, ENV_ENTRY, DURATION, DURATION_OR_NONE, SIZE, PORT, COUNT } = kinds;

/** Every flag by its camelCase name, under its heading in the help. Parsing, help, environment variables and types derive from it. */
export const FLAG_GROUPS = {
  Servers: {
    stdio: each('[NAME=]COMMAND', TEXT, 'a server to bridge, as one command line; may be repeated'),
    namedServer: row('pairs', 'NAME COMMAND', TEXT, 'the same, with its name apart; may be repeated'),
    config: one('FILE', TEXT, 'a file with mcpServers, JSON or TOML (default mcp-bridge.json or .jsonc)', 'c'),
    env: each('KEY[=VALUE]', ENV_ENTRY, 'set a variable for those commands, or pass on your own; may be repeated'),
    cwd: one('FOLDER', TEXT, 'working folder of those commands'),
    shell: flag('run those commands in a shell'),
    protocol: one(
      'KIND',
      kinds.PROTOCOL,
      `era of MCP to speak to servers: ${kinds.PROTOCOL.accepts} (default ${UPSTREAM_DEFAULTS.protocol})`,
    ),
    isolation: one(
      'KIND',
      kinds.ISOLATION,
      `who shares a process: ${kinds.ISOLATION.accepts} (default ${UPSTREAM_DEFAULTS.isolation})`,
    ),
    lazy: flag('start servers at the first request'),
    startTimeout: one('TIME', DURATION, `for a server to start (default ${inWords(UPSTREAM_DEFAULTS.startTimeout)})`),
    callTimeout: one('TIME', DURATION_OR_NONE, 'for one call (default none)'),
    maxMessage: one('SIZE', SIZE, `longest message, either way (default ${DEFAULTS.maxMessage / 2 ** 20}MiB)`),
  },
  Tools: {
    allow: list('GLOB', TEXT, 'offer only these tools'),
    deny: list('GLOB', TEXT, 'hide these tools; wins over --allow'),
    readOnly: flag('offer only tools that are marked as reading only'),
    prefix: one('WHEN', kinds.PREFIX, 'SERVER__ before names: auto (with several servers), server or none'),
  },
  Serving: {
    port: one('PORT', PORT, `port of the MCP endpoints, 0 for a free one (default ${DEFAULTS.port})`),
    host: one('HOST', HOST, `address to listen on (default ${DEFAULTS.host})`),
    localPort: one('PORT', PORT, 'port of status and readiness, on loopback (default the next one)'),
    outputTransport: one('WIRE', kinds.OUTPUT_TRANSPORT, 'only streamableHttp, only sse, or stdio (default both HTTP)'),
    streamableHttpPath: one('PATH', URL_PATH, `default ${DEFAULTS.streamableHttpPath}`),
    ssePath: one('PATH', URL_PATH, `default ${DEFAULTS.ssePath}`),
    messagePath: one('PATH', URL_PATH, `where SSE clients post (default ${DEFAULTS.messagePath})`),
    healthEndpoint: each('PATH', URL_PATH, 'a path that answers 200; may be repeated'),
    cors: list('ORIGIN', ORIGIN, 'web pages that may read answers; alone: those of this machine, "*": all', 'loopback'),
    allowedHost: list('HOST', HOST, "names to answer to, besides loopback's"),
    sessionTimeout: one('TIME', DURATION, `for an idle session (default ${inWords(DEFAULTS.sessionTimeout)})`),
    maxSessions: one('N', COUNT, `sessions at once (default ${DEFAULTS.maxSessions})`),
    recreateSessions: flag('take up unknown session ids instead of answering 404'),
  },
  Access: {
    auth: one('KIND', kinds.AUTH, `who may use it: ${kinds.AUTH.accepts} (default ${DEFAULTS.auth})`),
    publicUrl: one('URL', PUBLIC_URL, 'where clients reach it from outside, through your tunnel or proxy'),
    tunnel: {
      ...one('[PROVIDER]', TUNNEL_PROVIDER, `open a tunnel: ${TUNNEL_PROVIDER.accepts}; alone: cloudflared`),
      bare: 'cloudflared',
    },
    tunnelTo: one('USER@HOST', SSH_TARGET, `a tunnel by ssh to this host; also ${SSH_PRESETS.join(', ')}`),
    tunnelCommand: one('COMMAND', TEXT, 'a tunnel by a program that prints its URL; {port} is replaced'),
    cloudflaredBin: one('FILE', TEXT, 'the program cloudflared, where it is not on the PATH'),
    pair: flag('let one more client be linked, even when some are'),
    token: one('TEXT', kinds.BEARER_TOKEN, 'a static token for clients; better as MCP_BRIDGE_TOKEN'),
    issuer: one('URL', TRUSTED_URL, 'take tokens of this OAuth issuer of your own'),
    audience: one('TEXT', TEXT, 'what those tokens must be for (default the URL that is called)'),
    secretPath: flag('with --auth none: an unguessable path stands in for authentication'),
    clientDocuments: flag('also take clients that describe themselves at an unknown https URL'),
    personalMeta: flag('tell servers what clients say about their users: place, language, ids'),
    stateFolder: one('FOLDER', TEXT, 'where linked clients and secrets are kept'),
    dangerouslyNoAuth: flag('let anyone who reaches it use it, also from other machines'),
  },
  Output: {
    logLevel: one('LEVEL', kinds.LOG_LEVEL, `${LOG_LEVELS.join(', ')} (default ${DEFAULTS.logLevel})`),
    logFormat: one('FORMAT', kinds.LOG_FORMAT, `${kinds.LOG_FORMAT.accepts} (default ${DEFAULTS.logFormat})`),
    version: flag('show the version', 'v'),
    help: flag('show this help', 'h'),
  },
};

export const FLAGS = {
  ...FLAG_GROUPS.Servers,
  ...FLAG_GROUPS.Tools,
  ...FLAG_GROUPS.Serving,
  ...FLAG_GROUPS.Access,
  ...FLAG_GROUPS.Output,
};
export type FlagName = keyof typeof FLAGS;

/** What flags or environment variables said; what they did not say is absent. */
export type FlagValues = ValuesOf<typeof FLAGS>;

export type ValuesOf<Rows> = { readonly [Name in keyof Rows]?: ValueOf<Rows[Name]> };

type ValueOf<Row> =
  Row extends FlagRow<infer How, infer Value>
    ? {
        switch: Value;
        one: Value;
        each: readonly Value[];
        list: readonly Value[];
        pairs: readonly (readonly [Value, Value])[];
      }[How]
    : never;

/** The rows with their names, in the order of the help. */
export function flagRows(): (readonly [FlagName, FlagRow])[] {
  return Object.entries(FLAGS) as (readonly [FlagName, FlagRow])[];
}

/** How a flag is shown: `ssePath` is `--sse-path`. */
export function flagOf(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

function row<How extends Takes, Value>(
  takes: How,
  value: string,
  kind: Kind<Value>,
  help: string,
): FlagRow<How, Value> {
  return { takes, value, kind, help };
}

export function one<Value>(value: string, kind: Kind<Value>, help: string, short?: string): FlagRow<'one', Value> {
  return { ...row('one', value, kind, help), ...(short !== undefined && { short }) };
}

function each<Value>(value: string, kind: Kind<Value>, help: string): FlagRow<'each', Value> {
  return row('each', value, kind, help);
}

function list<Value>(value: string, kind: Kind<Value>, help: string, bare?: string): FlagRow<'list', Value> {
  return { ...row('list', value, kind, help), ...(bare !== undefined && { bare }) };
}

export function flag(help: string, short?: string): FlagRow<'switch', boolean> {
  return { ...row('switch', '', kinds.YES_OR_NO, help), ...(short !== undefined && { short }) };
}

function inWords(milliseconds: number): string {
  return `${milliseconds / 60_000}m`;
}
