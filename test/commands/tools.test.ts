import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { fixture } from '../support/fixtures.ts';
import { runTools, serverWith, tool } from './tools/support.ts';

const READS = { annotations: { readOnlyHint: true } };
const ECHO = fixture('echo-server', '--tools', 'echo,sleep,exit');
const MISSING = { command: 'no-such-program' };
const DRIVES_TERMINALS = ['\u001b', '\u009b'];
/** A start that must not be. */
const NEVER = {
  start: () => {
    throw new Error('servers were started');
  },
};

describe('tools ls', () => {
  it('lists each tool with what it may do, whose it is, what it costs and what it is for', async () => {
    const files = await serverWith(
      tool('read', { ...READS, description: 'Reads a file.\nAnd more.' }),
      tool('append', { annotations: { readOnlyHint: false, destructiveHint: false } }),
      tool('write', { description: '  Writes a file.' }),
    );
    const config = {
      mcpServers: { files: { ...files, override: { write: { title: 'Write' } } }, echo: ECHO },
      bridge: { tools: { deny: ['sleep', 'exit'] } },
    };
    const { isFine, out, err } = await runTools([], { config });
    expect(out.split('\n')).toEqual([
      'Tool           Effect       Source        Tokens  Description',
      'files__read    read         files             18  Reads a file.',
      'files__append  write        files             12',
      'files__write   destructive  files, owner      17  Writes a file.',
      'echo__echo     read         echo              24  Returns its arguments.',
      '',
      '4 tools, 2 read-only, about 71 tokens; 2 more hidden (--all shows them)',
      'ChatGPT asks its user before it calls what is not read-only.',
      '',
    ]);
    expect({ isFine, err }).toEqual({ isFine: true, err: '' });
  });

  it('shows what clients do not see with --all, and why', async () => {
    const server = await serverWith(
      tool('open', READS),
      tool('closed', READS),
      tool('writes'),
      // The owner can have it shown all the same.
      tool('odd', { ...READS, inputSchema: { type: 'string' } }),
    );
    const config = { mcpServers: { server: { ...server, tools: { deny: ['closed'], readOnly: true } } } };
    const { out } = await runTools(['--all'], { config });
    expect(out).toMatch(/^closed +read .*\(a filter hides it \(.*mcpServers\.server\)\)$/m);
    expect(out).toMatch(/^writes +destructive .*\(a filter hides it for its annotations\)$/m);
    expect(out).toMatch(/^odd +read .*\(clients would refuse its schema: .+\)$/m);
    expect(out).toContain('1 tool, 1 read-only');
    expect(out).toContain('; 3 more hidden\n');
  });

  it('takes the flags that choose servers and tools', async () => {
    const { command, args } = ECHO;
    const { out } = await runTools(['ls', '--read-only', '--prefix', 'server', '--', command, ...args]);
    expect(out).toMatch(/^echo-server__echo +read/m);
    expect(out).not.toContain('sleep');
  });

  it('shows a view as its clients see it, and does not start the servers of others', async () => {
    const config = {
      mcpServers: { echo: ECHO, missing: MISSING },
      bridge: {
        views: {
          quiet: { servers: ['echo'], tools: { allow: ['echo'] }, override: { echo: { echo: { name: 'say' } } } },
        },
      },
    };
    const { isFine, out } = await runTools(['--view', 'quiet'], { config });
    expect(out).toMatch(/^say +read +echo, owner/m);
    expect(out).toMatch(/\n1 tool, .*; 2 more hidden/);
    expect({ isFine, says: out.includes('missing') }).toEqual({ isFine: true, says: false });
  });

  it('shows the tools for research as its own', async () => {
    const config = {
      mcpServers: { echo: fixture('echo-server') },
      bridge: { tools: { allow: ['echo', 'search', 'fetch'] }, research: { search: 'resources', fetch: 'resources' } },
    };
    const { out } = await runTools([], { config });
    expect(out).toMatch(/^search +read +mcp-bridge /m);
    expect(out).toMatch(/^fetch +read +mcp-bridge /m);
  });

  it('names the servers that failed, and is not fine then', async () => {
    const { isFine, out } = await runTools([], { config: { mcpServers: { echo: ECHO, missing: MISSING } } });
    expect(out).toMatch(/^echo__echo /m);
    expect(out).toMatch(/\n✗ missing: command not found: no-such-program\..*\n$/);
    expect(isFine).toBe(false);
  });

  it('says so where there is nothing to list', async () => {
    const config = { mcpServers: { echo: { ...ECHO, tools: { allow: ['none'] } } } };
    expect((await runTools([], { config })).out).toBe('Clients see no tools; 3 more hidden (--all shows them)\n');
  });

  it('starts lazy servers too, as nobody else will', async () => {
    const { out } = await runTools([], { config: { mcpServers: { echo: { ...ECHO, lazy: true } } } });
    expect(out).toContain('3 tools, 1 read-only');
  });

  it('is not in the way of what a config file says of clients', async () => {
    const config = {
      mcpServers: { echo: ECHO },
      bridge: {
        tunnel: { provider: 'ngrok', token: `\${NOT_SET}` },
        token: `\${NOT_SET}`,
        auth: 'oauth',
        mounts: { '/app': { url: 'http://127.0.0.1:1', headers: { a: `\${NOT_SET}` } } },
        port: 8000,
        localPort: 8000,
      },
    };
    expect(await runTools([], { config })).toMatchObject({ isFine: true });
  });

  it('cuts lines to the width there is', async () => {
    const server = await serverWith(tool('read', { description: 'A long description. '.repeat(20) }));
    const { out } = await runTools([], { config: { mcpServers: { server } }, columns: 60 });
    expect(out.split('\n')[1]).toMatch(/^read .*A long desc.*…$/);
    for (const line of out.split('\n').slice(0, 2)) expect(line.length).toBeLessThanOrEqual(60);
  });

  it('lets no server drive the terminal', async () => {
    const server = await serverWith(tool('read', { description: 'red \u001b[31m\u009b2J' }));
    const config = { mcpServers: { server } };
    for (const args of [[], ['--json'], ['show', 'read'], ['call', 'read', '{"a":"\u009b2J"}']]) {
      const { out } = await runTools(args, { config, isTerminal: true });
      expect([...out].filter((character) => DRIVES_TERMINALS.includes(character))).toEqual([]);
    }
  });

  it.each([
    { count: 128, says: false },
    { count: 129, says: true },
  ])('says of $count tools whether some clients take no more: $says', async ({ count, says }) => {
    const server = await serverWith(...Array.from({ length: count }, (_, index) => tool(`tool-${index}`, READS)));
    const { out } = await runTools([], { config: { mcpServers: { server } } });
    expect(out.includes('Some clients take no more than 128 tools. Offer fewer: --allow')).toBe(says);
    expect(out).not.toContain('ChatGPT asks');
  });

  it.each([
    { kilobytes: 90, says: false },
    { kilobytes: 110, says: true },
  ])('says of $kilobytes kB of descriptions whether that is much for a model: $says', async ({ kilobytes, says }) => {
    const server = await serverWith(tool('read', { description: 'x'.repeat(kilobytes * 1000) }));
    const { out } = await runTools([], { config: { mcpServers: { server } } });
    expect(out.includes('Models choose badly among so much text.')).toBe(says);
    expect(out).toMatch(says ? /about 28,000 tokens/ : /about 23,000 tokens/);
  });

  it('gives programs all there is, with --json', async () => {
    const server = await serverWith(tool('read', { description: 'Reads.' }), tool('other'));
    const override = { read: { name: 'look', annotations: { readOnlyHint: true }, arguments: { deep: true } } };
    const config = { mcpServers: { server: { ...server, override, tools: { deny: ['other'] } }, missing: MISSING } };
    const { isFine, out } = await runTools(['--json', '--prefix', 'none'], { config });
    expect(JSON.parse(out)).toEqual({
      tools: [
        {
          ...{ name: 'look', server: 'server', ownName: 'read', effect: 'read', hidden: null, tokens: 12 },
          ...{
            owned: ['name', 'annotations.readOnlyHint'],
            withheld: [],
            presets: { deep: true },
            aliases: [],
            repairs: [],
          },
          definition: { ...tool('look', { description: 'Reads.' }), annotations: { readOnlyHint: true } },
          original: tool('read', { description: 'Reads.' }),
        },
      ],
      totals: { tools: 1, readOnly: 1, tokens: 12, hidden: 1 },
      failures: [{ server: 'missing', reason: expect.stringContaining('command not found') }],
    });
    expect(isFine).toBe(false);

    const all = JSON.parse((await runTools(['--json', '--all'], { config })).out);
    expect(all.tools).toMatchObject([
      { hidden: null },
      { ownName: 'other', hidden: { by: 'filter', origin: expect.any(String) } },
    ]);
  });
});

describe('tools show', () => {
  it('shows all there is to know of a tool, and whose word it is', async () => {
    const server = await serverWith(
      tool('read', {
        title: 'Read',
        description: 'Reads a file.\n\nOf any size.',
        inputSchema: {
          $schema: 'http://json-schema.org/draft-07/schema#',
          type: 'object',
          properties: {
            path: { type: 'string', description: 'Where it is' },
            mode: { type: 'string', enum: ['text', 'hex'] },
            head: { type: 'integer' },
          },
          required: ['path'],
        },
        annotations: { readOnlyHint: false, openWorldHint: false },
      }),
    );
    const override = {
      read: {
        annotations: { readOnlyHint: true, destructiveHint: false },
        parameters: { path: { description: 'The file' } },
        hidden: ['head'],
      },
    };
    const { isFine, out } = await runTools(['show', 'read'], {
      config: { mcpServers: { files: { ...server, override } } },
    });
    expect(out.split('\n')).toEqual([
      'Tool          read',
      'Title         Read',
      'Source        files, where it is read',
      'Effect        read',
      expect.stringMatching(/^Tokens {8}about \d+$/),
      "Owner's word  annotations.readOnlyHint, annotations.destructiveHint, inputSchema.properties.path.description",
      'Withheld      head (parameters that clients do not see)',
      '',
      'Description',
      '  Reads a file.',
      '',
      '  Of any size.',
      '',
      'Parameters',
      '  path  string, required',
      '      The file',
      '  mode  one of "text", "hex"',
      '',
      'Annotations',
      "  readOnlyHint     true   the owner's word; the server says false",
      "  destructiveHint  false  the owner's word; the server does not say",
      '  idempotentHint   -      not said; means nothing, as it only reads',
      "  openWorldHint    false  the server's word",
      '',
      'Mended, so that clients take it',
      '  removed $schema',
      '',
    ]);
    expect(isFine).toBe(true);
  });

  it('shows what is always sent as it stands in the file, as a variable may be a secret, and former names', async () => {
    const server = await serverWith(
      tool('read', { inputSchema: { type: 'object', properties: { head: { type: 'integer' } } } }),
    );
    const override = { read: { aliases: ['cat'], arguments: { head: 10, key: `\${KEY:-s3cret}` } } };
    const config = { mcpServers: { files: { ...server, override } } };
    const { out } = await runTools(['show', 'read'], { config });
    expect(out).toContain(`\nFormerly  cat\n`);
    expect(out).toContain(`\nAlways sent, whatever clients send\n  head  10\n  key   "\${KEY:-s3cret}"\n`);
    expect((await runTools([], { config })).out).toMatch(/^read +destructive +files, owner/m);
    const { out: json } = await runTools(['show', 'read', '--json'], { config });
    expect(JSON.parse(json)).toMatchObject({ presets: override.read.arguments, aliases: ['cat'], withheld: ['head'] });
  });

  it('says what annotations that nobody speaks of count as', async () => {
    const { out } = await runTools(['show', 'sleep'], { config: { mcpServers: { echo: ECHO } } });
    expect(out).toContain('readOnlyHint     -  not said; counts as false\n');
    expect(out).toContain('destructiveHint  -  not said; counts as true\n');
    expect(out).toContain('idempotentHint   -  not said; counts as false\n');
    expect(out).toContain('openWorldHint    -  not said; counts as true\n');
  });

  it('shows a tool that clients do not see, and why they do not', async () => {
    const config = { mcpServers: { echo: { ...ECHO, tools: { deny: ['exit'] } } } };
    expect((await runTools(['show', 'exit'], { config })).out).toMatch(
      /\nHidden {2}a filter hides it \(.*mcpServers\.echo\)\n/,
    );
    const common = await runTools(['show', 'exit', '--deny', 'exit'], { config: { mcpServers: { echo: ECHO } } });
    expect(common.out).toContain('\nHidden  a filter hides it (tools of all servers)\n');
  });

  it('gives programs the definition, and what its server made it', async () => {
    const server = await serverWith(tool('read'));
    const config = { mcpServers: { server: { ...server, override: { read: { name: 'look' } } } } };
    const { out } = await runTools(['show', 'look', '--json'], { config });
    expect(JSON.parse(out)).toMatchObject({ name: 'look', definition: tool('look'), original: tool('read') });
  });

  it.each([
    { given: 'slep', says: 'there is no tool slep; did you mean echo__sleep?', prefix: 'none', meant: 'sleep' },
    {
      given: 'sleep',
      says: 'there is no tool sleep; did you mean echo__sleep?',
      prefix: 'server',
      meant: 'echo__sleep',
    },
    { given: 'frobnicate', says: 'there is no tool frobnicate; mcp-bridge tools lists all', prefix: 'none', meant: '' },
  ])('offers the name that $given was meant to be', async ({ given, says, prefix, meant }) => {
    const config = { mcpServers: { echo: ECHO } };
    const { isFine, out, err } = await runTools(['show', given, '--prefix', prefix], { config });
    expect(err).toBe(`mcp-bridge: ${says.replace('echo__sleep', meant)}\n`);
    expect({ isFine, out }).toEqual({ isFine: false, out: '' });
  });

  it('offers the name with its prefix for one that the owner gave', async () => {
    const config = { mcpServers: { echo: { ...ECHO, override: { sleep: { name: 'nap' } } } } };
    const { err } = await runTools(['show', 'nap', '--prefix', 'server'], { config });
    expect(err).toBe('mcp-bridge: there is no tool nap; did you mean echo__nap?\n');
  });

  it('says of the tools for research that what they are made of has spoken', async () => {
    const reads = { annotations: { readOnlyHint: true }, inputSchema: { properties: { q: { type: 'string' } } } };
    const server = await serverWith(tool('find', reads), tool('get', reads));
    const config = { mcpServers: { server }, bridge: { research: { search: 'find', fetch: 'get' } } };
    const { out } = await runTools(['show', 'search'], { config });
    expect(out).toMatch(/\n {2}readOnlyHint +true +as of the tools that it is made of\n/);
  });

  it('says which servers have told nothing, as the tool may be theirs', async () => {
    const { isFine, err } = await runTools(['show', 'x'], { config: { mcpServers: { missing: MISSING } } });
    expect(err).toMatch(/^mcp-bridge: there is no tool x; .*\n✗ missing: command not found/);
    expect(isFine).toBe(false);
  });
});

describe('tools call', () => {
  it('sends the arguments as they were typed, and prints the text of the result as it is', async () => {
    const server = await serverWith(tool('read'));
    const args = '{"n":12345678901234567890,"x":1.0}';
    const { isFine, out } = await runTools(['call', 'read', args], { config: { mcpServers: { server } } });
    expect(out).toContain(`"arguments":${args}`);
    expect(isFine).toBe(true);
  });

  it('sends an empty object where nothing is said', async () => {
    const { out } = await runTools(['call', 'echo'], { config: { mcpServers: { echo: ECHO } } });
    expect(out).toBe('{}\n');
  });

  it('reads the arguments from the input with -', async () => {
    const input = Readable.from([Buffer.from('{"message":'), Buffer.from('"grüße"}\n')]);
    const { out } = await runTools(['call', 'echo', '-'], { config: { mcpServers: { echo: ECHO } }, input });
    expect(out).toBe('{"message":"grüße"}\n');
  });

  it.each([
    ['{"a":x}', 'the arguments are no JSON: Unexpected character at position 5 of JSON text'],
    ['{"a":', 'the arguments are no JSON: Unexpected end of JSON text'],
    ['{"a":1,"a":2}', 'the arguments are no JSON: The key "a" occurs twice'],
    ['[1]', 'the arguments have to be an object, such as {"path": "."}'],
  ])('refuses %s before it starts anything', async (args, message) => {
    await expect(
      runTools(['call', 'echo', args], { config: { mcpServers: { echo: ECHO } }, ...NEVER }),
    ).rejects.toMatchObject({ code: 'USAGE', message });
  });

  it('calls by the name that clients see, or saw once, with what the owner has fixed', async () => {
    const server = await serverWith(tool('read'));
    const override = { read: { name: 'look', aliases: ['watch'], arguments: { deep: true } } };
    const config = { mcpServers: { server: { ...server, override } } };
    for (const name of ['look', 'watch']) {
      const { out } = await runTools(['call', name, '{"deep":false}', '--json'], { config });
      expect(JSON.parse(out).structuredContent).toEqual({ tool: 'read', arguments: { deep: true } });
    }
  });

  it('does not wait for other servers', async () => {
    const config = { mcpServers: { echo: ECHO, slow: fixture('echo-server', '--start-delay', '100000') } };
    const { out } = await runTools(['call', 'echo__echo', '{"a":1}'], { config });
    expect(out).toBe('{"a":1}\n');
  });

  it('prints what a tool says of its failure to where errors go', async () => {
    const config = { mcpServers: { echo: fixture('echo-server', '--tools', 'ask') } };
    const { isFine, out, err } = await runTools(['call', 'ask', '{"kind":"roots"}'], { config });
    expect(err).toMatch(/-32601/);
    expect({ isFine, out }).toEqual({ isFine: false, out: '' });
  });

  it('prints the message of an error', async () => {
    const config = { mcpServers: { missing: MISSING, echo: ECHO } };
    const { isFine, out, err } = await runTools(['call', 'missing__x'], { config });
    expect(err).toMatch(/^mcp-bridge: missing: .*command not found: no-such-program\..*\n$/);
    expect({ isFine, out }).toEqual({ isFine: false, out: '' });
  });

  it('gives programs the error with --json', async () => {
    const config = { mcpServers: { echo: ECHO } };
    const { isFine, out } = await runTools(['call', 'ecko', '--json'], { config });
    expect(JSON.parse(out)).toMatchObject({ error: { code: -32602 } });
    expect(isFine).toBe(false);
  });

  it('offers the name of a tool that is there for one that is not', async () => {
    const config = { mcpServers: { a: ECHO, b: ECHO } };
    const { isFine, err } = await runTools(['call', 'echo'], { config });
    expect(err).toBe('mcp-bridge: there is no tool echo; did you mean a__echo or b__echo?\n');
    expect(isFine).toBe(false);
  });

  it('says why a tool is not to be called', async () => {
    const config = { mcpServers: { echo: { ...ECHO, tools: { deny: ['exit'] } } } };
    const { isFine, err } = await runTools(['call', 'exit'], { config });
    expect(err).toMatch(/^mcp-bridge: clients do not see exit: a filter hides it \(.*mcpServers\.echo\)\n$/);
    expect(isFine).toBe(false);
  });
});

describe('tools', () => {
  it.each([
    ['quite', 'there is no view quite; did you mean quiet?'],
    ['loud', 'there is no view loud; expected quiet'],
  ])('refuses the view %s before it starts anything', async (view, message) => {
    const config = { mcpServers: { echo: ECHO }, bridge: { views: { quiet: {} } } };
    await expect(runTools(['--view', view], { config, ...NEVER })).rejects.toMatchObject({ code: 'USAGE', message });
  });

  it('says so where there are no views at all', async () => {
    const config = { mcpServers: { echo: ECHO } };
    const message = 'there is no view x; there are none';
    await expect(runTools(['--view', 'x'], { config, ...NEVER })).rejects.toMatchObject({ code: 'USAGE', message });
  });
});
