import type { OAuthClient } from './client.ts';

/**
 * Clients that describe themselves in a document at their `client_id` (Client ID Metadata Documents), as those documents read.
 * They are kept here since some cannot be fetched from everywhere, and so that nothing needs to be: a client that is offered
 * documents does not fall back to registering. Each has the date on which people published what they had fetched or seen.
 */
export const KNOWN_CLIENTS: readonly OAuthClient[] = [
  // Vendor's guide for apps, and the document as fetched by others, 2026-09-24.
  known('https://chatgpt.com/oauth/client.json', 'ChatGPT', ['https://chatgpt.com/connector_platform_oauth_redirect']),
  // Document as fetched by others, 2026-09-24; seen from Codex CLI 0.154.0.
  known('https://chatgpt.com/oauth/codex/client.json', 'Codex', [
    'http://127.0.0.1/callback',
    'http://localhost/callback',
  ]),
  // Document as fetched by others, 2026-09-24 and 2026-09-29.
  known('https://claude.ai/oauth/mcp-oauth-client-metadata', 'Claude', ['https://claude.ai/api/mcp/auth_callback']),
  // Document as fetched by others, 2026-07-11 and 2026-09-24.
  known('https://claude.ai/oauth/claude-code-client-metadata', 'Claude Code', [
    'http://localhost/callback',
    'http://127.0.0.1/callback',
  ]),
  // Document as fetched by others, 2026-07-11 and 2026-09-24.
  known('https://vscode.dev/oauth/client-metadata.json', 'Visual Studio Code', [
    'http://127.0.0.1:33418/',
    'https://vscode.dev/redirect',
  ]),
  // The client's source for the id; document as fetched by others, 2026-07-11 and 2026-09-24.
  known('https://zed.dev/oauth/client-metadata.json', 'Zed', ['http://127.0.0.1/callback']),
  // The vendor's pull request that published the document, 2026-09-07; fetched by others, 2026-09-24.
  known('https://opencode.ai/oauth/opencode/client.json', 'opencode', [
    'http://127.0.0.1/callback',
    'http://localhost/callback',
  ]),
  // The document in the client's own repository, and the id in its source; fetched by others, 2026-07.
  known('https://goose-docs.ai/oauth/client-metadata.json', 'Goose', ['http://localhost/oauth_callback']),
  // Two reports of what the document lists, 2026-10; it lists more than they agree on.
  known('https://cursor.com/oauth/mcp-client.json', 'Cursor', [
    'https://www.cursor.com/agents/mcp/oauth/callback',
    'https://www.cursor.com/bot/mcp/oauth/callback',
    'http://localhost:8787/callback',
    'http://127.0.0.1:8787/callback',
  ]),
];

function known(id: string, name: string, redirectUris: readonly string[]): OAuthClient {
  return { id, name, redirectUris, isKnown: true };
}
