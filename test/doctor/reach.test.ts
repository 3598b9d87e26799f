import { lookup } from 'node:dns/promises';
import { describe, expect, it, vi } from 'vitest';
import { HAS_OPENSSL, makeCertificate } from './certificate.ts';
import { startServer } from './exemplary-server.ts';
import { findingsAt } from './findings.ts';

// Names are looked up beyond this machine.
vi.mock('node:dns/promises', () => ({ lookup: vi.fn() }));

/** Requests go nowhere. */
const fetch = (): Promise<Response> => Promise.reject(new Error('not sent'));

describe('a URL', () => {
  it.each([
    ['http://bridge.example/mcp', 'failed', 'http://bridge.example/mcp is not https'],
    ['https://me:secret@bridge.example/mcp', 'failed', 'it has a user or a fragment in it'],
    ['https://bridge.example/mcp#top', 'failed', 'it has a user or a fragment in it'],
    ['https://bridge.example/mcp?key=1', 'warning', 'it has a query'],
    ['https://bridge.example', 'warning', 'https://bridge.example has no path'],
    ['http://127.0.0.1:8000/mcp', 'ok', 'http://127.0.0.1:8000/mcp, which only programs of this machine can reach'],
    ['https://bridge.example/mcp', 'ok', 'https://bridge.example/mcp'],
  ])('is judged: %s is %s', async (url, verdict, detail) => {
    const [finding] = await findingsAt(url, { fetch });
    expect(finding).toMatchObject({ check: 'url', verdict, detail });
  });

  it('is warned of when it leads into a private network', async () => {
    const findings = await findingsAt('https://192.168.1.20/mcp', { fetch });
    expect(findings[1]).toMatchObject({
      check: 'dns',
      verdict: 'warning',
      detail: '192.168.1.20 is 192.168.1.20, which only your own network can reach',
    });
  });

  it('ends the examination when its name is not found', async () => {
    vi.mocked(lookup).mockRejectedValueOnce(new Error('getaddrinfo ENOTFOUND bridge.example'));
    const findings = await findingsAt('https://bridge.example/mcp');
    expect(findings).toHaveLength(2);
    expect(findings[1]).toMatchObject({
      check: 'dns',
      verdict: 'failed',
      detail: 'bridge.example is not found (getaddrinfo ENOTFOUND bridge.example)',
    });
  });

  it('ends the examination when nobody listens there', async () => {
    const server = await startServer();
    await server[Symbol.asyncDispose]();
    const findings = await findingsAt(server.url);
    expect(findings).toHaveLength(2);
    expect(findings[1]).toMatchObject({
      check: 'tcp',
      verdict: 'failed',
      detail: expect.stringMatching(/ECONNREFUSED/),
    });
  });

  it('ends the examination when there is no TLS', async () => {
    await using server = await startServer();
    const findings = await findingsAt(server.url.replace('http:', 'https:'));
    expect(findings.at(-1)).toMatchObject({
      check: 'tls',
      verdict: 'failed',
      detail: expect.stringMatching(/^127\.0\.0\.1:\d+ does not speak TLS \(/),
    });
  });

  it.skipIf(!HAS_OPENSSL)('ends the examination when its certificate is not trusted', async () => {
    using certificate = makeCertificate(90);
    await using server = await startServer({ create: certificate.create });
    const findings = await findingsAt(server.url);
    expect(findings.at(-1)).toMatchObject({
      check: 'tls',
      verdict: 'failed',
      detail: expect.stringMatching(/^it is not trusted \(.*SELF_SIGNED.*\); it is for doctor\.test, until /),
    });
    expect(server.questions).toEqual([]);
  });
});
