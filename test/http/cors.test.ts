import { describe, expect, it } from 'vitest';
import type { Endpoint } from '../../src/downstream/endpoints.ts';
import { HostGuard } from '../../src/http/guard.ts';
import { createPublicApp } from '../../src/http/public-app.ts';
import { createLog } from '../../src/log.ts';
import { serve } from '../downstream/support.ts';
import { rawRequest } from '../support/http.ts';
import { createOpenGate, PROOF } from './apps.ts';

function startApp(corsOrigins: string[]): Promise<string> {
  const guard = new HostGuard({ host: '127.0.0.1', allowedHosts: [], corsOrigins });
  const routes = new Map<string, Endpoint>([
    ['/mcp', { resource: '/mcp', place: '', serve: (request, response) => response.end(request.method) }],
  ]);
  const log = createLog({ level: 'none' });
  const options = { gate: createOpenGate(), pages: undefined, proof: PROOF, healthPaths: [], isSecret: false };
  return serve(createPublicApp({ guard, routes, log, ...options }));
}

const corsHeaders = (headers: object) =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith('access-control-') || name === 'vary'));

const APP = 'https://app.example';
const PREFLIGHT = {
  origin: APP,
  'access-control-request-method': 'POST',
  'access-control-request-headers': 'content-type,mcp-session-id,x-own',
};

describe('a page of an allowed origin', () => {
  it('is told by a preflight that it may send what it wants to', async () => {
    const { status, headers, text } = await rawRequest('OPTIONS', `${await startApp([APP])}/mcp`, PREFLIGHT);
    expect([status, text]).toEqual([204, '']);
    expect(corsHeaders(headers)).toEqual({
      'access-control-allow-origin': APP,
      'access-control-allow-methods': 'GET, POST, DELETE, OPTIONS',
      'access-control-allow-headers': 'content-type,mcp-session-id,x-own',
      'access-control-expose-headers': 'Mcp-Session-Id, Mcp-Protocol-Version, WWW-Authenticate',
      'access-control-max-age': '600',
      vary: 'Origin',
    });
  });

  it('may read answers, and errors too', async () => {
    const origin = await startApp([APP]);
    const expected = {
      'access-control-allow-origin': APP,
      'access-control-expose-headers': 'Mcp-Session-Id, Mcp-Protocol-Version, WWW-Authenticate',
      vary: 'Origin',
    };
    const found = await rawRequest('POST', `${origin}/mcp`, { origin: APP });
    expect([found.text, corsHeaders(found.headers)]).toEqual(['POST', expected]);
    const missing = await rawRequest('GET', `${origin}/nowhere`, { origin: APP });
    expect([missing.status, corsHeaders(missing.headers)]).toEqual([404, expected]);
  });

  it.each([
    ['*', 'https://anything.example'],
    ['loopback', 'http://localhost:5173'],
  ])('is answered with its own origin where %s is allowed', async (allowed, origin) => {
    const { headers } = await rawRequest('GET', `${await startApp([allowed])}/mcp`, { origin });
    expect(headers['access-control-allow-origin']).toBe(origin);
  });
});

describe('any other page', () => {
  it('is refused', async () => {
    const { status, headers } = await rawRequest('OPTIONS', `${await startApp([APP])}/mcp`, {
      ...PREFLIGHT,
      origin: 'https://evil.example',
    });
    expect([status, corsHeaders(headers)]).toEqual([403, {}]);
  });

  it('of this machine may call, but is not let read unless told', async () => {
    const { status, headers } = await rawRequest('GET', `${await startApp([APP])}/mcp`, {
      origin: 'http://localhost:5173',
    });
    expect([status, corsHeaders(headers)]).toEqual([200, {}]);
  });
});

it('who is no page is told nothing of it', async () => {
  const { status, headers } = await rawRequest('POST', `${await startApp(['*'])}/mcp`);
  expect([status, corsHeaders(headers)]).toEqual([200, {}]);
});
