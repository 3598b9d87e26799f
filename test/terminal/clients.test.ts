import { describe, expect, it } from 'vitest';
import { CLIENTS, type ClientWord, type Guide, type Reachable } from '../../src/terminal/clients.ts';
import type { TunnelState } from '../../src/tunnel/keeper.ts';
import { reachable } from './servers.ts';

const HERE = 'http://127.0.0.1:8000/mcp';
const PUBLIC = 'https://h.example/mcp';
const WORDS = Object.keys(CLIENTS) as ClientWord[];
const PROGRAMS = ['claude-code', 'codex', 'vscode', 'cursor', 'inspector'] as const;
const FROM_OUTSIDE = ['chatgpt', 'claude', 'responses'] as const;
const BROUGHT: TunnelState = { kind: 'up', place: undefined };

function guide(word: ClientWord, bridge: Reachable): Guide {
  const found = CLIENTS[word].guide(bridge);
  if ('lack' in found) throw new Error(found.lack);
  return found;
}

/** All that is said of how to connect. */
function textOf(word: ClientWord, bridge: Reachable): string {
  const { pastes, steps } = guide(word, bridge);
  return [...pastes.map(({ text }) => text), ...steps].join('\n');
}

function lackOf(word: ClientWord, bridge: Reachable): unknown {
  const found = CLIENTS[word].guide(bridge);
  return 'lack' in found ? found.lack : undefined;
}

describe('a client that asks nobody', () => {
  it.each(PROGRAMS)('%s is told the URL here, and nothing of codes and tokens', (word) => {
    expect(guide(word, reachable({ public: PUBLIC })).url).toBe(HERE);
    expect(textOf(word, reachable())).toContain(HERE);
    expect(textOf(word, reachable())).not.toMatch(/token|pair/i);
  });

  it.each(FROM_OUTSIDE)('%s is told the public URL, and nothing of codes and tokens', (word) => {
    expect(textOf(word, reachable({ public: PUBLIC }))).toContain(PUBLIC);
    expect(textOf(word, reachable({ public: PUBLIC }))).not.toMatch(/token|pair/i);
  });
});

describe('a client that has to be linked', () => {
  const bridge = reachable({ public: PUBLIC }, 'oauth');

  it.each(WORDS.filter((word) => word !== 'responses'))('%s is told the public URL, and where the code is', (word) => {
    expect(guide(word, bridge).url).toBe(PUBLIC);
    expect(guide(word, bridge).steps.at(-1)).toMatch(/type the code that mcp-bridge pair shows/);
  });

  it('is told the URL here where there is no other', () => {
    expect(guide('codex', reachable({}, 'oauth')).url).toBe(HERE);
  });

  it('signs in where its issuer is somebody else', () => {
    expect(guide('claude', reachable({ public: PUBLIC }, 'external')).steps.at(-1)).toMatch(/sign in/);
  });

  it('is told what to choose in ChatGPT', () => {
    expect(textOf('chatgpt', bridge)).toContain(`the URL ${PUBLIC}, and as authentication OAuth.`);
    expect(textOf('chatgpt', reachable({ public: PUBLIC }))).toContain('No authentication');
  });
});

describe('a client that needs the token', () => {
  const bridge = reachable({ public: PUBLIC }, 'token');

  it.each(PROGRAMS)('%s is told where it goes', (word) => {
    expect(textOf(word, bridge)).toMatch(/TOKEN/);
    expect(guide(word, bridge).url).toBe(HERE);
  });

  it('may be one that cannot send it', () => {
    expect(lackOf('chatgpt', bridge)).toBe('cannot send a token: start with --auth oauth');
    expect(lackOf('claude', bridge)).toBe('cannot send a token: start with --auth oauth');
  });

  it('is the Responses API also where others are linked', () => {
    for (const auth of ['token', 'oauth', 'external'] as const) {
      const [paste] = guide('responses', reachable({ public: PUBLIC }, auth)).pastes;
      expect(JSON.parse(paste?.text ?? '').tools).toEqual([
        { type: 'mcp', server_label: 'bridge', server_url: PUBLIC, authorization: 'TOKEN' },
      ]);
    }
  });
});

describe('a client that calls from the internet', () => {
  it.each(FROM_OUTSIDE)('%s is told what is missing', (word) => {
    expect(lackOf(word, reachable())).toBe('needs a public https URL: start with --tunnel, or --public-url');
    expect(lackOf(word, { ...reachable(), tunnel: { kind: 'opening' } })).toMatch(/not open yet/);
    const down = { kind: 'down', reason: 'no network', isFinal: false } as const;
    expect(lackOf(word, { ...reachable(), tunnel: down })).toMatch(/there is no tunnel: no network$/);
  });

  it('needs no URL where OpenAI’s tunnel brings its requests, unless it is not one of OpenAI’s', () => {
    const bridge = { ...reachable(), tunnel: BROUGHT };
    expect(guide('chatgpt', bridge).url).toBeUndefined();
    expect(textOf('chatgpt', bridge)).toContain('Connection Tunnel');
    expect(textOf('responses', bridge)).toContain('"tunnel_id": "TUNNEL_ID"');
    expect(lackOf('claude', bridge)).toMatch(/^needs a public https URL/);
  });
});

describe('where only SSE is served', () => {
  const bridge = reachable({ mcp: undefined });

  it('clients are told so', () => {
    expect(textOf('claude-code', bridge)).toContain('--transport sse bridge http://127.0.0.1:8000/sse');
    expect(textOf('vscode', bridge)).toContain('"type": "sse"');
  });

  it('Codex cannot be connected', () => {
    expect(lackOf('codex', bridge)).toBe('needs Streamable HTTP, and only SSE is served');
  });
});

it('what is to be put into a file of JSON is an entry of it', () => {
  for (const auth of ['none', 'token'] as const) {
    for (const word of ['vscode', 'cursor'] as const) {
      const [paste] = guide(word, reachable({}, auth)).pastes;
      expect(JSON.parse(`{${paste?.text}}`).bridge).toMatchObject({ url: HERE });
    }
  }
});
