import type { BridgeUrls } from '../bridge/urls.ts';
import type { Paint } from './paint.ts';

export interface ConnectOptions {
  readonly columns: number;
  readonly paint: Paint;
}

/** What to paste where, so that clients find the bridge. */
export function connectText(urls: BridgeUrls, { columns, paint }: ConnectOptions): string {
  const { mcp, sse = '' } = urls;
  const ways = mcp === undefined ? waysTo(sse, 'sse') : waysTo(mcp, 'http');
  const lines = ways.map(([client, ...parts]) => {
    const line = label(client) + parts.join(' ');
    return line.length <= columns ? line : label(client) + parts.join(` \\\n${label('')}`);
  });
  return [
    `  ${paint('bold', 'Connect')}  ${paint('dim', 'with a command, or with an entry among the servers in mcp.json')}`,
    ...lines,
    `${label('ChatGPT')}${chatGpt(urls)}`,
  ].join('\n');
}

function chatGpt({ public: url }: BridgeUrls): string {
  if (url === undefined) return 'needs a public https URL: run a tunnel, and say --public-url';
  return `Settings, Apps, Developer mode, Create: ${url}`;
}

/** A client and what it takes, in parts between which a shell's line may be broken. */
type Way = readonly [client: string, ...parts: string[]];

function waysTo(url: string, transport: 'http' | 'sse'): Way[] {
  const ways: Way[] = [
    ['Claude Code', `claude mcp add --transport ${transport} bridge ${url}`],
    ['Codex', `codex mcp add bridge --url ${url}`],
    ['VS Code', `"bridge": { "type": "${transport}", "url": "${url}" }`],
    ['Cursor', `"bridge": { "url": "${url}" }`],
    ['Inspector', 'npx @modelcontextprotocol/inspector --cli', `${url} --transport ${transport} --method tools/list`],
  ];
  // Codex has no SSE.
  return transport === 'sse' ? ways.filter(([client]) => client !== 'Codex') : ways;
}

function label(text: string): string {
  return `  ${text}`.padEnd(LABEL_WIDTH);
}

const LABEL_WIDTH = '  Claude Code  '.length;
