import { describe, expect, it } from 'vitest';
import { EMPTY, parseState } from '../../src/oauth/state.ts';

const HASH = 'h'.repeat(43);

const STATE = {
  version: 1,
  revision: 7,
  grants: [
    {
      id: '0badcafe',
      clientId: 'app',
      clientName: 'App',
      redirectUri: 'https://app.example/callback',
      resource: 'https://h.example/mcp',
      readOnly: false,
      createdAt: 1,
      code: HASH,
      family: HASH,
      refresh: { hash: HASH, issuedAt: 1, isUsed: false },
      predecessors: [{ hash: HASH, until: 1 }],
      accessTokens: [{ hash: HASH, expiresAt: 1, readOnly: false }],
    },
  ],
  clients: [{ id: 'app', name: 'App', redirectUris: ['https://app.example/callback'], createdAt: 1 }],
};

/** A value with another one within, at a place such as `grants.0.id`. */
function changed(value: unknown, place: string, to: unknown): unknown {
  if (place === '') return to;
  const [key = '', ...rest] = place.split('.');
  const inner = changed(Reflect.get(Object(value), key), rest.join('.'), to);
  return Array.isArray(value) ? value.with(Number(key), inner) : { ...Object(value), [key]: inner };
}

/** Where each value stands that has none within. */
function leavesOf(value: unknown, path = ''): string[] {
  if (typeof value !== 'object' || value === null) return [path];
  return Object.entries(value).flatMap(([key, inner]) => leavesOf(inner, path === '' ? key : `${path}.${key}`));
}

describe('the state', () => {
  it('is read as it was written', () => {
    expect(parseState(JSON.parse(JSON.stringify(STATE)))).toEqual(STATE);
    expect(parseState(EMPTY)).toEqual(EMPTY);
  });

  it.each(leavesOf(STATE))('is refused when its %s is missing, or of another type', (place) => {
    for (const wrong of [undefined, null, [], {}])
      expect(() => parseState(changed(STATE, place, wrong))).toThrow(`${place} is not what it should be`);
  });

  it.each(['grants', 'clients', 'grants.0', 'grants.0.refresh', 'grants.0.predecessors', 'grants.0.accessTokens'])(
    'is refused when its %s is none',
    (path) => {
      for (const wrong of [null, 'x', 1]) expect(() => parseState(changed(STATE, path, wrong))).toThrow(path);
    },
  );

  it.each([
    'grants.0.code',
    'grants.0.family',
    'grants.0.refresh.hash',
    'grants.0.predecessors.0.hash',
    'grants.0.accessTokens.0.hash',
  ])('is refused when its %s is no hash', (path) => {
    for (const wrong of ['', 'h'.repeat(42), 'h'.repeat(44), `${'h'.repeat(42)}+`])
      expect(() => parseState(changed(STATE, path, wrong))).toThrow(`${path} is not what it should be`);
  });

  it.each([null, undefined, 7, 'x', []])('is refused when it is %j', (data) => {
    expect(() => parseState(data)).toThrow(/^it is not what it should be|^version/);
  });

  it('of a newer version is told from one that is broken', () => {
    expect(() => parseState({ version: 2 })).toThrow('it was written by a newer version of mcp-bridge');
    expect(() => parseState({ ...STATE, version: 0 })).toThrow('version is not what it should be');
    expect(() => parseState({ ...STATE, version: '2' })).toThrow('version is not what it should be');
  });
});
