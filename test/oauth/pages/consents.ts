import type { Consent } from '../../../src/oauth/pages/consent-page.ts';

/** What is asked in most tests. */
export const CONSENT: Consent = {
  transaction: 'sealed',
  client: { name: 'ChatGPT', isKnown: true },
  redirectUri: 'https://chatgpt.com/connector_platform_oauth_redirect',
  resource: 'https://laptop.example/mcp',
  tools: { read: 12, write: 5 },
  maySeeAll: true,
  access: 'all',
  number: '7F',
  problem: undefined,
};

/** As much as a page may have to hold. */
export const LONG_CONSENT: Consent = {
  ...CONSENT,
  client: { name: 'W'.repeat(200), isKnown: false },
  redirectUri: `https://${'a-long-label.'.repeat(15)}example/callback`,
  resource: `https://${'another-label.'.repeat(5)}example/servers/filesystem/mcp`,
  tools: undefined,
  problem: 'That was one wrong code too many. Run mcp-bridge pair on the computer for a new one.',
};
