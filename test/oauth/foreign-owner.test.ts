import { describe, expect, it } from 'vitest';
import { createLog } from '../../src/log.ts';
import { createForeignOwner } from '../../src/oauth/foreign-owner.ts';
import { ISSUER } from './support.ts';

const FOREIGN = 'https://issuer.example';
const METADATA = '/.well-known/oauth-protected-resource/mcp';

const createOwner = (scopes: readonly string[] = []) =>
  createForeignOwner({
    origin: () => ISSUER,
    resources: ['/mcp', '/sse'],
    external: { issuer: FOREIGN, scopes, subjects: [] },
    log: createLog({ level: 'none' }),
  });

const ask = (method: string, path: string, owner = createOwner()) =>
  owner.pages.handle({ method, path, query: new URLSearchParams(), headers: {}, body: '' });

describe('an owner who leaves it to another issuer', () => {
  it('says where that is', async () => {
    const { status, body } = await ask('GET', METADATA);
    expect([status, JSON.parse(body)]).toEqual([
      200,
      {
        resource: `${ISSUER}/mcp`,
        authorization_servers: [FOREIGN],
        scopes_supported: ['mcp', 'mcp:read'],
        bearer_methods_supported: ['header'],
        resource_name: 'mcp-bridge',
      },
    ]);
    expect(createOwner().metadataUrl('/sse')).toBe(`${ISSUER}/.well-known/oauth-protected-resource/sse`);
  });

  it('asks for the scopes that its tokens must have', async () => {
    const owner = createOwner(['tools.use', 'tools.see']);
    expect(owner.scopeAt()).toBe('tools.use tools.see');
    expect(JSON.parse((await ask('GET', METADATA, owner)).body).scopes_supported).toEqual(['tools.use', 'tools.see']);
    expect(createOwner().scopeAt()).toBe('');
  });

  it.each(['/authorize', '/token', '/register', '/revoke', '/.well-known/oauth-authorization-server', '/mcp'])(
    'has no %s',
    (path) => {
      expect(createOwner().pages.serves(path)).toBe(false);
    },
  );

  it('is only read', async () => {
    expect(createOwner().pages.serves(METADATA)).toBe(true);
    expect(await ask('POST', METADATA)).toEqual({ status: 405, headers: { Allow: 'GET' }, body: '' });
  });

  it('lets nobody in by what is no token of that issuer', async () => {
    expect(await createOwner().verifier.verify('nonsense', `${ISSUER}/mcp`)).toBeUndefined();
  });
});
