// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these placeholders are what config files hold
import { BRIDGE } from '../shapes.ts';
import { about, helpOf } from './about.ts';
import { COMMON_KEYS } from './about-server.ts';

export const ABOUT_BRIDGE = about('bridge', BRIDGE, {
  ...COMMON_KEYS,
  maxMessage: {
    text: 'Longest message, from servers and from clients: 64kb, 10MB, 10MiB, or a number of bytes.',
    default: '64MiB',
  },
  host: { text: helpOf('host'), default: '127.0.0.1' },
  port: { text: helpOf('port'), default: 8000 },
  localPort: helpOf('localPort'),
  outputTransport: {
    text: 'Which transports are served: both over HTTP, one of them, or stdio for one client.',
    default: 'all',
  },
  streamableHttpPath: { text: 'Path of Streamable HTTP.', default: '/mcp' },
  ssePath: { text: 'Path of HTTP+SSE.', default: '/sse' },
  messagePath: { text: helpOf('messagePath'), default: '/message' },
  healthEndpoint: { text: 'Paths that answer 200 while the bridge lives.', default: [] },
  cors: {
    text: 'Web pages that may read answers. true: those of this machine; "*": all; or their origins.',
    default: false,
  },
  allowedHosts: { text: "Names to answer to, besides loopback's.", default: [] },
  sessionTimeout: { text: 'How long an idle session lives.', default: '30m' },
  maxSessions: { text: helpOf('maxSessions'), default: 1000 },
  recreateSessions: { text: helpOf('recreateSessions'), default: false },
  auth: { text: helpOf('auth'), default: 'auto' },
  token: {
    text: 'A static token for clients, at least 16 characters. ${VAR} takes it from a variable.',
    examples: ['${BRIDGE_TOKEN}'],
  },
  publicUrl: { text: helpOf('publicUrl'), examples: ['https://bridge.example.com'] },
  tunnel: 'How the bridge is reached from the internet: a provider, or an object with more about it.',
  mounts: {
    text: 'Other web servers under the same address, by path.',
    examples: [{ '/widget': { url: 'http://127.0.0.1:5173' } }],
  },
  pair: { text: 'Whether one more client may be linked at every start.', default: false },
  stateFolder: "Where linked clients and secrets are kept, from the file's folder on.",
  external: 'An OAuth issuer of your own, whose tokens are taken.',
  secretPath: { text: helpOf('secretPath'), default: false },
  clientDocuments: { text: helpOf('clientDocuments'), default: false },
  personalMeta: { text: helpOf('personalMeta'), default: false },
  dangerouslyNoAuth: { text: helpOf('dangerouslyNoAuth'), default: false },
  prefix: { text: helpOf('prefix'), default: 'auto' },
  tools: 'Which tools are offered, of all servers.',
  views: {
    text: 'Selections of the catalog with a URL of their own: /views/NAME/mcp.',
    examples: [{ readonly: { tools: { readOnly: true } } }],
  },
  research: {
    text: 'The tools search and fetch, which ChatGPT wants for deep research, made of what the servers have.',
    examples: [{ search: 'docs__query', fetch: 'docs__get' }],
  },
  watch: { text: 'Whether changes of this file are taken up while the bridge runs.', default: true },
  logLevel: { text: 'How much is logged.', default: 'info' },
  logFormat: { text: 'Lines of text, or an object of JSON each.', default: 'text' },
});
