// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these placeholders are what config files hold
import { EXTERNAL, MOUNT } from '../shapes.ts';
import { TUNNELS } from '../tunnel-shape.ts';
import { about, helpOf } from './about.ts';

const provider = 'Who provides the tunnel.';

/** Tunnels, what else is behind the address, and whose tokens open it. */
export const ABOUT_WAYS_IN = [
  about('cloudflared', TUNNELS.cloudflared, {
    provider,
    bin: helpOf('cloudflaredBin'),
    token: 'The token of a named tunnel. Default: TUNNEL_TOKEN.',
    hostname: 'Where a named tunnel ends. Without one it is a quick tunnel, whose URL changes.',
    download: { text: 'Whether the program may be downloaded without asking.', default: false },
  }),
  about('ngrok', TUNNELS.ngrok, {
    provider,
    token: 'The authtoken of your account. Default: NGROK_AUTHTOKEN.',
    domain: 'A domain of your account.',
  }),
  about('ssh', TUNNELS.ssh, {
    provider,
    to: helpOf('tunnelTo'),
    port: 'The port of its ssh server.',
    args: 'More arguments for ssh.',
    publicUrl: 'Where that host serves the tunnel; {port} stands for the port that it gave out.',
    remotePort: 'Which port of that host leads here. Default: one that is free there.',
  }),
  about('pipenet', TUNNELS.pipenet, {
    provider,
    host: { text: 'A server of pipenet.', default: 'https://pipenet.dev' },
    subdomain: 'The name to ask it for.',
  }),
  about('tailscale', TUNNELS.tailscale, { provider, port: { text: 'Where the funnel ends.', default: 443 } }),
  about('command', TUNNELS.command, {
    provider,
    command: 'A program that prints an https URL.',
    args: 'Its arguments; {port} and {origin} are replaced.',
  }),
  about('openai', TUNNELS.openai, {
    provider,
    tunnelId: 'The id of a Secure MCP Tunnel.',
    token: 'An API key that may use it. Default: OPENAI_TUNNEL_TOKEN.',
    baseUrl: { text: "OpenAI's API.", default: 'https://api.openai.com' },
  }),
  about('mount', MOUNT, {
    url: 'Where the web server is.',
    headers: 'Sent to it with every request. Texts may hold ${VAR}.',
    ws: { text: 'Whether web sockets are passed on.', default: false },
    auth: { text: 'Whether only those are let in who may use MCP.', default: true },
  }),
  about('external', EXTERNAL, {
    issuer: helpOf('issuer'),
    jwksUri: 'Where its keys are. Default: where its metadata says.',
    audience: helpOf('audience'),
    scopes: 'Scopes that every token must have.',
    subjects: "Whose tokens are taken. Empty: everybody's.",
  }),
];
