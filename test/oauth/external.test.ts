import { createHmac } from 'node:crypto';
import type { RequestListener } from 'node:http';
import { exportJWK, exportSPKI, generateKeyPair, type JWTHeaderParameters, SignJWT } from 'jose';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { createLog } from '../../src/log.ts';
import { createExternalVerifier, type ExternalOptions } from '../../src/oauth/external.ts';
import { serveApp } from '../http/apps.ts';

const RESOURCE = 'https://bridge.example/mcp';

/** What a token says, be it allowed or not. `undefined` takes a default away. */
type Claims = Readonly<Record<string, unknown>>;

interface Key {
  readonly alg: string;
  readonly kid: string;
  readonly pair: Awaited<ReturnType<typeof generateKeyPair>>;
}

let rsa: Key;
let ec: Key;
let stranger: Key;

beforeAll(async () => {
  const create = async (alg: string, kid: string): Promise<Key> => ({
    alg,
    kid,
    pair: await generateKeyPair(alg, { extractable: true }),
  });
  [rsa, ec, stranger] = await Promise.all([create('RS256', 'rsa'), create('ES256', 'ec'), create('RS256', 'rsa')]);
});

afterEach(() => {
  vi.useRealTimers();
});

describe('a token of the issuer', () => {
  it.each([() => rsa, () => ec])('lets its subject in, whatever kind of key it was signed with', async (key) => {
    const { verify, token } = await startIssuer();
    const principal = await verify(await token({ key: key() }));
    expect(principal).toEqual({ id: expect.stringMatching(/^sub:[\w-]{22}$/), readOnly: false });
  });

  it('stands for its subject: the same one with each token, another one with another', async () => {
    const { verify, token } = await startIssuer();
    const first = await verify(await token({ claims: { jti: '1' } }));
    const second = await verify(await token({ claims: { jti: '2' }, key: ec }));
    const another = await verify(await token({ claims: { sub: 'bob' } }));
    expect(second).toEqual(first);
    expect(another?.id).not.toBe(first?.id);
  });

  it('stands for another subject than the same name at another issuer', async () => {
    const [one, other] = [await startIssuer(), await startIssuer()];
    expect((await one.verify(await one.token()))?.id).not.toBe((await other.verify(await other.token()))?.id);
  });

  it.each<[string, () => Claims]>([
    ['of this resource among others', () => ({ aud: ['https://other.example', RESOURCE] })],
    ['that expired less than 30 s ago', () => ({ exp: seconds(-25) })],
    ['that is good in less than 30 s', () => ({ nbf: seconds(25) })],
  ])('is taken: one %s', async (_, claims) => {
    const { verify, token } = await startIssuer();
    expect(await verify(await token({ claims: claims() }))).toBeDefined();
  });

  it.each(['at+jwt', 'application/at+jwt', 'AT+JWT', 'JWT', undefined])('may be of type %s', async (typ) => {
    const { verify, token } = await startIssuer();
    expect(await verify(await token({ header: { typ } }))).toBeDefined();
  });
});

describe('a token that is not good', () => {
  it.each<[string, () => Claims]>([
    ['is of another issuer', () => ({ iss: 'https://evil.example' })],
    ['has no issuer', () => ({ iss: undefined })],
    ['is for another resource', () => ({ aud: 'https://other.example/mcp' })],
    ['is for a resource that begins the same', () => ({ aud: `${RESOURCE}/more` })],
    ['is for nothing', () => ({ aud: undefined })],
    ['expired 35 s ago', () => ({ exp: seconds(-35) })],
    ['does not expire', () => ({ exp: undefined })],
    ['is not good yet', () => ({ nbf: seconds(35) })],
    ['has no subject', () => ({ sub: undefined })],
    ['has a subject that is no text', () => ({ sub: 7 })],
    ['is an ID token by its at_hash', () => ({ at_hash: 'x' })],
    ['is an ID token by its c_hash', () => ({ c_hash: 'x' })],
    ['is an ID token by its token_use', () => ({ token_use: 'id' })],
    ['is an ID token by its typ', () => ({ typ: 'ID' })],
  ])('since it %s', async (_, claims) => {
    const { verify, token, lines } = await startIssuer();
    expect(await verify(await token({ claims: claims() }))).toBeUndefined();
    expect(lines).toEqual([]);
  });

  it.each(['id+jwt', 'dpop+jwt', 'logout+jwt', 'secevent+jwt'])('since its type is %s', async (typ) => {
    const { verify, token } = await startIssuer();
    expect(await verify(await token({ header: { typ } }))).toBeUndefined();
  });

  it("since a stranger signed it under the name of the issuer's key", async () => {
    const { verify, token } = await startIssuer();
    expect(await verify(await token({ key: stranger }))).toBeUndefined();
  });

  it('since it was changed', async () => {
    const { verify, token } = await startIssuer();
    const [header, , signature] = (await token()).split('.');
    const [, payload] = (await token({ claims: { sub: 'mallory' } })).split('.');
    expect(await verify([header, payload, signature].join('.'))).toBeUndefined();
  });

  it('since it is not signed', async () => {
    const { verify, token } = await startIssuer();
    const [, payload] = (await token()).split('.');
    expect(await verify(`${encode({ alg: 'none', typ: 'JWT' })}.${payload}.`)).toBeUndefined();
  });

  it("since it is signed with the issuer's public key as a shared secret", async () => {
    const { verify, token } = await startIssuer();
    const [, payload] = (await token()).split('.');
    const content = `${encode({ alg: 'HS256', typ: 'JWT', kid: 'rsa' })}.${payload}`;
    const secret = await exportSPKI(rsa.pair.publicKey);
    const signature = createHmac('sha256', secret).update(content).digest('base64url');
    expect(await verify(`${content}.${signature}`)).toBeUndefined();
  });

  it.each(['', 'opaque', 'a.b', 'a.b.c', '....', 'e30.e30.e30', '💥.💥.💥'])('since it is none: %j', async (text) => {
    const { verify, lines, asked } = await startIssuer();
    expect(await verify(text)).toBeUndefined();
    expect([...lines, ...asked]).toEqual([]);
  });
});

describe('a configured audience', () => {
  it.each([
    ['the audience', 'api://bridge', true],
    ['the resource', RESOURCE, true],
    ['another', 'api://other', false],
  ])('stands beside the resource: a token for %s', async (_, aud, isGood) => {
    const { verify, token } = await startIssuer({ audience: 'api://bridge' });
    expect((await verify(await token({ claims: { aud } }))) !== undefined).toBe(isGood);
  });
});

describe('the scopes of a token', () => {
  it.each<[string, Claims, boolean]>([
    ['none', {}, false],
    ['others', { scope: 'openid tools' }, false],
    ['mcp', { scope: 'mcp' }, false],
    ['mcp and mcp:read', { scope: 'mcp:read mcp' }, false],
    ['mcp:read', { scope: 'mcp:read' }, true],
    ['mcp:read and others', { scope: 'openid mcp:read' }, true],
    ['mcp:read in a list', { scp: ['mcp:read'] }, true],
    ['mcp:read in scp as text', { scp: 'mcp:read tools' }, true],
    ['one that ends like mcp', { scope: 'mcp:read not-mcp' }, true],
  ])('say whether it is for reading only: %s', async (_, claims, readOnly) => {
    const { verify, token } = await startIssuer();
    expect(await verify(await token({ claims }))).toMatchObject({ readOnly });
  });

  it.each<[Claims, boolean]>([
    [{ scope: 'tools admin other' }, true],
    [{ scp: ['admin', 'tools'] }, true],
    [{ scope: ['admin', 'tools'] }, true],
    [{ scope: 'tools' }, false],
    [{ scope: 'toolsadmin' }, false],
    [{ scope: { tools: true } }, false],
    [{ scp: [['tools', 'admin']] }, false],
    [{}, false],
  ])('have to be all that are configured: %j', async (claims, isGood) => {
    const { verify, token } = await startIssuer({ scopes: ['tools', 'admin'] });
    expect((await verify(await token({ claims }))) !== undefined).toBe(isGood);
  });
});

it.each([
  ['alice', true],
  ['bob', true],
  ['mallory', false],
  ['Alice', false],
])('only configured subjects are let in: %s', async (sub, isGood) => {
  const { verify, token } = await startIssuer({ subjects: ['alice', 'bob'] });
  expect((await verify(await token({ claims: { sub } }))) !== undefined).toBe(isGood);
});

describe("the issuer's keys", () => {
  it('are found by RFC 8414, and asked for once', async () => {
    const { verify, token, asked } = await startIssuer();
    expect(asked).toEqual([]);
    await Promise.all([verify(await token()), verify(await token({ key: ec })), verify(await token())]);
    await verify(await token());
    expect(asked).toEqual(['/.well-known/oauth-authorization-server', '/keys']);
  });

  it("are found by OpenID Connect where that is not known, behind the issuer's path", async () => {
    const { verify, token, asked } = await startIssuer({ path: '/tenant', metadataAt: /openid-configuration$/ });
    expect(await verify(await token())).toBeDefined();
    expect(asked).toEqual([
      '/.well-known/oauth-authorization-server/tenant',
      '/tenant/.well-known/openid-configuration',
      '/keys',
    ]);
  });

  it('are found for an issuer whose name ends in a slash', async () => {
    const { verify, token, asked } = await startIssuer({ path: '/' });
    expect(await verify(await token())).toBeDefined();
    expect(asked[0]).toBe('/.well-known/oauth-authorization-server');
  });

  it('are where the settings say, without a look at the metadata', async () => {
    const { verify, token, asked } = await startIssuer({ hasJwksUri: true });
    expect(await verify(await token())).toBeDefined();
    expect(asked).toEqual(['/keys']);
  });

  it('are asked for again when a token names a new one, though not at every such token', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const { verify, token, asked, state } = await startIssuer({ hasJwksUri: true });
    state.keys = [rsa];
    await verify(await token());
    state.keys = [rsa, ec];
    expect(await verify(await token({ key: ec }))).toBeUndefined();
    expect(asked).toEqual(['/keys']);
    vi.setSystemTime(Date.now() + 31_000);
    expect(await verify(await token({ key: ec }))).toBeDefined();
    expect(asked).toEqual(['/keys', '/keys']);
  });
});

describe('an issuer that cannot be asked', () => {
  it('has its tokens refused, with one warning, and is asked again later', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const { verify, token, asked, lines, state } = await startIssuer();
    state.isDown = true;
    expect(await verify(await token())).toBeUndefined();
    vi.setSystemTime(Date.now() + 9000);
    expect(await verify(await token())).toBeUndefined();
    expect(asked).toHaveLength(2);
    vi.setSystemTime(Date.now() + 1000);
    expect(await verify(await token())).toBeUndefined();
    expect(asked).toHaveLength(4);
    expect(lines).toEqual([expect.stringMatching(/warn .*keys of http:.*refused: .*answer was 503/)]);
    state.isDown = false;
    expect(await verify(await token())).toBeUndefined();
    vi.setSystemTime(Date.now() + 10_000);
    expect(await verify(await token())).toBeDefined();
    expect(lines).toHaveLength(1);
  });

  it('is told of again after it was back', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const { verify, token, lines, state } = await startIssuer({ hasJwksUri: true });
    for (const isDown of [true, false, true]) {
      state.isDown = isDown;
      expect((await verify(await token())) === undefined).toBe(isDown);
      vi.setSystemTime(Date.now() + 11 * 60_000);
    }
    expect(lines).toHaveLength(2);
  });

  it('does not lock out those whose keys are known, whatever keys strangers name', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const { verify, token, state, asked } = await startIssuer({ hasJwksUri: true });
    await verify(await token());
    state.isDown = true;
    vi.setSystemTime(Date.now() + 31_000);
    expect(await verify(await token({ header: { kid: 'made-up' } }))).toBeUndefined();
    expect(await verify(await token({ header: { kid: 'made-up' } }))).toBeUndefined();
    expect(await verify(await token())).toBeDefined();
    expect(asked).toEqual(['/keys', '/keys']);
  });

  it.each<[why: string, metadata: object | string]>([
    ['about the issuer "https://evil.example"', { issuer: 'https://evil.example', jwks_uri: 'https://evil.example/k' }],
    ['about the issuer undefined', { issuer: undefined }],
    ['no jwks_uri', { jwks_uri: 7 }],
    ['not an https URL', { jwks_uri: 'http://issuer.example/keys' }],
    ['JSON', 'not JSON'],
  ])('is one whose metadata are wrong: %s', async (why, metadata) => {
    const { verify, token, lines } = await startIssuer({ metadata });
    expect(await verify(await token())).toBeUndefined();
    expect(lines).toEqual([expect.stringContaining(why)]);
  });

  it('is one that is not there', async () => {
    const gone = await serveApp(() => {});
    await gone.close();
    const { verify, token, lines } = await startIssuer({ issuer: gone.origin });
    expect(await verify(await token())).toBeUndefined();
    expect(lines).toEqual([expect.stringContaining('ECONNREFUSED')]);
  });

  it.each(['http://issuer.example', 'http://192.168.1.5:8080', 'ftp://issuer.example'])(
    'is one that would be asked over the open network: %s',
    async (issuer) => {
      const { verify, token, lines } = await startIssuer({ issuer });
      expect(await verify(await token())).toBeUndefined();
      expect(lines).toEqual([expect.stringContaining('not an https URL')]);
    },
  );

  it('is one that redirects', async () => {
    const { verify, token, asked } = await startIssuer({ redirects: true });
    expect(await verify(await token())).toBeUndefined();
    expect(asked).not.toContain('/elsewhere');
  });
});

interface IssuerOptions extends Partial<Omit<ExternalOptions, 'log'>> {
  readonly path?: string;
  readonly metadataAt?: RegExp;
  readonly metadata?: object | string;
  readonly hasJwksUri?: boolean;
  readonly redirects?: boolean;
}

interface TokenOptions {
  readonly claims?: Claims;
  readonly header?: Partial<Record<keyof JWTHeaderParameters, unknown>>;
  readonly key?: Key;
}

/** Starts an issuer with two keys, and a verifier of its tokens. */
async function startIssuer(options: IssuerOptions = {}) {
  const { path = '', metadataAt = /well-known/, metadata, hasJwksUri, redirects, ...settings } = options;
  const asked: string[] = [];
  const lines: string[] = [];
  const state = { isDown: false, keys: [rsa, ec] };
  const handler: RequestListener = async (request, response) => {
    const url = request.url ?? '';
    asked.push(url);
    const send = (body: object | string) =>
      response
        .setHeader('Content-Type', 'application/json')
        .end(typeof body === 'string' ? body : JSON.stringify(body));
    if (state.isDown) response.writeHead(503).end();
    else if (redirects) response.writeHead(302, { Location: '/elsewhere' }).end();
    else if (url === '/keys') send({ keys: await Promise.all(state.keys.map(toJwk)) });
    else if (metadataAt.test(url))
      send(typeof metadata === 'string' ? metadata : { issuer, jwks_uri: `${origin}/keys`, ...metadata });
    else response.writeHead(404).end();
  };
  const { origin } = await serveApp(handler);
  const issuer = settings.issuer ?? origin + path;
  const log = createLog({ write: (line) => lines.push(line) });
  const defaults = { issuer, scopes: [], subjects: [], ...(hasJwksUri ? { jwksUri: `${origin}/keys` } : {}) };
  const verifier = createExternalVerifier({ ...defaults, ...settings, log });
  return {
    asked,
    lines,
    state,
    verify: (token: string) => verifier.verify(token, RESOURCE),
    token: ({ claims, header, key = rsa }: TokenOptions = {}) => {
      const standard = { iss: issuer, sub: 'alice', aud: RESOURCE, exp: seconds(300) };
      const kind = { alg: key.alg, kid: key.kid, typ: 'at+jwt' };
      return new SignJWT({ ...standard, ...claims })
        .setProtectedHeader({ ...kind, ...header } as JWTHeaderParameters)
        .sign(key.pair.privateKey);
    },
  };
}

async function toJwk({ pair, kid, alg }: Key) {
  return { ...(await exportJWK(pair.publicKey)), kid, alg, use: 'sig' };
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

/** So many seconds from now, as JWTs say it. */
function seconds(fromNow: number): number {
  return Math.floor(Date.now() / 1000) + fromNow;
}
