import * as z from 'zod/mini';
import * as kinds from './kinds.ts';
import { check, formed, of, optional, optionalList, strict } from './shape.ts';
import * as tunnels from './tunnel-kinds.ts';
import * as urls from './url-kinds.ts';

// Tokens, programs and arguments may hold variables; what they stand for is checked where they are replaced.
const token = optional(kinds.TEXT);
const args = optionalList(kinds.ANY_TEXT);

/** What may be said about each provider. Flags and variables may have the rest, so nothing else has to be there. */
export const TUNNELS = {
  cloudflared: strict({
    provider: z.literal('cloudflared'),
    bin: optional(kinds.TEXT),
    token,
    hostname: optional(tunnels.DOMAIN),
    download: optional(kinds.YES_OR_NO),
  }),
  ngrok: strict({ provider: z.literal('ngrok'), token, domain: optional(tunnels.DOMAIN) }),
  ssh: strict({
    provider: z.literal('ssh'),
    to: optional(tunnels.SSH_TARGET),
    port: optional(kinds.PORT),
    args,
    publicUrl: optional(tunnels.SSH_PUBLIC_URL),
    remotePort: optional(kinds.PORT),
  }),
  pipenet: strict({
    provider: z.literal('pipenet'),
    host: optional(urls.PUBLIC_URL),
    subdomain: optional(tunnels.SUBDOMAIN),
  }),
  tailscale: strict({ provider: z.literal('tailscale'), port: optional(tunnels.FUNNEL_PORT) }),
  command: strict({ provider: z.literal('command'), command: optional(kinds.TEXT), args }),
  openai: strict({
    provider: z.literal('openai'),
    tunnelId: optional(tunnels.OPENAI_TUNNEL_ID),
    token,
    baseUrl: optional(urls.TRUSTED_URL),
  }),
};

/** A provider and what was said about it, before the rest is filled in. */
export type TunnelOptions = z.output<(typeof TUNNELS)[keyof typeof TUNNELS]>;

const PROVIDER = z.object({ provider: of(tunnels.TUNNEL_PROVIDER) });

const read = z.transform((given: unknown, { issues }): TunnelOptions => {
  const value = typeof given === 'object' ? given : { provider: given };
  const named = check(PROVIDER, value);
  const result = 'value' in named ? check(TUNNELS[named.value.provider], { ...value, ...named.value }) : named;
  if ('value' in result) return result.value;
  const { path, reason } = result.refusal;
  issues.push({ code: 'custom', input: given, path: path === '' ? [] : [path], message: reason });
  return z.NEVER;
});

/** The name of a provider, or an object with more about it; which keys that may have depends on the provider. */
export const TUNNEL = formed(read, { given: [of(tunnels.TUNNEL_PROVIDER), ...Object.values(TUNNELS)] });
