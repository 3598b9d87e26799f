import { randomBytes } from 'node:crypto';
import { serveOpenAiTunnel } from './openai/serve.ts';
import type { OpenTunnel } from './tunnel.ts';

export interface OpenAiSettings {
  readonly tunnelId: string;
  /** A runtime key with the permissions Tunnels Read and Use. */
  readonly token: string;
  /** Of the control plane. */
  readonly baseUrl: string;
  /** The path of the bridge's Streamable HTTP endpoint. */
  readonly path: string;
  /** What that wants to see as bearer token. */
  readonly endpointToken: string;
}

/** OpenAI's Secure MCP Tunnel: the bridge asks for work, so that there is no URL that others could reach. */
export function openOpenAi({ path, ...settings }: OpenAiSettings): OpenTunnel {
  const instanceId = randomBytes(16).toString('hex');
  return async ({ target: { host, port }, log, signal }) => {
    const endpoint = `http://${host.includes(':') ? `[${host}]` : host}:${port}${path}`;
    const { ready, closed, close } = serveOpenAiTunnel({ ...settings, instanceId, endpoint, log, signal });
    await ready;
    return { origin: undefined, closed, close };
  };
}
