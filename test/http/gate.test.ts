import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { bearerToken, Gate, type GateOptions, type Verifier } from '../../src/http/gate.ts';
import { ANYONE, type Principal } from '../../src/protocol/principal.ts';

const ORIGIN = 'https://h.example';
const OWNER: Principal = { id: 'owner', readOnly: false };
const GUEST: Principal = { id: 'guest', readOnly: true };

interface KnownToken {
  readonly token: string;
  readonly principal: Principal;
}

/** Takes one token, and keeps what it is asked. */
function createVerifier({ token, principal }: KnownToken): Verifier & { asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    verify(given, resource) {
      asked.push(`${given} ${resource}`);
      return given === token ? principal : undefined;
    },
  };
}

function createGate(options: Partial<GateOptions> = {}): Gate {
  return new Gate({
    verifiers: [createVerifier({ token: 'good', principal: OWNER })],
    origin: () => ORIGIN,
    metadataUrl: (path) => `${ORIGIN}/about${path}`,
    scopeAt: () => 'mcp',
    ...options,
  });
}

const admit = (gate: Gate, authorization?: string, path = '/mcp') =>
  gate.admit({ headers: authorization === undefined ? {} : { authorization } } as IncomingMessage, path);

describe('a gate', () => {
  it('lets anyone in where there is nobody to ask for a token', async () => {
    const gate = createGate({ verifiers: [] });
    for (const header of [undefined, 'Bearer x', 'nonsense']) expect(await admit(gate, header)).toBe(ANYONE);
  });

  it('lets in whose token is good at the resource', async () => {
    const verifier = createVerifier({ token: 'good', principal: OWNER });
    const gate = createGate({ verifiers: [verifier] });
    expect(await admit(gate, 'Bearer good', '/servers/a%20b/mcp')).toBe(OWNER);
    expect(verifier.asked).toEqual([`good ${ORIGIN}/servers/a%20b/mcp`]);
  });

  it('asks about the origin of the moment', async () => {
    let origin = 'https://old.example';
    const verifier = createVerifier({ token: 'good', principal: OWNER });
    const gate = createGate({ verifiers: [verifier], origin: () => origin });
    origin = 'https://new.example';
    await admit(gate, 'Bearer good');
    expect(verifier.asked).toEqual(['good https://new.example/mcp']);
  });

  it('asks one after the other who knows the token, and no more than it needs', async () => {
    const first = createVerifier({ token: 'a', principal: OWNER });
    const second = createVerifier({ token: 'b', principal: GUEST });
    const slow: Verifier = { verify: async (...asked) => first.verify(...asked) };
    const gate = createGate({ verifiers: [slow, second] });
    expect(await admit(gate, 'Bearer a')).toBe(OWNER);
    expect(second.asked).toEqual([]);
    expect(await admit(gate, 'Bearer b')).toBe(GUEST);
    await expect(admit(gate, 'Bearer c')).rejects.toMatchObject({ status: 401 });
    expect(first.asked).toHaveLength(3);
  });
});

describe('whoever is not let in', () => {
  const WHERE = `resource_metadata="${ORIGIN}/about/mcp", scope="mcp"`;
  const WHY = 'error="invalid_token", error_description="The token is not good here, or not any more"';

  it.each([
    ['without a header', undefined, `Bearer ${WHERE}`],
    ['with an empty header', '', `Bearer ${WHERE}`],
    ['with a password', 'Basic eDp5', `Bearer ${WHERE}`],
    ['with a token that is not good', 'Bearer bad', `Bearer ${WHERE}, ${WHY}`],
  ])('is told how to get a token: %s', async (_, header, challenge) => {
    await expect(admit(createGate(), header)).rejects.toMatchObject({
      name: 'HttpError',
      status: 401,
      headers: { 'WWW-Authenticate': challenge },
    });
  });

  it.each([
    ['without a header', undefined, 'Bearer'],
    ['with a token that is not good', 'Bearer bad', `Bearer ${WHY}`],
  ])('is told nothing of places that there are not: %s', async (_, header, challenge) => {
    const gate = createGate({ metadataUrl: () => undefined, scopeAt: () => '' });
    await expect(admit(gate, header)).rejects.toMatchObject({ headers: { 'WWW-Authenticate': challenge } });
  });

  it('is told whether a token was seen', async () => {
    await expect(admit(createGate())).rejects.toThrow('Unauthorized: a bearer token is needed');
    await expect(admit(createGate(), 'Bearer bad')).rejects.toThrow('Unauthorized: The token is not good here');
  });
});

describe('a bearer token', () => {
  it.each([
    ['Bearer abc', 'abc'],
    ['bearer abc', 'abc'],
    ['BEARER   abc  ', 'abc'],
    ['Bearer a.b-c_d~e+f/g==', 'a.b-c_d~e+f/g=='],
  ])('is read from %j', (header, token) => {
    expect(bearerToken(header)).toBe(token);
  });

  it.each([
    undefined,
    '',
    'Bearer',
    'Bearer ',
    'abc',
    'Bearerabc',
    'Basic abc',
    'Bearer a b',
    'Bearer a,b',
    'Bearer a=b',
    'Bearer ==',
    'Bearer "abc"',
    'Bearer abc, Bearer def',
    ' Bearer abc',
    'Bearer\tabc',
    'Bearer abc\n',
    'Bearer é',
    'X Bearer abc',
  ])('is not read from %j', (header) => {
    expect(bearerToken(header)).toBeUndefined();
  });
});
