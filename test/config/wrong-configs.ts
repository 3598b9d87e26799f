/** What no config file may say, and what is said about it when the file is `mcp.json`. */
export const WRONG: [unknown, string][] = [
  [[], 'mcp.json: expected an object'],
  [{}, 'mcp.json: no servers in it; expected one of mcpServers, servers, mcp_servers and bridge'],
  [{ mcpServers: [] }, 'mcp.json: mcpServers: expected an object'],
  [{ mcpServers: { a: 'x' } }, 'mcp.json: mcpServers.a: expected an object'],
  [{ mcpServers: { ' ': { command: 'x' } } }, 'mcp.json: mcpServers: a server has an empty name'],
  [{ mcpServers: {}, bridge: {}, mcpServer: {} }, 'mcp.json: mcpServer: unknown key; did you mean mcpServers?'],
  [{ bridge: [] }, 'mcp.json: bridge: expected an object, got a list'],
  [{ bridge: { prot: 1 } }, 'mcp.json: bridge.prot: unknown key; did you mean port?'],
  [{ bridge: { frobnicate: 1 } }, 'mcp.json: bridge.frobnicate: unknown key'],
  [{ bridge: { tools: { alow: [] } } }, 'mcp.json: bridge.tools.alow: unknown key; did you mean allow?'],
  [{ bridge: { port: 'x' } }, 'mcp.json: bridge.port: expected a port from 0 to 65535, got "x"'],
  [{ bridge: { port: null } }, 'mcp.json: bridge.port: expected a port from 0 to 65535, got null'],
  [{ bridge: { tools: { allow: 'x' } } }, 'mcp.json: bridge.tools.allow: expected a list, got "x"'],
  [{ bridge: { ssePath: 'sse' } }, 'mcp.json: bridge.ssePath: expected a path that starts with /, got "sse"'],
  [{ bridge: { external: { isuer: 'x' } } }, 'mcp.json: bridge.external.isuer: unknown key; did you mean issuer?'],
  [
    { bridge: { external: { jwksUri: 'http://issuer.example.com/keys' } } },
    'mcp.json: bridge.external.jwksUri: expected an https URL (http only on this machine) without a fragment, got "http://issuer.example.com/keys"',
  ],
  [{ bridge: { external: { subjects: 'ada' } } }, 'mcp.json: bridge.external.subjects: expected a list, got "ada"'],
  [of({ tols: {} }), 'mcp.json: mcpServers.files.tols: unknown key; did you mean tools?'],
  [of({ frobnicate: 1 }), 'mcp.json: mcpServers.files.frobnicate: unknown key'],
  [of({ tools: { readonly: true } }), 'mcp.json: mcpServers.files.tools.readonly: unknown key; did you mean readOnly?'],
  [
    of({ tools: { deny: [{}] } }),
    'mcp.json: mcpServers.files.tools.deny[0]: expected a text that is not empty, got an object',
  ],
  [of({ args: '-y' }), 'mcp.json: mcpServers.files.args: expected a list, got "-y"'],
  [of({ args: [['-y']] }), 'mcp.json: mcpServers.files.args[0]: expected a text, got a list'],
  [of({ env: [] }), 'mcp.json: mcpServers.files.env: expected an object, got a list'],
  [of({ env: { A: {} } }), 'mcp.json: mcpServers.files.env.A: expected a text, got an object'],
  [of({ protocol: 2024 }), 'mcp.json: mcpServers.files.protocol: expected auto, 2025 or 2026, got 2024'],
  [of({ isolation: 'all' }), 'mcp.json: mcpServers.files.isolation: expected auto, shared or session, got "all"'],
  [of({ type: 'sse' }), 'mcp.json: mcpServers.files.type: expected stdio or local, got "sse"'],
  [of({ command: '' }), 'mcp.json: mcpServers.files.command: expected a text that is not empty, got ""'],
  [{ mcpServers: { files: {} } }, 'mcp.json: mcpServers.files.command: missing; expected a text that is not empty'],
  [
    of({ tools: { readOnly: 'maybe' } }),
    'mcp.json: mcpServers.files.tools.readOnly: expected true or false, got "maybe"',
  ],
  [of({ overide: {} }), 'mcp.json: mcpServers.files.overide: unknown key; did you mean override?'],
  [of({ override: [] }), 'mcp.json: mcpServers.files.override: expected an object, got a list'],
  [of({ override: { '': {} } }), 'mcp.json: mcpServers.files.override: expected a text that is not empty, got ""'],
  [of({ override: { read: 'x' } }), 'mcp.json: mcpServers.files.override.read: expected an object, got "x"'],
  [
    of({ override: { read: { descripton: 'x' } } }),
    'mcp.json: mcpServers.files.override.read.descripton: unknown key; did you mean description?',
  ],
  [
    of({ override: { read: { name: 'read.file' } } }),
    'mcp.json: mcpServers.files.override.read.name: expected a name of 1 to 64 letters, digits, _ and -, got "read.file"',
  ],
  [
    of({ override: { 'read_*': { name: 'read' } } }),
    'mcp.json: mcpServers.files.override.read_*.name: is for one alone, and a glob may match several; write the name instead',
  ],
  [
    of({ override: { 'read_?': { title: 'Read', aliases: ['cat'] } } }),
    'mcp.json: mcpServers.files.override.read_?.aliases: is for one alone, and a glob may match several; write the name instead',
  ],
  [
    of({ override: { read: { aliases: 'cat' } } }),
    'mcp.json: mcpServers.files.override.read.aliases: expected a list, got "cat"',
  ],
  [
    of({ override: { read: { description: { before: 'x' } } } }),
    'mcp.json: mcpServers.files.override.read.description.before: unknown key',
  ],
  [
    of({ override: { read: { annotations: { readOnly: true } } } }),
    'mcp.json: mcpServers.files.override.read.annotations.readOnly: unknown key',
  ],
  [
    of({ override: { read: { parameters: { path: { enum: [] } } } } }),
    'mcp.json: mcpServers.files.override.read.parameters.path.enum: expected a list that is not empty',
  ],
  [
    of({ override: { read: { arguments: ['head'] } } }),
    'mcp.json: mcpServers.files.override.read.arguments: expected an object, got a list',
  ],
  [
    of({ override: { read: { _meta: 1 } } }),
    'mcp.json: mcpServers.files.override.read._meta: expected an object, got 1',
  ],
  [
    of({ overridePrompts: { ask: { aliases: [] } } }),
    'mcp.json: mcpServers.files.overridePrompts.ask.aliases: unknown key',
  ],
  [
    of({ overridePrompts: { '{ask,tell}': { name: 'x' } } }),
    'mcp.json: mcpServers.files.overridePrompts.{ask,tell}.name: is for one alone, and a glob may match several; write the name instead',
  ],
  [
    of({ overrideResources: { 'file:///*': { name: ' ' } } }),
    'mcp.json: mcpServers.files.overrideResources.file:///*.name: expected a text that is not empty, got " "',
  ],
  [of({ schemas: 'loose' }), 'mcp.json: mcpServers.files.schemas: expected strict or original, got "loose"'],
  [
    of({ results: { maxSize: 999 } }),
    'mcp.json: mcpServers.files.results.maxSize: expected a size such as 100kb or 1MiB, at least 1kb, or 0 for none, got 999',
  ],
  [
    of({ results: { strip: ['video'] } }),
    'mcp.json: mcpServers.files.results.strip[0]: expected text, image, audio, resource or resource_link, got "video"',
  ],
  [{ bridge: { results: { max: 1 } } }, 'mcp.json: bridge.results.max: unknown key'],
  [{ bridge: { watch: 'often' } }, 'mcp.json: bridge.watch: expected true or false, got "often"'],
  [
    { bridge: { views: { 'a/b': {} } } },
    'mcp.json: bridge.views: expected a name of letters, digits and ._-, got "a/b"',
  ],
  [{ bridge: { views: { '..': {} } } }, 'mcp.json: bridge.views: expected a name of letters, digits and ._-, got ".."'],
  [{ bridge: { views: { docs: { tool: {} } } } }, 'mcp.json: bridge.views.docs.tool: unknown key; did you mean tools?'],
  [
    { bridge: { views: { docs: { servers: [] } } } },
    'mcp.json: bridge.views.docs.servers: expected a list that is not empty',
  ],
  [
    { bridge: { views: { docs: { override: { docs: { 'a*': { name: 'a' } } } } } } },
    'mcp.json: bridge.views.docs.override.docs.a*.name: is for one alone, and a glob may match several; write the name instead',
  ],
  [
    { bridge: { research: { search: 'query' } } },
    'mcp.json: bridge.research.fetch.tool: missing; expected a text that is not empty',
  ],
  [
    { bridge: { research: { search: { fields: {} }, fetch: 'get' } } },
    'mcp.json: bridge.research.search.tool: missing; expected a text that is not empty',
  ],
  [
    { bridge: { research: { search: 'query', fetch: { tool: 'get', fields: { results: 'items' } } } } },
    'mcp.json: bridge.research.fetch.fields.results: unknown key',
  ],
  [
    { bridge: { research: { search: { tool: 'query', fields: { id: 'a..b' } }, fetch: 'get' } } },
    'mcp.json: bridge.research.search.fields.id: expected a path such as data.items, got "a..b"',
  ],
  [
    { bridge: { tunnel: 'cloudflare' } },
    'mcp.json: bridge.tunnel.provider: expected cloudflared, ngrok, ssh, pipenet, tailscale, command or openai, got "cloudflare"',
  ],
  [
    { bridge: { mounts: { '/a': {} } } },
    'mcp.json: bridge.mounts./a.url: missing; expected an address such as http://127.0.0.1:5173',
  ],
];

/** The same, but only by what stands elsewhere in the file. */
export const CLASHING: [unknown, string][] = [
  [
    { mcpServers: { files: { command: 'x' } }, servers: { files: { command: 'y' } } },
    'mcp.json: servers.files: the name is taken by mcpServers.files; rename one',
  ],
  [
    of({ override: { read: { name: 'cat' }, show: { name: 'cat' } } }),
    'mcp.json: mcpServers.files.override.show.name: cat is given to read as well; choose another one',
  ],
  [
    of({ override: { read: { name: 'cat' }, show: { aliases: ['cat'] } } }),
    'mcp.json: mcpServers.files.override.show.aliases: cat is given to read as well; choose another one',
  ],
  [
    of({ overridePrompts: { ask: { name: 'a' }, tell: { name: 'a' } } }),
    'mcp.json: mcpServers.files.overridePrompts.tell.name: a is given to ask as well; choose another one',
  ],
];

/** A file with one server, of which these keys are said. */
function of(keys: object) {
  return { mcpServers: { files: { command: 'x', ...keys } } };
}
