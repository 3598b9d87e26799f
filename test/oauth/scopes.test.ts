import { describe, expect, it } from 'vitest';
import { asksToReadOnly, RESOURCE_SCOPES, SCOPES, scopeOf } from '../../src/oauth/scopes.ts';

describe('a scope', () => {
  it.each(['mcp:read', 'mcp:read offline_access', 'openid mcp:read'])('asks for reading only: %j', (scope) => {
    expect(asksToReadOnly(scope)).toBe(true);
  });

  it.each([undefined, '', 'mcp', 'mcp mcp:read', 'mcp:read mcp', 'offline_access', 'mcp:reader', 'MCP:READ'])(
    'asks for everything: %j',
    (scope) => {
      expect(asksToReadOnly(scope)).toBe(false);
    },
  );

  it('names what was given', () => {
    expect(scopeOf({ readOnly: true })).toBe('mcp:read');
    expect(scopeOf({ readOnly: false })).toBe('mcp');
  });

  it('is one of few, of which resources do not speak of being refreshed', () => {
    expect(SCOPES).toEqual(['mcp', 'mcp:read', 'offline_access']);
    expect(RESOURCE_SCOPES).toEqual(['mcp', 'mcp:read']);
  });
});
