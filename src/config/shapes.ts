import * as z from 'zod/mini';
import * as kinds from './kinds.ts';
import { of, optional, optionalList, strict } from './shape.ts';
import { TUNNEL } from './tunnel-shape.ts';

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

const TOOL_LISTS = strict({ allow: optionalList(kinds.TEXT), deny: optionalList(kinds.TEXT) });

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
    command: of(kinds.TEXT),
    args: optionalList(kinds.ANY_TEXT),
    env: z.exactOptional(z.record(z.string(), z.nullable(of(kinds.ANY_TEXT)))),
    env_vars: z.exactOptional(z.array(z.pipe(z.transform(nameOrSelf), of(kinds.TEXT)))),
    envFile: optional(kinds.TEXT),
    cwd: optional(kinds.TEXT),
    shell: optional(kinds.YES_OR_NO),
    type: optional(kinds.LOCAL),
    transport: optional(kinds.LOCAL),
    disabled: optional(kinds.YES_OR_NO),
    enabled: optional(kinds.YES_OR_NO),
    tools: z.exactOptional(z.pipe(z.transform(asToolLists), TOOL_LISTS)),
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

const MOUNT = strict({
  url: of(kinds.WEB_URL),
  // May hold variables; what they stand for is checked where they are replaced.
  headers: z.exactOptional(z.record(z.string(), of(kinds.ANY_TEXT))),
  ws: optional(kinds.YES_OR_NO),
  auth: optional(kinds.YES_OR_NO),
});

/** The section `bridge`: the flags under their own names, and defaults for servers. */
export const BRIDGE = strict({
  ...UPSTREAM_OPTIONS,
  host: optional(kinds.HOST),
  port: optional(kinds.PORT),
  localPort: optional(kinds.PORT),
  outputTransport: optional(kinds.OUTPUT_TRANSPORT),
  streamableHttpPath: optional(kinds.URL_PATH),
  ssePath: optional(kinds.URL_PATH),
  messagePath: optional(kinds.URL_PATH),
  healthEndpoint: z.exactOptional(z.pipe(z.transform(asList), z.array(of(kinds.URL_PATH)))),
  cors: z.exactOptional(z.pipe(z.transform(asOrigins), z.array(of(kinds.ORIGIN)))),
  allowedHosts: optionalList(kinds.HOST),
  sessionTimeout: optional(kinds.DURATION),
  maxSessions: optional(kinds.COUNT),
  recreateSessions: optional(kinds.YES_OR_NO),
  auth: optional(kinds.AUTH),
  // May hold variables; what they stand for is checked where they are replaced.
  token: optional(kinds.TEXT),
  publicUrl: optional(kinds.PUBLIC_URL),
  tunnel: z.exactOptional(TUNNEL),
  mounts: z.exactOptional(z.record(z.string(), MOUNT)),
  pair: optional(kinds.YES_OR_NO),
  stateFolder: optional(kinds.TEXT),
  external: z.exactOptional(
    strict({
      issuer: optional(kinds.TRUSTED_URL),
      jwksUri: optional(kinds.TRUSTED_URL),
      audience: optional(kinds.TEXT),
      scopes: optionalList(kinds.TEXT),
      subjects: optionalList(kinds.TEXT),
    }),
  ),
  secretPath: optional(kinds.YES_OR_NO),
  clientDocuments: optional(kinds.YES_OR_NO),
  personalMeta: optional(kinds.YES_OR_NO),
  dangerouslyNoAuth: optional(kinds.YES_OR_NO),
  prefix: optional(kinds.PREFIX),
  tools: z.exactOptional(TOOL_LISTS),
  logLevel: optional(kinds.LOG_LEVEL),
  logFormat: optional(kinds.LOG_FORMAT),
});

/** Copilot writes a list of tools, where none means none; Codex's objects by tool name are approvals, which mean nothing here. */
function asToolLists(tools: unknown): unknown {
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
