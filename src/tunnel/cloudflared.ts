import { devNull } from 'node:os';
import { pause } from '../process/deadline.ts';
import { type CloudflaredSource, findCloudflared } from './cloudflared-binary.ts';
import { type Output, openProgram, urlOf } from './program.ts';
import type { OpenTunnel } from './tunnel.ts';

export interface CloudflaredSettings extends CloudflaredSource {
  /** Of a named tunnel. Without it, the tunnel is a quick one: no account, and another name each time. */
  readonly token?: string | undefined;
  /** Where the named tunnel comes out, as configured at Cloudflare. Always there with a token. */
  readonly hostname?: string | undefined;
}

/** A tunnel of Cloudflare's. Quick ones hold back answers to GET until they end (cloudflared issue 1449). */
export function openCloudflared(settings: CloudflaredSettings): OpenTunnel {
  return async (surroundings) => {
    const { token, hostname } = settings;
    const isNamed = token !== undefined;
    const url = urlOf(surroundings.target);
    return openProgram(
      {
        name: 'cloudflared',
        command: await findCloudflared(settings, surroundings),
        args: ['tunnel', ...OPTIONS, ...(isNamed ? ['run'] : []), '--url', url],
        env: { ...transport(), ...(isNamed && { TUNNEL_TOKEN: token }) },
        limit: LIMIT,
        explain,
        connect: (output, signal) => connect(output, signal, isNamed ? `https://${hostname}` : undefined),
      },
      surroundings,
    );
  };
}

/** It tries its own ways to the edge one after the other. Milliseconds. */
const LIMIT = 60_000;
/** Between two looks at whether it is connected. Milliseconds. */
const INTERVAL = 250;

/** Its log is left as text: these lines are the same in JSON, and what it says at its end is fit to be quoted. */
const OPTIONS = [
  '--no-autoupdate',
  ...['--metrics', '127.0.0.1:0'],
  // Empty: a config file of the owner's is for other tunnels, and its rules would replace --url.
  ...['--config', devNull],
  // It would wait 30 s for streams that have no end.
  ...['--grace-period', '1s'],
];

/** Networks without UDP need `TUNNEL_TRANSPORT_PROTOCOL=http2`. */
function transport(): Record<string, string> {
  const { TUNNEL_TRANSPORT_PROTOCOL } = process.env;
  return TUNNEL_TRANSPORT_PROTOCOL === undefined ? {} : { TUNNEL_TRANSPORT_PROTOCOL };
}

/** Ready means that the edge has a connection: the URL is printed, and even answers, before that. */
async function connect(output: Output, signal: AbortSignal, named: string | undefined): Promise<string> {
  const printed = output.find(readQuickOrigin);
  const metrics = await output.find((line) => METRICS.exec(line)?.[1]);
  while (!signal.aborted && !(await ask(`${metrics}/ready`, signal))) await pause(INTERVAL, signal);
  return named ?? readHostname(await ask(`${metrics}/quicktunnel`, signal)) ?? printed;
}

const METRICS = /Starting metrics server on (127\.0\.0\.1:\d+)\/metrics/;

/** The body, or `undefined` when it is not ready to answer, or nobody waits for it any more. */
async function ask(address: string, signal: AbortSignal): Promise<string | undefined> {
  try {
    const response = await fetch(`http://${address}`, { signal });
    const body = await response.text();
    return response.ok ? body : undefined;
  } catch {
    return undefined; // Its exit tells more.
  }
}

/** Of `/quicktunnel`, which older ones do not have. */
function readHostname(body = ''): string | undefined {
  const [, hostname] = /^\{"hostname":"([\w.-]+)"\}$/.exec(body) ?? [];
  return hostname === undefined ? undefined : readQuickOrigin(`https://${hostname}`);
}

/** The API's own URL stands in its errors. */
function readQuickOrigin(line: string): string | undefined {
  return /https:\/\/(?!api\.)[\w-]+\.trycloudflare\.com\b/.exec(line)?.[0];
}

function explain(words: string): string | undefined {
  if (/\b429 Too Many|error code: 1015\b/.test(words))
    return 'Cloudflare gives no more quick tunnels to this address for now (429). Wait some minutes, or use a named tunnel, which has a token.';
  if (/token is not valid|Unauthorized/.test(words))
    return 'Cloudflare does not accept the token. Copy it anew from the tunnel in its dashboard.';
  if (/api\.trycloudflare\.com/.test(words))
    return 'it cannot reach api.trycloudflare.com. Is this machine online, and may it go there? Behind a proxy, set HTTPS_PROXY.';
  if (/failed to dial|Unable to establish connection/i.test(words))
    return 'it cannot reach the edge of Cloudflare on port 7844. Let it out, UDP and TCP; without UDP, set TUNNEL_TRANSPORT_PROTOCOL=http2.';
  return undefined;
}
