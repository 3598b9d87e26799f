import * as z from 'zod/mini';
import { COMMON_RULES, SERVER_RULES, TOOL_FILTER, VIEWS } from './catalog-shapes.ts';
import * as kinds from './kinds.ts';
import { RESEARCH } from './research-shape.ts';
import { brought, keyed, of, optional, optionalList, strict } from './shape.ts';
import { TUNNEL } from './tunnel-shape.ts';
import * as urls from './url-kinds.ts';

/** Options of a server that `bridge` may set for all of them. */
const UPSTREAM_OPTIONS = {
  protocol: optional(kinds.PROTOCOL),
  isolation: optional(kinds.ISOLATION),
  startTimeout: optional(kinds.DURATION),
  callTimeout: optional(kinds.DURATION_OR_NONE),
  maxMessage: optional(kinds.SIZE),
  maxLinks: optional(kinds.COUNT),
  idleTimeout: optional(kinds.DURATION_OR_NONE),
  lazy: optional(kinds.YES_OR_NO),
};

/** By the names of tools: what Codex asks its user about. */
const APPROVALS = z.record(z.string(), z.object({}));

/** Keys of other clients that say nothing about how a server is run. */
const FOREIGN_KEYS = `
  alwaysAllow autoApprove alwaysLoad trust isActive autoStart restartOnExit watchPaths dev sandbox sandboxEnabled
  timeout initTimeout networkTimeout longRunning transportType headers auth oauth oauth_resource scopes
  id name title description notes comment tags metadata icon logo logoUrl instructions reference
  version gallery provider providerUrl registryUrl source installSource
  required experimental_environment environment_id default_tools_approval_mode supports_parallel_tool_calls
`
  .trim()
  .split(/\s+/);

/** One server: what Claude, Cursor and VS Code write, what Codex (with underscores), Gemini, Roo and Copilot add, and what is ours. */
export const SERVER = strict(
  {
    ...UPSTREAM_OPTIONS,
    ...COMMON_RULES,
    ...SERVER_RULES,
    command: of(kinds.TEXT),
    args: optionalList(kinds.ANY_TEXT),
    env: z.exactOptional(z.record(z.string(), z.nullable(of(kinds.ANY_TEXT)))),
    env_vars: z.exactOptional(
      z.array(brought(nameOrSelf, of(kinds.TEXT), [of(kinds.TEXT), z.object({ name: of(kinds.TEXT) })])),
    ),
    envFile: optional(kinds.TEXT),
    cwd: optional(kinds.TEXT),
    shell: optional(kinds.YES_OR_NO),
    type: optional(kinds.LOCAL),
    transport: optional(kinds.LOCAL),
    disabled: optional(kinds.YES_OR_NO),
    enabled: optional(kinds.YES_OR_NO),
    tools: z.exactOptional(brought(asToolFilter, TOOL_FILTER, [TOOL_FILTER, z.array(of(kinds.TEXT)), APPROVALS])),
    enabled_tools: optionalList(kinds.TEXT),
    includeTools: optionalList(kinds.TEXT),
    disabled_tools: optionalList(kinds.TEXT),
    disabledTools: optionalList(kinds.TEXT),
    excludeTools: optionalList(kinds.TEXT),
    startup_timeout_sec: optional(kinds.SECONDS),
    startup_timeout_ms: optional(kinds.DURATION),
    tool_timeout_sec: optional(kinds.SECONDS),
  },
  FOREIGN_KEYS,
);

export type ServerKeys = z.output<typeof SERVER>;

export const MOUNT = strict({
  url: of(urls.WEB_URL),
  // May hold variables; what they stand for is checked where they are replaced.
  headers: z.exactOptional(keyed(urls.HEADER_NAME, of(kinds.ANY_TEXT))),
  ws: optional(kinds.YES_OR_NO),
  auth: optional(kinds.YES_OR_NO),
});

const PATHS = z.array(of(urls.URL_PATH));
const ORIGINS = z.array(of(urls.ORIGIN));

export const EXTERNAL = strict({
  issuer: optional(urls.TRUSTED_URL),
  jwksUri: optional(urls.TRUSTED_URL),
  audience: optional(kinds.TEXT),
  scopes: optionalList(kinds.TEXT),
  subjects: optionalList(kinds.TEXT),
});

/** The section `bridge`: the flags under their own names, and defaults for servers. */
export const BRIDGE = strict({
  ...UPSTREAM_OPTIONS,
  ...COMMON_RULES,
  host: optional(urls.HOST),
  port: optional(kinds.PORT),
  localPort: optional(kinds.PORT),
  outputTransport: optional(kinds.OUTPUT_TRANSPORT),
  streamableHttpPath: optional(urls.URL_PATH),
  ssePath: optional(urls.URL_PATH),
  messagePath: optional(urls.URL_PATH),
  healthEndpoint: z.exactOptional(brought(asList, PATHS, [of(urls.URL_PATH), PATHS])),
  cors: z.exactOptional(brought(asOrigins, ORIGINS, [of(kinds.YES_OR_NO), of(urls.ORIGIN), ORIGINS])),
  allowedHosts: optionalList(urls.HOST),
  sessionTimeout: optional(kinds.DURATION),
  maxSessions: optional(kinds.COUNT),
  recreateSessions: optional(kinds.YES_OR_NO),
  auth: optional(kinds.AUTH),
  // May hold variables; what they stand for is checked where they are replaced.
  token: optional(kinds.TEXT),
  publicUrl: optional(urls.PUBLIC_URL),
  tunnel: z.exactOptional(TUNNEL),
  mounts: z.exactOptional(keyed(urls.PLAIN_PATH, MOUNT)),
  pair: optional(kinds.YES_OR_NO),
  stateFolder: optional(kinds.TEXT),
  external: z.exactOptional(EXTERNAL),
  secretPath: optional(kinds.YES_OR_NO),
  clientDocuments: optional(kinds.YES_OR_NO),
  personalMeta: optional(kinds.YES_OR_NO),
  dangerouslyNoAuth: optional(kinds.YES_OR_NO),
  prefix: optional(kinds.PREFIX),
  tools: z.exactOptional(TOOL_FILTER),
  views: z.exactOptional(VIEWS),
  research: z.exactOptional(RESEARCH),
  watch: optional(kinds.YES_OR_NO),
  logLevel: optional(kinds.LOG_LEVEL),
  logFormat: optional(kinds.LOG_FORMAT),
});

/** Copilot writes a list of tools, where none means none; Codex's objects by tool name are approvals, which mean nothing here. */
function asToolFilter(tools: unknown): unknown {
  if (Array.isArray(tools)) return tools.length === 0 ? { deny: ['*'] } : { allow: tools };
  if (typeof tools !== 'object' || tools === null) return tools;
  return Object.values(tools).every((value) => typeof value === 'object' && !Array.isArray(value)) ? {} : tools;
}

function asOrigins(cors: unknown): unknown {
  if (cors === true) return ['loopback'];
  return cors === false ? [] : asList(cors);
}

function asList(value: unknown): unknown {
  return Array.isArray(value) ? value : [value];
}

/** Codex also writes `{ name, source }`. */
function nameOrSelf(value: unknown): unknown {
  return typeof value === 'object' && value !== null && 'name' in value ? value.name : value;
}
