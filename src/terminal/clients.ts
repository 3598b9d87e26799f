import type { BridgeStatus } from '../bridge/status.ts';
import type { BridgeUrls } from '../bridge/urls.ts';

/** What has to be known of a bridge to connect to it. */
export type Reachable = Pick<BridgeStatus, 'access' | 'tunnel'> & { readonly urls: BridgeUrls };

/** How to connect a client. */
export interface Guide {
  /** Where it finds the bridge; `undefined` where OpenAI's tunnel brings its requests. */
  readonly url: string | undefined;
  /** The same in one line. */
  readonly brief: Parts;
  readonly pastes: readonly Paste[];
  /** What is left to do by hand, in order. */
  readonly steps: readonly string[];
}

/** Why a client cannot be connected as things are, as a sentence without its subject. */
export interface Lack {
  readonly lack: string;
}

interface Paste {
  /** "In" which place. */
  readonly into: string;
  readonly text: string;
}

/** A line, in parts between which a shell's may be broken. */
type Parts = readonly string[];

export interface Client {
  readonly title: string;
  readonly guide: (bridge: Reachable) => Guide | Lack;
}

/** The clients, by their words on the command line. */
export const CLIENTS = {
  chatgpt: { title: 'ChatGPT', guide: chatGpt },
  claude: { title: 'Claude', guide: claude },
  'claude-code': { title: 'Claude Code', guide: claudeCode },
  codex: { title: 'Codex', guide: codex },
  vscode: { title: 'VS Code', guide: vsCode },
  cursor: { title: 'Cursor', guide: cursor },
  responses: { title: 'The Responses API', guide: responses },
  inspector: { title: 'Inspector', guide: inspector },
} satisfies Record<string, Client>;

export type ClientWord = keyof typeof CLIENTS;

function chatGpt(bridge: Reachable): Guide | Lack {
  const developerMode = 'Settings, Apps, Advanced settings: turn on Developer mode.';
  if (isBrought(bridge)) {
    const brief = 'Settings, Apps, Developer mode, Create: Tunnel, No authentication';
    const create = 'Settings, Apps, Create: any name, Connection Tunnel with its id, and No authentication.';
    return { url: undefined, brief: [brief], pastes: [], steps: [developerMode, create] };
  }
  const { url, lack } = fromOutside(bridge);
  if (url === undefined) return { lack };
  const choice = bridge.access.auth === 'none' ? 'No authentication' : 'OAuth';
  const create = `Settings, Apps, Create: any name, the URL ${url}, and as authentication ${choice}.`;
  return {
    url,
    brief: [`Settings, Apps, Developer mode, Create: ${url}`],
    pastes: [],
    steps: [developerMode, create, ...linking(bridge)],
  };
}

function claude(bridge: Reachable): Guide | Lack {
  const { url, lack } = fromOutside(bridge);
  if (url === undefined) return { lack };
  return {
    url,
    brief: [`Settings, Connectors, Add custom connector: ${url}`],
    pastes: [],
    steps: [
      `Settings, Connectors, Add custom connector: any name, and the URL ${url}.`,
      'Connect.',
      ...linking(bridge),
    ],
  };
}

function claudeCode(bridge: Reachable): Guide {
  const { url, transport } = fromHere(bridge);
  const steps = usesOAuth(bridge) ? ['In Claude Code, type /mcp, choose bridge, and authenticate.'] : [];
  return inShell(bridge, url, [`claude mcp add --transport ${transport} bridge ${url}`, ...header(bridge)], steps);
}

function codex(bridge: Reachable): Guide | Lack {
  const { url, transport } = fromHere(bridge);
  if (transport === 'sse') return { lack: 'needs Streamable HTTP, and only SSE is served' };
  const hasToken = bridge.access.auth === 'token';
  const line = [
    'codex mcp add bridge',
    `--url ${url}`,
    ...(hasToken ? ['--bearer-token-env-var MCP_BRIDGE_TOKEN'] : []),
  ];
  const toml = ['[mcp_servers.bridge]', `url = "${url}"`];
  if (hasToken) toml.push('bearer_token_env_var = "MCP_BRIDGE_TOKEN"');
  const shell = inShell(bridge, url, line, usesOAuth(bridge) ? ['In the shell: codex mcp login bridge'] : []);
  const file = { into: '~/.codex/config.toml, instead of that', text: toml.join('\n') };
  return { ...shell, pastes: [...shell.pastes, file] };
}

function vsCode(bridge: Reachable): Guide {
  const { url, transport } = fromHere(bridge);
  return inFile(bridge, url, '.vscode/mcp.json, among the servers', { type: transport, url });
}

function cursor(bridge: Reachable): Guide {
  const { url } = fromHere(bridge);
  return inFile(bridge, url, '~/.cursor/mcp.json, among the mcpServers', { url });
}

/** Its command line knows no OAuth, its page does. */
function inspector(bridge: Reachable): Guide {
  const { url, transport } = fromHere(bridge);
  const program = 'npx @modelcontextprotocol/inspector';
  if (usesOAuth(bridge)) {
    const connect = `On its page: ${transport === 'sse' ? 'SSE' : 'Streamable HTTP'}, the URL ${url}, Connect.`;
    return inShell(bridge, url, [program], [connect]);
  }
  const rest = `${url} --transport ${transport} --method tools/list`;
  return inShell(bridge, url, [`${program} --cli`, rest, ...header(bridge)], []);
}

function responses(bridge: Reachable): Guide | Lack {
  const { url, lack } = isBrought(bridge) ? {} : fromOutside(bridge, { sendsTokens: true });
  if (lack !== undefined) return { lack };
  const hasToken = bridge.access.auth !== 'none' && url !== undefined;
  const tool = {
    type: 'mcp',
    server_label: 'bridge',
    ...(url === undefined ? { tunnel_id: 'TUNNEL_ID' } : { server_url: url }),
    ...(hasToken && { authorization: 'TOKEN' }),
  };
  const call = { model: 'gpt-5', input: 'Which tools do you have?', tools: [tool] };
  return {
    url,
    brief: [JSON.stringify(tool)],
    pastes: [{ into: 'a POST to https://api.openai.com/v1/responses', text: JSON.stringify(call, undefined, 2) }],
    steps: [
      ...(url === undefined ? ["Write your tunnel's id for TUNNEL_ID."] : []),
      ...(hasToken ? [`Write for TOKEN ${ownToken(bridge)}.`] : []),
    ],
  };
}

function ownToken({ access }: Reachable): string {
  if (access.auth === 'external') return 'an access token of your issuer';
  return 'the token that the bridge was started with (MCP_BRIDGE_TOKEN)';
}

function inShell(bridge: Reachable, url: string, line: Parts, steps: Parts): Guide {
  const ownSteps = usesOAuth(bridge) ? [...steps, ...linking(bridge)] : steps;
  return { url, brief: line, pastes: [{ into: 'a shell', text: line.join(' ') }], steps: ownSteps };
}

function inFile(bridge: Reachable, url: string, into: string, entry: Readonly<Record<string, unknown>>): Guide {
  const hasToken = bridge.access.auth === 'token';
  const whole = { ...entry, ...(hasToken && { headers: { Authorization: 'Bearer TOKEN' } }) };
  const text = `"bridge": ${inOneLine(whole)}`;
  const steps = hasToken ? [`Write for TOKEN ${ownToken(bridge)}.`] : linking(bridge);
  return { url, brief: [text], pastes: [{ into, text }], steps };
}

/** As people write it: with spaces. */
function inOneLine(value: unknown): string {
  return JSON.stringify(value, undefined, 1).replaceAll(/\n */g, ' ');
}

function header({ access }: Reachable): Parts {
  return access.auth === 'token' ? ['--header "Authorization: Bearer $MCP_BRIDGE_TOKEN"'] : [];
}

/** What a program on this computer takes. What is granted is good at the public URL only, so OAuth has to start there. */
function fromHere(bridge: Reachable): { url: string; transport: 'http' | 'sse' } {
  const { mcp, sse = '', public: outside } = bridge.urls;
  const here = mcp ?? sse;
  return { url: usesOAuth(bridge) ? (outside ?? here) : here, transport: mcp === undefined ? 'sse' : 'http' };
}

/** What a client takes that calls from the internet. */
function fromOutside(
  { urls, access, tunnel }: Reachable,
  { sendsTokens = false } = {},
): { url: string; lack?: undefined } | { url?: undefined; lack: string } {
  if (access.auth === 'token' && !sendsTokens) return { lack: 'cannot send a token: start with --auth oauth' };
  if (urls.public !== undefined) return { url: urls.public };
  if (tunnel?.kind === 'opening') return { lack: 'has to wait: the tunnel is not open yet' };
  if (tunnel?.kind === 'down') return { lack: `cannot reach this bridge: there is no tunnel: ${tunnel.reason}` };
  return { lack: 'needs a public https URL: start with --tunnel, or --public-url' };
}

/** Whether OpenAI's tunnel brings its requests, without a URL. */
function isBrought({ tunnel }: Reachable): boolean {
  return tunnel?.kind === 'up' && tunnel.place === undefined;
}

function usesOAuth({ access }: Reachable): boolean {
  return access.auth === 'oauth' || access.auth === 'external';
}

function linking({ access }: Reachable): Parts {
  if (access.auth === 'oauth') return ['On the page that opens, type the code that mcp-bridge pair shows.'];
  return access.auth === 'external' ? ['On the page that opens, sign in.'] : [];
}
