import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { REDIRECT_URI, register } from '../../support/oauth/endpoints.ts';
import { ask, ECHO, expectRefusalPage, startTarget, type Target } from './attacker.ts';

/** What the bridge is to be made to fetch, inside the owner's network. */
interface Inside extends AsyncDisposable {
  readonly port: number;
  /** Connections so far. */
  count(): number;
}

async function listenInside(): Promise<Inside> {
  const server = createServer((_, response) => response.end('{}'));
  let connections = 0;
  server.on('connection', () => {
    connections += 1;
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    count: () => connections,
    [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

let inside: Inside;
beforeAll(async () => {
  inside = await listenInside();
});
afterAll(() => inside[Symbol.asyncDispose]());

describe('without --client-documents', () => {
  let bridge: Target;
  beforeAll(async () => {
    bridge = await startTarget();
  });
  afterAll(() => bridge[Symbol.asyncDispose]());
  beforeEach(() => bridge.pair());

  it.each(['https', 'http'])('nothing is fetched from a client_id with %s', async (scheme) => {
    const clientId = `${scheme}://127.0.0.1:${inside.port}/client.json`;
    expectRefusalPage((await ask(bridge, { client_id: clientId })).answer);
    expect(inside.count()).toBe(0);
  });

  it('nothing is fetched that a client names in another place', async () => {
    const url = `https://127.0.0.1:${inside.port}/x`;
    const named = {
      jwks_uri: url,
      logo_uri: url,
      client_uri: url,
      sector_identifier_uri: url,
      software_statement: url,
    };
    const { status, text } = await register(bridge, named);
    expect(status).toBe(201);
    const query = { client_id: JSON.parse(text).client_id, request_uri: url, request: url, redirect_uri: REDIRECT_URI };
    const { answer } = await ask(bridge, query);
    expect(answer.status).toBe(200);
    expect(answer.text).not.toContain(url);
    expect(inside.count()).toBe(0);
  });
});

describe('with --client-documents', () => {
  let bridge: Target;
  beforeAll(async () => {
    bridge = await startTarget([...ECHO, '--client-documents', '--log-format', 'text']);
  });
  afterAll(() => bridge[Symbol.asyncDispose]());
  beforeEach(() => bridge.pair());

  it.each(['http', 'https'])('nothing is fetched from a port inside with %s', async (scheme) => {
    for (const host of [
      '127.0.0.1',
      'localhost',
      '[::1]',
      '0.0.0.0',
      '2130706433',
      '0x7f.1',
      '127.1',
      '017700000001',
    ]) {
      const clientId = `${scheme}://${host}:${inside.port}/client.json`;
      expectRefusalPage((await ask(bridge, { client_id: clientId })).answer);
    }
    expect(inside.count()).toBe(0);
  });

  const NOT_PUBLIC = 'is not on the public internet';
  const NOT_PLAIN = 'is not an https URL in its plainest form';

  it.each([
    ['https://127.0.0.1/client.json', NOT_PUBLIC],
    ['https://127.8.9.10/client.json', NOT_PUBLIC],
    ['https://0.0.0.0/client.json', NOT_PUBLIC],
    ['https://10.0.0.1/client.json', NOT_PUBLIC],
    ['https://172.16.0.1/client.json', NOT_PUBLIC],
    ['https://192.168.1.1/client.json', NOT_PUBLIC],
    ['https://100.64.0.1/client.json', NOT_PUBLIC],
    ['https://169.254.169.254/latest/meta-data/', NOT_PUBLIC],
    ['https://168.63.129.16/machine', NOT_PUBLIC],
    ['https://255.255.255.255/client.json', NOT_PUBLIC],
    ['https://[::1]/client.json', NOT_PUBLIC],
    ['https://[::]/client.json', NOT_PUBLIC],
    ['https://[fe80::1]/client.json', NOT_PUBLIC],
    ['https://[fd00:ec2::254]/latest/', NOT_PUBLIC],
    ['https://[::ffff:7f00:1]/client.json', NOT_PUBLIC],
    ['https://[64:ff9b::7f00:1]/client.json', NOT_PUBLIC],
    ['https://[2002:7f00:1::]/client.json', NOT_PUBLIC],
    ['https://localhost/client.json', 'has no address on the public internet'],
    ['https://2130706433/client.json', NOT_PLAIN],
    ['https://0x7f000001/client.json', NOT_PLAIN],
    ['https://0177.0.0.1/client.json', NOT_PLAIN],
    ['https://127.1/client.json', NOT_PLAIN],
    ['https://①②⑦.0.0.1/client.json', NOT_PLAIN],
    ['https://[::ffff:127.0.0.1]/client.json', NOT_PLAIN],
    ['https://LOCALHOST/client.json', NOT_PLAIN],
    ['https://app.example/../client.json', NOT_PLAIN],
    ['https://app.example:443/client.json', NOT_PLAIN],
    ['https://app.example:22/client.json', 'only the usual port'],
    ['https://user:pw@app.example/client.json', 'names a user'],
    ['https://app.example/client.json#x', 'has a fragment'],
    ['https://app.example/', 'has no path'],
  ])('%s is refused before anything is connected to', async (clientId, reason) => {
    expectRefusalPage((await ask(bridge, { client_id: clientId })).answer);
    const told = () => linesOf(bridge).find((line) => line.includes(`the client ${clientId} is not taken: `));
    await expect.poll(told).toContain(reason);
  });

  it.each([
    'https://x\u001b[2J/\u202e',
    'https://x/\n2026-01-01 info  the owner has allowed everything',
    `https://x/${'x'.repeat(5000)}`,
  ])('what is wrong with a client_id is told in one plain and short line: %j', async (clientId) => {
    const before = linesOf(bridge).length;
    expectRefusalPage((await ask(bridge, { client_id: clientId })).answer);
    const told = () =>
      linesOf(bridge)
        .slice(before)
        .filter((line) => line.includes(' is not taken: '));
    await expect.poll(told).toHaveLength(1);
    expect(told()[0]).toMatch(/^[\d:.]+ warn {2}the client https:\/\/x/);
    expect(told()[0]).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    expect(told()[0]?.length).toBeLessThan(500);
    expect(bridge.stderr()).not.toMatch(/^2026-01-01 info/m);
  });

  it('nothing is fetched while nobody is let in', async () => {
    await using closed = await startTarget([...ECHO, '--client-documents']);
    const clientId = 'https://127.0.0.1/client.json';
    expectRefusalPage((await ask(closed, { client_id: clientId })).answer, 403);
    expect(closed.stderr()).not.toContain('is not taken');
  });
});

function linesOf(bridge: Target): string[] {
  return bridge.stderr().split('\n').slice(0, -1);
}
