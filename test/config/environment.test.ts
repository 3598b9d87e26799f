import { describe, expect, it } from 'vitest';
import { parseEnvironment } from '../../src/config/environment.ts';

describe('parseEnvironment', () => {
  it('reads flags with one value, and switches, under their upper-case names', () => {
    const env = {
      MCP_BRIDGE_PORT: '9000',
      MCP_BRIDGE_STREAMABLE_HTTP_PATH: '/http',
      MCP_BRIDGE_SESSION_TIMEOUT: '5m',
      MCP_BRIDGE_PROTOCOL: '2026',
      MCP_BRIDGE_LAZY: 'true',
      MCP_BRIDGE_SHELL: '0',
      MCP_BRIDGE_CONFIG: 'mcp.json',
      MCP_BRIDGE_AUTH: 'token',
      MCP_BRIDGE_TOKEN: 'correct-horse-battery',
      MCP_BRIDGE_PUBLIC_URL: 'https://bridge.example.com',
      MCP_BRIDGE_PERSONAL_META: 'yes',
    };
    expect(parseEnvironment(env)).toEqual({
      values: {
        port: 9000,
        streamableHttpPath: '/http',
        sessionTimeout: 300_000,
        protocol: '2026',
        lazy: true,
        shell: false,
        config: 'mcp.json',
        auth: 'token',
        token: 'correct-horse-battery',
        publicUrl: 'https://bridge.example.com',
        personalMeta: true,
      },
      warnings: [],
    });
  });

  it('passes over variables of others, and over empty ones', () => {
    expect(parseEnvironment({ PORT: '80', MCP_TOKEN: 'x', MCP_BRIDGE_PORT: '' })).toEqual({ values: {}, warnings: [] });
  });

  it('warns of a variable it does not know, and of one that cannot be set so', () => {
    const { values, warnings } = parseEnvironment({
      MCP_BRIDGE_PROT: '80',
      MCP_BRIDGE_ALLOW: 'a',
      MCP_BRIDGE_HELP: '1',
    });
    expect(values).toEqual({});
    expect(warnings).toEqual([
      'MCP_BRIDGE_PROT is no setting and is ignored; did you mean MCP_BRIDGE_PORT?',
      'MCP_BRIDGE_ALLOW is no setting and is ignored',
      'MCP_BRIDGE_HELP is no setting and is ignored',
    ]);
  });

  it('names the variable whose value it refuses', () => {
    expect(() => parseEnvironment({ MCP_BRIDGE_PORT: 'abc' })).toThrow(
      'MCP_BRIDGE_PORT: expected a port from 0 to 65535, got "abc"',
    );
    expect(() => parseEnvironment({ MCP_BRIDGE_LAZY: 'maybe' })).toThrow(
      'MCP_BRIDGE_LAZY: expected true or false, got "maybe"',
    );
  });

  it('does not show a secret that it refuses', () => {
    expect(() => parseEnvironment({ MCP_BRIDGE_TOKEN: 'short-secret' })).toThrow(
      /^MCP_BRIDGE_TOKEN: expected a token of at least 16 .*, got something else$/,
    );
  });
});
