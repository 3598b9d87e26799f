import { describe, expect, it } from 'vitest';
import { PATIENCE } from '../../src/doctor/send.ts';
import { type Fault, startServer, TOKEN } from './exemplary-server.ts';
import { complaints, findingsAt, findingsOf } from './findings.ts';

const OPEN = [
  ...['url', 'tcp', 'answer', 'refusals', 'discover', 'initialize', 'initialized', 'tools', 'tool-order', 'tool-names'],
  ...['tool-schemas', 'tool-descriptions', 'tool-annotations', 'tool-count', 'tool-size', 'call', 'stream', 'get'],
];
const GUARDED = [
  ...['url', 'tcp', 'answer', 'refusals', 'challenge', 'wrong-token', 'resource-metadata', 'resource', 'well-known'],
  ...['server-metadata', 'issuer', 'endpoints', 'pkce', 'clients', 'iss', 'scopes', 'registration', 'token'],
  ...OPEN.slice(4),
];

/** A server of 2025 that streams every answer, as the SDK's does. */
const STREAMING: Fault = (reply, { rpc, id }) => {
  if (rpc === 'server/discover') return { status: 200, body: { jsonrpc: '2.0', id, error: { code: -32601 } } };
  if (reply.status !== 200) return undefined;
  const headers = { 'content-type': 'text/event-stream' };
  return { status: 200, headers, body: `id: 1\ndata:\n\ndata: ${JSON.stringify(reply.body)}\r\n\r\n` };
};

describe('the examination', () => {
  it('finds nothing at a server without authentication that does all as it should', async () => {
    const findings = await findingsOf({});
    expect(findings.map(({ check }) => check)).toEqual(OPEN);
    expect(complaints(findings)).toEqual({});
  });

  it('finds nothing at a server with OAuth that does all as it should', async () => {
    const findings = await findingsOf({ isGuarded: true }, { register: true });
    expect(findings.map(({ check }) => check)).toEqual(GUARDED);
    expect(complaints(findings)).toEqual({});
  });

  it('takes answers that come as streams', async () => {
    const findings = await findingsOf({ fault: STREAMING });
    expect(complaints(findings)).toEqual({});
    expect(findings.find(({ check }) => check === 'stream')).toHaveProperty('ms');
  });

  it('stops before the door without a token, and says so', async () => {
    await using server = await startServer({ isGuarded: true });
    const findings = await findingsAt(server.url);
    expect(complaints(findings)).toEqual({ registration: 'skipped', token: 'skipped' });
    expect(findings.at(-1)).toMatchObject({ check: 'token', advice: 'Give a token to go on with --token.' });
  });

  it('registers no client unless it is told to', async () => {
    await using server = await startServer({ isGuarded: true });
    await findingsAt(server.url);
    expect(server.questions.map(({ path }) => path)).not.toContain('/register');
    await findingsAt(server.url, { register: true });
    expect(server.questions.map(({ path }) => path)).toContain('/register');
  });

  it('sends the token to the endpoint and nowhere else', async () => {
    await using server = await startServer({ isGuarded: true });
    await findingsAt(server.url, { token: TOKEN, register: true });
    const told = server.questions.filter(({ headers }) => headers.authorization?.includes(TOKEN));
    expect(new Set(told.map(({ path }) => path))).toEqual(new Set(['/mcp']));
  });

  it('asks nobody on this machine because a server elsewhere says so', async () => {
    await using bait = await startServer();
    await using server = await startServer({
      isGuarded: true,
      fault: (_reply, { path }) =>
        path === '/mcp'
          ? { status: 401, headers: { 'www-authenticate': `Bearer resource_metadata="${bait.origin}/secret"` } }
          : undefined,
    });
    // A server elsewhere, whose requests are led here.
    const fetch: typeof globalThis.fetch = (input, init) =>
      globalThis.fetch(String(input).replace('https://elsewhere.example', server.origin), init);
    const findings = await findingsAt('https://elsewhere.example/mcp', { fetch });
    expect(findings.find(({ check }) => check === 'resource-metadata')?.detail).toContain('is not https');
    expect(bait.questions).toEqual([]);
  });

  it('calls only what is marked as read-only and needs no arguments', async () => {
    const tools = [
      { name: 'write', description: 'Writes.', inputSchema: { type: 'object' } },
      {
        name: 'read',
        description: 'Reads.',
        inputSchema: { type: 'object', required: ['path'] },
        annotations: { readOnlyHint: true },
      },
    ];
    await using server = await startServer({
      fault: (reply, { rpc, id }) =>
        rpc === 'tools/list' ? { ...reply, body: { jsonrpc: '2.0', id, result: { tools } } } : undefined,
    });
    const findings = await findingsAt(server.url);
    expect(complaints(findings)).toEqual({ call: 'skipped' });
    expect(server.questions.map(({ rpc }) => rpc)).not.toContain('tools/call');
  });

  it('ends the sessions that it has opened', async () => {
    let opened = 0;
    await using server = await startServer({
      fault: (reply, { rpc, id }) => {
        if (rpc === 'server/discover') return { status: 200, body: { jsonrpc: '2.0', id, error: { code: -32601 } } };
        if (rpc !== 'initialize') return undefined;
        opened += 1;
        return { ...reply, headers: { 'mcp-session-id': `session-${opened}` } };
      },
    });
    await findingsAt(server.url);
    const ended = server.questions.filter(({ method }) => method === 'DELETE');
    expect(ended.map(({ headers }) => headers['mcp-session-id'])).toEqual(['session-1', 'session-2']);
  });

  it('rejects as soon as it is aborted', async () => {
    const started = performance.now();
    const controller = new AbortController();
    await using server = await startServer({
      fault: () => {
        controller.abort(new Error('enough'));
        return 'hang';
      },
    });
    await expect(findingsAt(server.url, { signal: controller.signal })).rejects.toThrow('enough');
    expect(performance.now() - started).toBeLessThan(PATIENCE);
  });

  it('keeps what servers say from driving the terminal', async () => {
    const findings = await findingsOf({
      fault: (reply, { rpc, id }) =>
        rpc === 'tools/list'
          ? {
              ...reply,
              body: { jsonrpc: '2.0', id, error: { code: 1, message: `\u001b[2J\u009b1m\u202e\n${'x'.repeat(9999)}` } },
            }
          : undefined,
    });
    const { detail = '' } = findings.find(({ check }) => check === 'tools') ?? {};
    expect(detail).toContain('xxx');
    expect(detail).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    expect(detail.length).toBeLessThanOrEqual(600);
  });
});
