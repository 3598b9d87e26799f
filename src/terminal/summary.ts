import type { BridgeStatus, ServerStatus } from '../bridge/status.ts';
import type { BridgeUrls } from '../bridge/urls.ts';
import { type ConnectOptions, connectText } from './connect.ts';
import type { Paint } from './paint.ts';
import { createNameColumn, inSeconds, LAZY, reasonOf, SIGNS } from './server-text.ts';
import { cut, widthOf } from './width.ts';

/** What runs, and where it can be reached. */
export function headline({ version, urls }: BridgeStatus, paint: Paint): string {
  const url = urls?.mcp ?? urls?.sse;
  const place = url === undefined ? 'stdin and stdout' : new URL(url).origin;
  return `${paint('bold', 'mcp-bridge')} ${version} on ${place} ${paint('dim', '(Ctrl-C ends it)')}`;
}

/** The servers, the URLs, and what to paste where. Three servers fit into 24 rows of 80 columns. */
export function summary({ servers, urls, tunnel, access }: BridgeStatus, options: ConnectOptions): string {
  const table = serverTable(servers, options);
  if (!urls) return table;
  const noTunnel = tunnel?.kind === 'down' ? [options.paint('red', `${SIGNS.failed} no tunnel: ${tunnel.reason}`)] : [];
  return [table, ...noTunnel, urlList(urls, servers, options), connectText({ urls, tunnel, access }, options)].join(
    '\n\n',
  );
}

function serverTable(servers: readonly ServerStatus[], { columns, paint }: ConnectOptions): string {
  const inColumn = createNameColumn(servers, 'Server');
  const heading = `  ${inColumn('Server')}  Tools  Read-only     Time  `;
  const lines = servers.map((server) => {
    const { name, tools = '', readOnlyTools = '', startedIn } = server;
    const { sign, color, text } = describe(server);
    const time = startedIn === undefined ? '' : inSeconds(startedIn);
    const cells = [inColumn(name), `${tools}`.padStart(5), `${readOnlyTools}`.padStart(9), time.padStart(7)];
    return `${paint(color, sign)} ${cells.join('  ')}  ${paint(color, cut(text, columns - widthOf(heading)))}`;
  });
  return [paint('dim', `${heading}State`), ...lines].join('\n');
}

function describe(server: ServerStatus): { sign: string; color: 'dim' | 'green' | 'red'; text: string } {
  const { state, error, hiddenTools } = server;
  if (state === 'ready') {
    const text = hiddenTools ? `ready, ${hiddenTools} more hidden by filters` : 'ready';
    return { sign: SIGNS.ready, color: 'green', text };
  }
  if (error === undefined) return { sign: SIGNS.idle, color: 'dim', text: LAZY };
  return { sign: SIGNS.failed, color: 'red', text: `failed: ${reasonOf(server)}` };
}

function urlList(
  { mcp, sse, public: outside, local }: BridgeUrls,
  servers: readonly ServerStatus[],
  { paint }: ConnectOptions,
): string {
  const forOne = mcp === undefined ? '/servers/NAME/sse' : '/servers/NAME/mcp';
  const urls = {
    Public: outside,
    'Streamable HTTP': mcp,
    SSE: sse,
    'One server only': servers.length > 1 ? new URL(forOne, mcp ?? sse).href : undefined,
    Status: `${local}/status`,
  };
  return Object.entries(urls)
    .flatMap(([label, url]) => (url === undefined ? [] : `  ${label.padEnd(LABEL_WIDTH)}${paint('cyan', url)}`))
    .join('\n');
}

const LABEL_WIDTH = 'Streamable HTTP  '.length;
