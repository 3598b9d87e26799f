import { isIP } from 'node:net';
import { type Kind, matching, oneOf, textOf } from './kinds.ts';
import type { TunnelProvider, TunnelSettings } from './settings.ts';
import { PUBLIC_URL } from './url-kinds.ts';

export const TUNNEL_PROVIDER = oneOf<TunnelProvider>([
  'cloudflared',
  'ngrok',
  'ssh',
  'pipenet',
  'tailscale',
  'command',
  'openai',
]);

/** Public hosts that `ssh` knows by name; they print the URL. */
export const SSH_PRESETS = ['localhost.run', 'pinggy', 'serveo'];

/** Never what a program would take for a flag. */
export const SSH_TARGET = matching(
  `user@host, or one of ${SSH_PRESETS.join(', ')}`,
  /^(?:[\w.+-]+@[^\s@-][^\s@]*|\w[\w.-]*)$/,
);

/** An origin in which `{port}` may stand for the port that the host has given out. */
export const SSH_PUBLIC_URL: Kind<string> = {
  accepts: `${PUBLIC_URL.accepts} or https://bridge.example.com:{port}`,
  parse: (text) => {
    const [, origin = text, port = ''] = /^(.*)(:\{port\})\/?$/.exec(text) ?? [];
    const parsed = PUBLIC_URL.parse(origin);
    return parsed && parsed + port;
  },
  json: textOf(/^https?:\/\/[^\s/?#@\\]+\/?$/),
};

export const DOMAIN: Kind<string> = {
  accepts: 'a name such as bridge.example.com, without https://',
  parse: (text) => {
    const name = text.toLowerCase();
    return /^(?!-)[a-z0-9-]+(?:\.[a-z0-9-]+)+$/.test(name) && isIP(name) === 0 ? name : undefined;
  },
  // The last part of a name is no number, and that of an address is.
  json: textOf(/^(?!-)(?:[A-Za-z\d-]+\.)+(?!\d+$)[A-Za-z\d-]+$/),
};

export const SUBDOMAIN: Kind<string> = {
  accepts: 'letters, digits and hyphens',
  parse: (text) => (/^[a-z0-9][a-z0-9-]*$/i.test(text) ? text.toLowerCase() : undefined),
  json: textOf(/^[A-Za-z\d][A-Za-z\d-]*$/),
};

const FUNNEL_PORTS = [443, 8443, 10000] as const;

/** Where funnels may end (https://tailscale.com/kb/1223/funnel). */
export const FUNNEL_PORT: Kind<Extract<TunnelSettings, { provider: 'tailscale' }>['port']> = {
  accepts: '443, 8443 or 10000',
  parse: (text) => FUNNEL_PORTS.find((port) => String(port) === text),
  json: { enum: FUNNEL_PORTS },
};

export const OPENAI_TUNNEL_ID = matching('the id of a tunnel, such as tunnel_0123abcd', /^[\w-]+$/);
