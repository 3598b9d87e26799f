import { describe, expect, it } from 'vitest';
import { resourceMetadata, resourceMetadataUrl } from '../../src/oauth/metadata.ts';
import { ISSUER, startServer } from './support.ts';

const PRM = '/.well-known/oauth-protected-resource';
const AS = '/.well-known/oauth-authorization-server';
const OIDC = '/.well-known/openid-configuration';

const aboutAll = (resources: readonly string[]) => ({
  origin: () => ISSUER,
  resources,
  issuers: () => ['https://issuer.example'],
  scopesAt: () => ['a', 'b'],
});

/** The resource that the metadata at a path is about. */
function resourceAt(path: string, resources: readonly string[]): unknown {
  const reply = resourceMetadata(path, aboutAll(resources));
  return reply && JSON.parse(reply.body).resource;
}

describe('the metadata of a resource', () => {
  it('says who issues tokens for it', () => {
    const reply = resourceMetadata(`${PRM}/mcp`, aboutAll(['/mcp']));
    expect(reply).toMatchObject({ status: 200, headers: { 'Content-Type': 'application/json' } });
    expect(JSON.parse(reply?.body ?? '')).toEqual({
      resource: `${ISSUER}/mcp`,
      authorization_servers: ['https://issuer.example'],
      scopes_supported: ['a', 'b'],
      bearer_methods_supported: ['header'],
      resource_name: 'mcp-bridge',
    });
  });

  it.each([[['/mcp', '/sse', '/servers/a%20b/mcp']], [['/sse']], [['/']], [['/mcp', '/']], [['/a/b/c', '/a/b']]])(
    'is where its challenge says, for each of %j',
    (resources) => {
      for (const resource of resources) {
        const url = resourceMetadataUrl(ISSUER, resource);
        expect(url.startsWith(`${ISSUER}${PRM}`)).toBe(true);
        expect(url.endsWith('/')).toBe(false);
        expect(resourceAt(url.slice(ISSUER.length), resources)).toBe(ISSUER + resource);
      }
    },
  );

  it('is that of the main one where no path is named, unless the origin itself is one', () => {
    expect(resourceAt(PRM, ['/mcp', '/sse'])).toBe(`${ISSUER}/mcp`);
    expect(resourceAt(PRM, ['/mcp', '/'])).toBe(`${ISSUER}/`);
  });

  it.each([
    '',
    '/',
    '/mcp',
    PRM.slice(1),
    `${PRM}x`,
    `${PRM}/`,
    `${PRM}/sse`,
    `${PRM}/mcp/`,
    `${PRM}/MCP`,
    `/mcp${PRM}`,
  ])('is not at %j', (path) => {
    expect(resourceAt(path, ['/mcp'])).toBeUndefined();
  });
});

describe('the metadata of the authorization server', () => {
  it.each([
    AS,
    OIDC,
    `${AS}/mcp`,
    `${OIDC}/mcp`,
    `/mcp${OIDC}`,
    `${AS}/servers/a%20b/mcp`,
    `/servers/a%20b/mcp${OIDC}`,
  ])('is at %s', async (path) => {
    const test = await startServer();
    expect(test.server.serves(path)).toBe(true);
    const { status, headers, body } = await test.get(path);
    expect([status, headers['Content-Type']]).toEqual([200, 'application/json']);
    expect(JSON.parse(body)).toEqual({
      issuer: ISSUER,
      authorization_endpoint: `${ISSUER}/authorize`,
      token_endpoint: `${ISSUER}/token`,
      registration_endpoint: `${ISSUER}/register`,
      revocation_endpoint: `${ISSUER}/revoke`,
      scopes_supported: ['mcp', 'mcp:read', 'offline_access'],
      response_types_supported: ['code'],
      response_modes_supported: ['query'],
      grant_types_supported: ['authorization_code', 'refresh_token'],
      code_challenge_methods_supported: ['S256'],
      token_endpoint_auth_methods_supported: ['none'],
      revocation_endpoint_auth_methods_supported: ['none'],
      authorization_response_iss_parameter_supported: true,
      client_id_metadata_document_supported: true,
    });
  });

  it.each([`${AS}/sse`, `/sse${OIDC}`, `${AS}/`, `/x${AS}/mcp`, `${OIDC}x`])('is not at %s', async (path) => {
    const test = await startServer();
    expect(test.server.serves(path)).toBe(false);
    expect((await test.get(path)).status).toBe(404);
  });

  it('may be served with the origin itself as the resource', async () => {
    const test = await startServer({ resources: ['/'] });
    for (const path of [AS, OIDC, PRM]) expect((await test.get(path)).status).toBe(200);
  });
});
