import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Bridge, startBridge } from '../../support/bridge.ts';
import { rawPost } from '../../support/http.ts';
import { linkByHand } from '../../support/oauth/owner.ts';
import { createStatelessClient } from '../../support/stateless.ts';
import { type CatalogServer, createCatalogServer, TOOL_CLIENTS, urlAt } from '../catalog-servers.ts';
import { openRawSession, type RawSession } from '../raw-session.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { bearer, startTarget, type Target } from './attacker.ts';

/** The server takes calls of all names: whatever reaches it has been called. */
const READS = { annotations: { readOnlyHint: true, destructiveHint: false } };
const OPEN = { name: 'open', inputSchema: { type: 'object' }, ...READS };
const SECRET = { name: 'secret', inputSchema: { type: 'object' } };

/** Ways to hide the tool, and what the server says of it then. */
const HIDINGS: Readonly<Record<string, { server?: object; bridge?: object; secret?: object }>> = {
  'by its own name': { server: { tools: { deny: ['secret'] } } },
  'by the name that clients see': { bridge: { tools: { deny: ['files__secret'] } } },
  'because it is not among what is allowed': { server: { tools: { allow: ['open'] } } },
  'because it does not only read': { bridge: { tools: { readOnly: true } } },
  'because it may destroy': { server: { tools: { destructive: false } } },
  'because the owner says that it may destroy': {
    server: { tools: { destructive: false }, override: { secret: { annotations: { readOnlyHint: false } } } },
    secret: { annotations: { readOnlyHint: true } },
  },
  'by the name that the owner gave it': {
    server: { tools: { deny: ['*hush'] }, override: { secret: { name: 'hush' } } },
  },
};

const PLACES = [
  { place: '', prefix: 'files__' },
  { place: 'servers/files', prefix: '' },
  { place: 'views/plain', prefix: '' },
  { place: 'views/both', prefix: 'files__' },
];

/** Names under which somebody may try; `PREFIX` stands for what precedes names at a place. */
const NAMES = [
  ...['PREFIXsecret', 'secret', 'files__secret', 'files.secret', 'files/secret', 'files:secret', '__secret'],
  ...['PREFIXSECRET', 'PREFIXSecret', 'SECRET', 'FILES__SECRET', 'Files__secret'],
  ...['PREFIXhush', 'hush', 'PREFIXHUSH', 'PREFIXalias', 'PREFIXALIAS', 'alias', 'PREFIXsecret_alias'],
  ...['PREFIXformer_secret', 'former_secret', 'PREFIXFORMER_SECRET', 'files__former_secret'],
  ...['PREFIX secret', 'PREFIXsecret ', ' PREFIXsecret', 'PREFIXsecret\n', 'PREFIXsecret\0', '\ufeffPREFIXsecret'],
  ...[
    'PREFIXſecret',
    'PREFIXsеcret',
    'PREFIXｓｅｃｒｅｔ',
    'PREFIXse\u00adcret',
    'PREFIXsecre\u0301t',
    'PREFIXsecret\u200b',
  ],
  ...[
    'PREFIX%73ecret',
    'files%5F%5Fsecret',
    'PREFIXopen/../secret',
    'PREFIX../secret',
    'PREFIX__proto__',
    'constructor',
  ],
];

/** Messages that are odd in themselves. */
const MESSAGES: Readonly<Record<string, string>> = {
  'with an escaped letter': call('"name":"PREFIXs\\u0065cret"'),
  'under an escaped key': call('"n\\u0061me":"PREFIXsecret"'),
  'in the second of two names': call('"name":"PREFIXopen","name":"PREFIXsecret"'),
  'in the first of two names': call('"name":"PREFIXsecret","name":"PREFIXopen"'),
  'in a second name in capitals': call('"name":"PREFIXopen","Name":"secret"'),
  'as the prototype of a call': call('"__proto__":{"name":"secret"}'),
  'in a list of names': call('"name":["PREFIXsecret"]'),
  'as an object': call('"name":{"name":"secret"}'),
  'in params that are a list': '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":["secret"]}',
  'in second params':
    '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"PREFIXopen"},"params":{"name":"secret"}}',
  'in a notification': '{"jsonrpc":"2.0","method":"tools/call","params":{"name":"secret"}}',
  'in a notification with the name that is shown':
    '{"jsonrpc":"2.0","method":"tools/call","params":{"name":"PREFIXsecret"}}',
  'as a task': call('"name":"PREFIXsecret","task":{"ttl":1000}'),
  'in a batch': `[${call('"name":"PREFIXopen"')},${call('"name":"PREFIXsecret"')}]`,
  'by a method in capitals': '{"jsonrpc":"2.0","id":1,"method":"TOOLS/CALL","params":{"name":"secret"}}',
  'by a method in mixed case': '{"jsonrpc":"2.0","id":1,"method":"Tools/Call","params":{"name":"secret"}}',
  'by a notification in mixed case': '{"jsonrpc":"2.0","method":"Tools/call","params":{"name":"secret"}}',
};

describe.each(Object.entries(HIDINGS))(
  'a tool that is hidden %s',
  (_why, { server: rules = {}, bridge: common = {}, secret = {} }) => {
    let server: CatalogServer;
    let bridge: Bridge;
    let folder: Awaited<ReturnType<typeof temporaryFolder>>;

    beforeAll(async () => {
      server = await createCatalogServer([OPEN, { ...SECRET, ...secret }]);
      folder = await temporaryFolder();
      await showOnce(server, folder.path);
      const override = { secret: { aliases: ['alias', 'secret_alias'] }, ...overrideOf(rules) };
      bridge = await startWith(server, { server: { ...rules, override }, bridge: common }, folder.path);
    });
    afterAll(async () => {
      await bridge.stop();
      await server[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    });

    /** Makes attempts, and resolves with the calls of the tool that have come through. The server does not mind how it is written. */
    const passing = async (attempts: Attempts, open: () => Promise<unknown>): Promise<string[]> => {
      const seen = (await server.heard()).length - 1;
      for (const attempt of attempts) await attempt().catch(() => {}); // It is refused.
      // What was sent before has come when this is answered.
      await open();
      const since = (await server.heard()).slice(seen);
      expect(since.some((line) => line.includes('"name":"open"'))).toBe(true);
      return since.filter(isCallOfSecret);
    };

    describe.each(PLACES)('at /$place', ({ place, prefix }) => {
      const fill = (text: string) => text.replaceAll('PREFIX', prefix);

      it.each(Object.entries(TOOL_CLIENTS))(
        'is neither listed nor called for a client with %s',
        async (_way, connect) => {
          await using client = await connect(bridge, place);
          const listed = (await client.list()).map(({ name }) => name);
          expect(listed).toContain(`${prefix}open`);
          expect(listed.join()).not.toMatch(/secret|hush/);
          const attempts = NAMES.map((name) => () => client.call(fill(name)));
          expect(await passing(attempts, () => client.call(`${prefix}open`))).toEqual([]);
        },
      );

      it('cannot be called in messages that are odd', async () => {
        const url = urlAt(bridge, place);
        // The revision with batches. The capability gives the client a process of its own, to which its notifications go.
        const session = await openRawSession(url, { revision: '2025-03-26', capabilities: { roots: {} } });
        const attempts = Object.values(MESSAGES).map((message) => async () => {
          await session.send(fill(message));
          await rawPost(url, fill(message));
        });
        expect(await passing(attempts, () => session.call(2, `${prefix}open`))).toEqual([]);
      });
    });
  },
);

describe('with a grant that only reads', () => {
  let server: CatalogServer;
  let bridge: Target;

  beforeAll(async () => {
    server = await createCatalogServer([OPEN, SECRET]);
    const override = { secret: { aliases: ['alias', 'secret_alias'] } };
    const config = { mcpServers: { files: { ...server.entry, override } }, bridge: { views: { plain: {} } } };
    bridge = await startTarget([], { config });
  });
  afterAll(async () => {
    await bridge[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });

  it.each(['', 'servers/files', 'views/plain'])('nothing that writes can be called at /%s', async (place) => {
    const url = urlAt(bridge, place);
    const { tokens } = await linkByHand({ bridge, resource: url, access: 'read' });
    const headers = bearer(tokens.access_token);
    const client = createStatelessClient(url);
    for (const name of [...NAMES, 'PREFIXdestroy'].map((each) => each.replaceAll('PREFIX', ''))) {
      await client.call(name, {}, { headers });
      await rawPost(url, { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name } }, headers);
    }
    for (const message of Object.values(MESSAGES)) await rawPost(url, message.replaceAll('PREFIX', ''), headers);
    for (const method of ['vendor/secret', 'files/secret', 'notifications/secret'])
      for (const id of [{ id: 1 }, {}]) await rawPost(url, { jsonrpc: '2.0', ...id, method, params: {} }, headers);
    const { result } = await client.call('open', {}, { headers });
    expect(result?.structuredContent).toEqual({ tool: 'open', arguments: {} });
    expect((await server.heard()).filter((line) => /secret|destroy|alias/i.test(line))).toEqual([]);
  });
});

describe('research', () => {
  it('does not lend its hand to what a filter by annotation hides', async () => {
    await using server = await createCatalogServer([OPEN, SECRET]);
    await using folder = await temporaryFolder();
    const research = { search: 'secret', fetch: 'open' };
    const views = { reading: { tools: { readOnly: true }, research: true } };
    const config = { mcpServers: { files: server.entry }, bridge: { research, views } };
    await using bridge = await startBridge(['--state-folder', folder.path], { config });
    for (const connect of Object.values(TOOL_CLIENTS)) {
      await using client = await connect(bridge, 'views/reading');
      expect((await client.list()).map(({ name }) => name)).toEqual(['open']);
      for (const name of ['search', 'fetch', 'SEARCH'])
        await client.call(name, { query: 'secret', id: 'secret' }).catch(() => {});
    }
    expect((await server.heard()).filter(isCallOfSecret)).toEqual([]);
  });
});

/** Arguments, and other members of a call, by which somebody may try to set what the owner has set. */
const SMUGGLED: Readonly<Record<string, string>> = {
  'as they are': '"arguments":{"root":"/evil","force":"/evil"}',
  'in capitals': '"arguments":{"ROOT":"/evil","Force":"/evil"}',
  'in letters that fold to them': '"arguments":{"ROOT":"/evil","ſafe":"/evil","Key":"/evil"}',
  'with escaped letters': '"arguments":{"\\u0072oot":"/evil","f\\u004frce":"/evil"}',
  twice: '"arguments":{"root":"/evil","root":"/evil","force":"/evil","FORCE":"/evil"}',
  'in second arguments': '"arguments":{},"arguments":{"root":"/evil"}',
  'in first arguments': '"arguments":{"root":"/evil"},"arguments":{}',
  'in arguments in capitals': '"Arguments":{"root":"/evil"}',
  'in arguments in capitals, too': '"arguments":{},"ARGUMENTS":{"root":"/evil"}',
  'in arguments under an escaped key': '"arguments":{},"\\u0061rguments":{"root":"/evil"}',
  'in a list': '"arguments":[{"root":"/evil"}]',
  'in a text': '"arguments":"{\\"root\\":\\"/evil\\"}"',
  'under the name of a former parameter': '"arguments":{"input":{"root":"/evil"}}',
  'in a task': '"arguments":{"root":"/evil"},"task":{"ttl":1000}',
};

describe('what the owner has set or hidden', () => {
  let server: CatalogServer;
  let bridge: Bridge;
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;

  beforeAll(async () => {
    const strings = (...names: string[]) => Object.fromEntries(names.map((name) => [name, { type: 'string' }]));
    const properties = strings('root', 'force', 'safe', 'key', 'path');
    const branches = { type: 'object', anyOf: [{ properties, required: ['path'] }, { properties: strings('other') }] };
    server = await createCatalogServer([
      { name: 'open', inputSchema: { type: 'object', properties } },
      { name: 'mended', inputSchema: branches },
    ]);
    folder = await temporaryFolder();
    const rule = { arguments: { root: '/safe' }, hidden: ['force', 'safe', 'key'] };
    const override = { '{open,mended}': rule, open: { aliases: ['alias'] } };
    bridge = await startWith(server, { server: { override } }, folder.path);
  });
  afterAll(async () => {
    await bridge.stop();
    await server[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
  });

  describe.each(PLACES)('at /$place', ({ place, prefix }) => {
    let session: RawSession;
    beforeAll(async () => {
      session = await openRawSession(urlAt(bridge, place), { capabilities: { roots: {} } });
    });

    it.each(Object.entries(SMUGGLED))('is not set by a client %s', async (_way, members) => {
      const url = urlAt(bridge, place);
      const seen = (await server.heard()).length - 1;
      for (const name of ['open', 'mended', 'alias', 'OPEN', 'Mended']) {
        await session.send(call(`"name":"${prefix}${name}",${members}`));
        await rawPost(url, call(`"name":"${prefix}${name}",${members}`));
      }
      await session.call(2, `${prefix}open`, { path: 'last' });
      const calls = (await server.heard()).slice(seen).filter((line) => line.includes('"tools/call"'));
      expect(calls.at(-1)).toContain('{"path":"last","root":"/safe"}');
      for (const line of calls) {
        const { arguments: received = {} } = JSON.parse(line).params;
        expect(received).toMatchObject({ root: '/safe' });
        const evil = Object.entries(received).filter(([key, value]) => value === '/evil' && key !== 'input');
        expect(evil).toEqual([]);
      }
    });
  });
});

type Attempts = readonly (() => Promise<unknown>)[];

/** Whether a server that is as lenient as can be would call the tool. */
function isCallOfSecret(line: string): boolean {
  if (!/"method":"tools\/call"/i.test(line)) return false;
  const names = [...line.matchAll(/"name":("(?:[^"\\]|\\.)*")/gi)].map(([, name = '']) => JSON.parse(name));
  return names.some((name) => /^\W*secret\W*$/i.test(name.normalize('NFKC')));
}

function overrideOf(rules: object): Record<string, object> {
  const { override = {} } = rules as { override?: Record<string, object> };
  return Object.fromEntries(
    Object.entries(override).map(([glob, rule]) => [glob, { aliases: ['alias', 'secret_alias'], ...rule }]),
  );
}

/** An earlier run, in which all was allowed and shown under another name. */
async function showOnce(server: CatalogServer, stateFolder: string): Promise<void> {
  const override = { secret: { name: 'former_secret' } };
  await using bridge = await startWith(server, { server: { override, schemas: 'original' } }, stateFolder);
  for (const { place, prefix } of PLACES) {
    const { messages } = await rawPost(urlAt(bridge, place), { jsonrpc: '2.0', id: 1, method: 'tools/list' });
    expect(JSON.stringify(messages)).toContain(`"${prefix}former_secret"`);
    const called = await rawPost(urlAt(bridge, place), JSON.parse(call(`"name":"${prefix}former_secret"`)));
    expect(called.messages).toMatchObject([{ result: { structuredContent: { tool: 'secret' } } }]);
  }
}

function startWith(
  server: CatalogServer,
  { server: rules = {}, bridge: common = {} }: { server?: object; bridge?: object },
  stateFolder: string,
): Promise<Bridge> {
  const other = { ...server.entry, args: [...server.entry.args, '--name', 'other'], tools: { allow: ['open'] } };
  const config = {
    mcpServers: { files: { ...server.entry, ...rules }, other },
    bridge: { views: { plain: { servers: ['files'], prefix: 'none' }, both: {} }, ...common },
  };
  return startBridge(['--state-folder', stateFolder], { config });
}

function call(params: string): string {
  return `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{${params}}}`;
}
