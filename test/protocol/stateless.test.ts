import { describe, expect, it } from 'vitest';
import { RawJson } from '../../src/protocol/raw-json.ts';
import { discoveredFrom, freshnessOf, openedFrom } from '../../src/protocol/stateless.ts';

const parse = RawJson.parse;
const SERVER_INFO = 'io.modelcontextprotocol/serverInfo';

describe('how long a result may be kept', () => {
  it.each([
    ['{"ttlMs":60000,"cacheScope":"public"}', { ttlMs: 60_000, cacheScope: 'public' }],
    ['{"ttlMs":0,"cacheScope":"private"}', { ttlMs: 0, cacheScope: 'private' }],
    // When in doubt it is for nobody else.
    ['{"ttlMs":1}', { ttlMs: 1, cacheScope: 'private' }],
    ['{"ttlMs":1,"cacheScope":"PUBLIC"}', { ttlMs: 1, cacheScope: 'private' }],
    ['{"cacheScope":"public"}', undefined],
    ['{"ttlMs":"60000"}', undefined],
    ['[]', undefined],
  ])('is said by %s', (result, freshness) => {
    expect(freshnessOf(parse(result))).toEqual(freshness);
  });
});

describe('what a server of 2026 says of itself', () => {
  it('is told as an InitializeResult, with all that this does not know', () => {
    const discovered = parse(
      '{"resultType":"complete","x":1.0,"supportedVersions":["2026-07-28"],"capabilities":{"tools":{"y":1.0}},"ttlMs":1,' +
        `"cacheScope":"public","instructions":"i","_meta":{"${SERVER_INFO}":{"name":"s","z":1.0},"own":1.0}}`,
    );
    expect(openedFrom(discovered, 'configured').text).toBe(
      '{"x":1.0,"capabilities":{"tools":{"y":1.0}},"instructions":"i","protocolVersion":"2025-11-25",' +
        '"serverInfo":{"name":"s","z":1.0},"_meta":{"own":1.0}}',
    );
  });

  it('is completed where it lacks what an InitializeResult must have', () => {
    for (const text of ['{}', '{"_meta":{}}', '{"_meta":7}'])
      expect(openedFrom(parse(text), 'configured').value).toEqual({
        protocolVersion: '2025-11-25',
        capabilities: {},
        serverInfo: { name: 'configured', version: '' },
      });
  });
});

describe('what a server of 2025 says of itself', () => {
  it('is told as a DiscoverResult, with all that this does not know', () => {
    const opened = parse(
      '{"protocolVersion":"2025-06-18","x":1.0,"capabilities":{"tools":{"y":1.0}},"serverInfo":{"name":"s"},"instructions":"i","_meta":{"own":1.0}}',
    );
    expect(discoveredFrom(opened).text).toBe(
      '{"x":1.0,"capabilities":{"tools":{"y":1.0}},"instructions":"i","_meta":{"own":1.0},' +
        '"supportedVersions":["2026-07-28","2025-11-25","2025-06-18","2025-03-26","2024-11-05"]}',
    );
  });

  it('is completed where it lacks what a DiscoverResult must have', () => {
    expect(discoveredFrom(parse('{}')).value).toMatchObject({ capabilities: {} });
  });
});
