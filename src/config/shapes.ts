import * as z from 'zod/mini';
import * as kinds from './kinds.ts';
import { type Kind, mismatch } from './kinds.ts';
import { nearest } from './nearest.ts';

/** Why a value was refused, and where in it. */
export interface Refusal {
  /** As in JavaScript: `tools.allow[0]`; empty for the value itself. */
  readonly path: string;
  readonly reason: string;
}

/** The checked value, or the first thing that is wrong with it. */
export function check<Schema extends z.ZodMiniType>(
  schema: Schema,
  value: unknown,
): { readonly value: z.output<Schema> } | { readonly refusal: Refusal } {
  const result = z.safeParse(schema, value, { reportInput: true });
  if (result.success) return { value: result.data };
  const [issue] = result.error.issues;
  return { refusal: { path: pathOf(issue?.path ?? []), reason: reasonOf(issue) } };
}

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

/** Says which key of an object is not known, and which one may have been meant. People's comments (`_note`, `//`, `x-...`) pass. */
export function unknownKey(value: object, known: readonly string[]): Refusal | undefined {
  const key = Object.keys(value).find((each) => !known.includes(each) && !/^(?:_|\/\/|\$|x-)/.test(each));
  if (key === undefined) return undefined;
  const meant = nearest(key, known);
  return { path: key, reason: meant === undefined ? 'unknown key' : `unknown key; did you mean ${meant}?` };
}

/** An object that has no keys but these; `ignored` ones are dropped. */
function strict<Shape extends z.core.$ZodShape>(shape: Shape, ignored: readonly string[] = []) {
  const known = [...Object.keys(shape), ...ignored];
  const checkKeys = z.transform((value: unknown, { issues }) => {
    const unknown = typeof value === 'object' && value !== null ? unknownKey(value, known) : undefined;
    if (unknown) issues.push({ code: 'custom', input: value, path: [unknown.path], message: unknown.reason });
    return value;
  });
  return z.pipe(checkKeys, z.object(shape));
}

function of<Value>(kind: Kind<Value>) {
  return z.transform((given: unknown, { issues }): Value => {
    const parsed = /^(?:string|number|boolean)$/.test(typeof given) ? kind.parse(String(given)) : undefined;
    if (parsed !== undefined) return parsed;
    const message = given === undefined ? `missing; expected ${kind.accepts}` : mismatch(kind, given);
    issues.push({ code: 'custom', input: given, message });
    return z.NEVER;
  });
}

function optional<Value>(kind: Kind<Value>) {
  return z.exactOptional(of(kind));
}

function optionalList<Value>(kind: Kind<Value>) {
  return z.exactOptional(z.array(of(kind)));
}

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

function pathOf(keys: readonly PropertyKey[]): string {
  return keys.reduce<string>((path, key) => {
    if (typeof key === 'number') return `${path}[${key}]`;
    return path === '' ? String(key) : `${path}.${String(key)}`;
  }, '');
}

function reasonOf(issue: z.core.$ZodIssue | undefined): string {
  if (issue?.code !== 'invalid_type') return issue?.message ?? 'not valid';
  const accepts = issue.expected === 'array' ? 'a list' : 'an object';
  return mismatch({ accepts, parse: () => undefined }, issue.input);
}
