import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { head, LIST, sendBytes, startTarget, type Target } from './attacker.ts';

let bridge: Target;
beforeAll(async () => {
  bridge = await startTarget();
});
afterAll(() => bridge[Symbol.asyncDispose]());

describe('without a token MCP is not reached', () => {
  it.each([
    '/mcp',
    '/mcp/',
    '//mcp',
    '/./mcp',
    '/authorize/../mcp',
    '/mcp/../mcp',
    '/mcp/../authorize',
    '/MCP',
    '/%6dcp',
    '/%6Dcp/',
    '/mcp%2f',
    '/mcp;x',
    '/mcp;/../authorize',
    '/mcp%3f',
    '/mcp?x',
    '/mcp?/authorize',
    '/mcp#x',
    '/mcp%00',
    '/mcp\\',
    '\\mcp',
    '/servers/echo/mcp',
    '/servers/%65cho/mcp',
    '/servers/echo%2fmcp',
    '/servers//mcp',
    '/sse',
    '/s%73e',
    '/message?sessionId=x',
    '/authorize/mcp',
    '/token/mcp',
    '/.well-known/../mcp',
    '/healthz/../mcp',
    'mcp',
    '*',
    'https://127.0.0.1/mcp',
  ])('at %s', async (target) => {
    const body = JSON.stringify(LIST);
    const headers = ['Content-Type: application/json', 'Accept: */*', `Content-Length: ${body.length}`];
    for (const method of ['POST', 'GET']) {
      const answer = await sendBytes(bridge, head(bridge, method, target, ...headers) + body);
      expect(answer).toMatch(/^HTTP\/1\.1 4\d\d /);
      expect(answer).not.toMatch(/inputSchema|mcp-session-id|event: endpoint/i);
    }
  });

  it('with a header that names another method or path', async () => {
    const overrides = { 'x-http-method-override': 'POST', 'x-original-url': '/mcp', 'x-rewrite-url': '/mcp' };
    const { status } = await bridge.send('GET', `${bridge.issuer}/nothing`, overrides);
    expect(status).toBe(404);
  });

  it('with a second request behind one that is allowed', async () => {
    const body = JSON.stringify(LIST);
    const smuggled = head(bridge, 'POST', '/mcp', 'Content-Type: application/json', `Content-Length: ${body.length}`);
    const both = ['Content-Length: 4', 'Transfer-Encoding: chunked'];
    const answer = await sendBytes(bridge, `${head(bridge, 'POST', '/token', ...both)}0\r\n\r\n${smuggled}${body}`);
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer).not.toContain('inputSchema');
  });
});
