import { describe, expect, it } from 'vitest';
import { startBridge } from '../support/bridge.ts';
import { fixture, fixtureLine } from '../support/fixtures.ts';
import { openRawStdio, RAW_OPENERS, type RawPeer } from './raw-peer.ts';
import { openRawSession } from './raw-session.ts';

const LISTS = [
  { method: 'tools/list', member: 'tools', key: 'name', own: 'a__alpha b__alpha a__beta b__beta a__gamma b__gamma' },
  { method: 'prompts/list', member: 'prompts', key: 'name', own: 'a__prompt-1 a__prompt-2 a__prompt-3' },
  { method: 'resources/list', member: 'resources', key: 'uri', own: 'echo://resource-1 b+echo://resource-3' },
  {
    method: 'resources/templates/list',
    member: 'resourceTemplates',
    key: 'uriTemplate',
    own: 'echo://template-3/{id} b+echo://template-1/{id}',
  },
];
const SERVER = ['echo-server', '--pages', '3', '--tools', 'alpha,beta,gamma'] as const;

describe('several servers that list on three pages each', () => {
  it('are listed to their last pages, on one', async () => {
    const servers = ['a', 'b'].flatMap((name) => ['--stdio', `${name}=${fixtureLine(...SERVER)}`]);
    await using bridge = await startBridge(servers);
    const session = await openRawSession(bridge.url);
    for (const [id, { method, member, key, own }] of LISTS.entries()) {
      const { messages } = await session.post(id, method);
      const result = (messages[0]?.result ?? {}) as Record<string, Record<string, string>[]>;
      const names = result[member]?.map((item) => item[key]);
      expect(Object.keys(result)).toEqual([member]);
      expect(names).toEqual(expect.arrayContaining(own.split(' ')));
      expect(new Set(names).size).toBe(6);
    }
  });
});

describe('a single server that lists on three pages', () => {
  it.each(LISTS)('hands $method on page by page, with its own cursors', async ({ method }) => {
    await using direct = await openRawStdio(fixture(...SERVER));
    await using bridged = await RAW_OPENERS['Streamable HTTP'](['--stdio', fixtureLine(...SERVER)]);
    const expected = await readPages(direct, method);
    expect(expected).toHaveLength(3);
    expect(await readPages(bridged, method)).toEqual(expected);
  });

  it('refuses a cursor in the server’s own words', async () => {
    await using bridged = await RAW_OPENERS['Streamable HTTP'](['--stdio', fixtureLine(...SERVER)]);
    const [answer] = await bridged.request('tools/list', '{"cursor":"nowhere"}');
    expect(answer).toContain('"error":{"code":-32602,"message":"Unknown cursor: nowhere"}');
  });
});

/** The answers to a list's requests, until one has no cursor. */
async function readPages(peer: RawPeer, method: string): Promise<string[]> {
  const pages: string[] = [];
  let params = '{}';
  for (;;) {
    const [page = ''] = await peer.request(method, params);
    pages.push(page);
    const { nextCursor } = JSON.parse(page).result;
    if (nextCursor === undefined) return pages;
    params = JSON.stringify({ cursor: nextCursor });
  }
}
