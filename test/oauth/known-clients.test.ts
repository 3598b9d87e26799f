import { describe, expect, it } from 'vitest';
import { fetchClient } from '../../src/oauth/client-document.ts';
import { KNOWN_CLIENTS } from '../../src/oauth/known-clients.ts';
import { matchesRedirect } from '../../src/oauth/redirect-uri.ts';

describe('the clients that are known', () => {
  it('have each an id of their own', () => {
    expect(new Set(KNOWN_CLIENTS.map(({ id }) => id)).size).toBe(KNOWN_CLIENTS.length);
  });

  it.each(KNOWN_CLIENTS.map((client) => [client.name, client] as const))(
    '%s would be taken if its document were fetched',
    async (name, { id, redirectUris, isKnown }) => {
      const document = { client_id: id, client_name: name, redirect_uris: redirectUris };
      const fetched = await fetchClient(id, async () => document);
      expect(fetched).toEqual({ id, name: `${name} (${new URL(id).host})`, redirectUris, isKnown });
    },
  );

  it.each([
    ['https://chatgpt.com/oauth/client.json', 'https://chatgpt.com/connector_platform_oauth_redirect'],
    ['https://chatgpt.com/oauth/codex/client.json', 'http://127.0.0.1:43123/callback'],
    ['https://claude.ai/oauth/mcp-oauth-client-metadata', 'https://claude.ai/api/mcp/auth_callback'],
    ['https://claude.ai/oauth/claude-code-client-metadata', 'http://localhost:3118/callback'],
    ['https://vscode.dev/oauth/client-metadata.json', 'http://127.0.0.1:33418/'],
  ])('%s may send people to %s', (id, uri) => {
    const client = KNOWN_CLIENTS.find((each) => each.id === id);
    expect(matchesRedirect(client?.redirectUris ?? [], uri)).toBe(true);
  });

  it('send nobody to where only the other product of their vendor is', () => {
    const chatgpt = KNOWN_CLIENTS.find(({ name }) => name === 'ChatGPT');
    expect(matchesRedirect(chatgpt?.redirectUris ?? [], 'http://127.0.0.1:43123/callback')).toBe(false);
  });
});
