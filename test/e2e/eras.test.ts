import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Bridge, CLI, startBridge, writeConfig } from '../support/bridge.ts';
import {
  connectHttp,
  connectHttpV2,
  connectSse,
  connectStdio,
  connectStdioV2,
  type Peer,
  type PeerOptions,
} from '../support/clients.ts';
import { fixture } from '../support/fixtures.ts';
import { REVISION_2026 } from '../support/stateless-request.ts';

const REVISIONS_2025 = ['2024-11-05', '2025-03-26', '2025-06-18', '2025-11-25'];

/** Servers by name, and the revision in which each is spoken to on behalf of a client of 2026. */
const SERVERS = {
  old: { entry: fixture('eras-server', '--era', '2025', '--name', 'old'), newest: '2025-11-25' },
  new: { entry: fixture('eras-server', '--era', '2026', '--name', 'new'), newest: REVISION_2026 },
  dual: { entry: fixture('eras-server', '--era', 'both', '--name', 'dual'), newest: '2025-11-25' },
  pinned: {
    entry: { ...fixture('eras-server', '--era', 'both', '--name', 'pinned'), protocol: '2026' },
    newest: REVISION_2026,
  },
};
type ServerName = keyof typeof SERVERS;
const NAMES = Object.keys(SERVERS) as ServerName[];
const CONFIG = { mcpServers: Object.fromEntries(NAMES.map((name) => [name, SERVERS[name].entry])) };

const ANSWERS: PeerOptions = {
  elicit: (message) => ({ action: 'accept', content: { answer: `to ${message}` } }),
  sample: (message) => ({ model: 'test', role: 'assistant', content: { type: 'text', text: `about ${message}` } }),
  roots: () => [{ uri: 'file:///root', name: 'root' }],
};

/** What the clients of both SDKs can do alike. */
interface Client {
  listTools(): Promise<{ tools: { name: string }[] }>;
  listPrompts(): Promise<{ prompts: { name: string }[] }>;
  listResources(): Promise<{ resources: { uri: string }[] }>;
  listResourceTemplates(): Promise<{ resourceTemplates: { uriTemplate: string }[] }>;
  callTool(params: { name: string; arguments?: Record<string, unknown> }): Promise<{ [member: string]: unknown }>;
  readResource(params: { uri: string }): Promise<{ contents: object[] }>;
  getPrompt(params: { name: string; arguments?: Record<string, string> }): Promise<{ messages: object[] }>;
  complete(params: {
    ref: { type: 'ref/prompt'; name: string };
    argument: { name: string; value: string };
  }): Promise<{ completion: object }>;
}

/** How one kind of client comes to a server. */
interface Row {
  readonly revision: string;
  readonly title: string;
  connect(bridge: Bridge, server: ServerName): Promise<Peer<Client>>;
}

const over = (bridge: Bridge, server: ServerName, wire = 'mcp') => `${bridge.origin}/servers/${server}/${wire}`;

const ROWS: Row[] = [
  ...REVISIONS_2025.flatMap((revision): Row[] => {
    const options = { ...ANSWERS, revision };
    return [
      {
        revision,
        title: `${revision}, SDK v1`,
        connect: (bridge, server) => connectHttp(over(bridge, server), options),
      },
      {
        revision,
        title: `${revision}, SDK v1 over SSE`,
        connect: (bridge, server) => connectSse(over(bridge, server, 'sse'), options),
      },
      {
        revision,
        title: `${revision}, SDK v2`,
        connect: (bridge, server) => connectHttpV2(over(bridge, server), 'legacy', options),
      },
    ];
  }),
  ...(['auto', { pin: REVISION_2026 }] as const).map(
    (negotiation): Row => ({
      revision: REVISION_2026,
      title: `${REVISION_2026}, SDK v2, ${JSON.stringify(negotiation)}`,
      connect: (bridge, server) => connectHttpV2(over(bridge, server), negotiation, ANSWERS),
    }),
  ),
];

let bridge: Bridge;
beforeAll(async () => {
  bridge = await startBridge([], { config: CONFIG });
});
afterAll(() => bridge.stop());

describe.each(ROWS)('a client of $title', ({ revision, connect }) => {
  it.each(NAMES)('is served by a server that is %s', async (server) => {
    await using peer = await connect(bridge, server);
    expect(await useAll(peer.client, server, (name) => name)).toEqual(expected(server, revision));
  });
});

describe('several servers of different eras behind one URL', () => {
  const named = (server: string) => (name: string) => `${server}__${name}`;
  const peers: Record<string, () => Promise<Peer<Client>>> = {
    '2025-11-25, SDK v1': () => connectHttp(bridge.url, ANSWERS),
    '2024-11-05, SDK v1 over SSE': () => connectSse(`${bridge.origin}/sse`, { ...ANSWERS, revision: '2024-11-05' }),
    [`${REVISION_2026}, SDK v2`]: () => connectHttpV2(bridge.url, 'auto', ANSWERS),
  };

  it.each(Object.keys(peers))('serve a client of %s', async (title) => {
    await using peer = await (peers[title] as () => Promise<Peer<Client>>)();
    for (const server of NAMES) {
      const actual = await useAll(peer.client, server, named(server));
      expect(actual).toEqual(expected(server, title.slice(0, 10)));
    }
  });
});

describe('over stdio', () => {
  const rows: { revision: string; title: string; negotiation?: 'legacy' | 'auto' }[] = [
    ...REVISIONS_2025.map((revision) => ({ revision, title: `${revision}, SDK v1` })),
    { revision: '2025-11-25', title: '2025-11-25, SDK v2', negotiation: 'legacy' },
    { revision: REVISION_2026, title: `${REVISION_2026}, SDK v2`, negotiation: 'auto' },
  ];

  it.each(rows)('several servers of different eras serve a client of $title', async ({ revision, negotiation }) => {
    const named = (server: string) => (name: string) => `${server}__${name}`;
    const config = await writeConfig(CONFIG);
    const command = { command: process.execPath, args: [CLI, '--output-transport', 'stdio', ...config.args] };
    try {
      await using peer: Peer<Client> = negotiation
        ? await connectStdioV2(command, negotiation, ANSWERS)
        : await connectStdio(command, { ...ANSWERS, revision });
      for (const server of NAMES) {
        const actual = await useAll(peer.client, server, named(server));
        expect(actual).toEqual(expected(server, revision));
      }
    } finally {
      await config.remove();
    }
  });
});

type Naming = (name: string) => string;

/** Uses everything that a server offers; what is the same in all cells is left out. */
async function useAll(client: Client, server: ServerName, named: Naming): Promise<object> {
  const call = async (name: string, args = {}) =>
    (await client.callTool({ name: named(name), arguments: args })).structuredContent;
  const { tools } = await client.listTools();
  const { prompts } = await client.listPrompts();
  const { resources } = await client.listResources();
  const { resourceTemplates } = await client.listResourceTemplates();
  const read = await client.readResource({ uri: `${server}://document` });
  const got = await client.getPrompt({ name: named('greeting'), arguments: { topic: 'eras' } });
  const ref = { type: 'ref/prompt' as const, name: named('greeting') };
  const completed = await client.complete({ ref, argument: { name: 'topic', value: 'er' } });
  return {
    listed: [
      tools.some(({ name }) => name === named('echo')),
      prompts.some(({ name }) => name === named('greeting')),
      resources.some(({ uri }) => uri === `${server}://document`),
      resourceTemplates.some(({ uriTemplate }) => uriTemplate === `${server}://documents/{id}`),
    ],
    echo: await call('echo', { message: 'hello' }),
    contents: read.contents,
    messages: got.messages,
    completion: completed.completion,
    elicitation: await call('ask', { kind: 'elicitation', message: 'How?' }),
    sampling: await call('ask', { kind: 'sampling', message: 'Why?' }),
    roots: await call('ask', { kind: 'roots' }),
    together: await call('ask-all', { kinds: ['elicitation', 'sampling', 'roots'], message: 'What?' }),
    inTurn: await call('ask-in-turn', { messages: ['first', 'second', 'third'] }),
    client: await call('client'),
  };
}

function expected(server: ServerName, revision: string): object {
  const accepted = (answer: string) => ({ action: 'accept', content: { answer } });
  const sampled = (text: string) =>
    expect.objectContaining({ model: 'test', role: 'assistant', content: { type: 'text', text } });
  const roots = { roots: [{ uri: 'file:///root', name: 'root' }] };
  const isStateless = SERVERS[server].newest === REVISION_2026;
  return {
    listed: [true, true, true, true],
    echo: { message: 'hello' },
    contents: [{ uri: `${server}://document`, mimeType: 'text/plain', text: `${server}://document of ${server}` }],
    messages: [{ role: 'user', content: { type: 'text', text: `greeting of ${server}: eras` } }],
    completion: { values: [`er by ${server}`, 'greeting'], hasMore: false },
    elicitation: accepted('to How?'),
    sampling: sampled('about Why?'),
    roots,
    together: { answers: [accepted('to What?'), sampled('about What?'), roots] },
    inTurn: { answers: [accepted('to first'), accepted('to second'), accepted('to third')] },
    client: {
      revision: isStateless || revision === REVISION_2026 ? SERVERS[server].newest : revision,
      info: expect.objectContaining({ name: 'test-client' }),
      capabilities: expect.objectContaining({
        elicitation: expect.anything(),
        sampling: expect.anything(),
        roots: expect.anything(),
      }),
    },
  };
}
