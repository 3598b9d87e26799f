import type { Prefix, ViewSettings } from './catalog-settings.ts';
import type { Auth, ExternalIssuer, Settings, UpstreamSettings } from './settings.ts';

/** What a server's entry may set and `bridge`, the environment and flags may set for all servers; of the rules, what does not name a server's own tools. */
export type UpstreamOptions = Pick<
  UpstreamSettings,
  | 'protocol'
  | 'isolation'
  | 'startTimeout'
  | 'callTimeout'
  | 'maxMessage'
  | 'maxLinks'
  | 'idleTimeout'
  | 'lazy'
  | 'rules'
>;

/** `auto` is resolved with the other settings in view. */
export type AuthChoice = 'auto' | Auth;

/** A view before the servers are known. */
export interface ViewOptions extends Omit<ViewSettings, 'prefix'> {
  /** `undefined`: as the bridge has it. */
  readonly prefix: Prefix | undefined;
}

/** What `bridge`, the environment and flags may set, before what depends on each other is resolved. */
export interface BridgeOptions
  extends Omit<Settings, 'upstreams' | 'auth' | 'external' | 'tunnel' | 'views' | 'configFile'> {
  readonly auth: AuthChoice;
  readonly external: Partial<ExternalIssuer>;
  readonly views: readonly ViewOptions[];
}

const MAX_MESSAGE = 64 * 2 ** 20;

export const UPSTREAM_DEFAULTS: UpstreamOptions = {
  protocol: 'auto',
  isolation: 'auto',
  // The first `npx` or `docker run` downloads.
  startTimeout: 120_000,
  // Tools may take as long as they need; clients have limits of their own.
  callTimeout: 0,
  maxMessage: MAX_MESSAGE,
  maxLinks: 16,
  // A stopped process forgets: a browser's page, an open database.
  idleTimeout: 0,
  lazy: false,
  rules: {
    tools: { allow: [], deny: [] },
    overrides: [],
    promptOverrides: [],
    resourceOverrides: [],
    // One tool whose schema a client does not take can cost its user all of them.
    schemas: 'strict',
    results: { maxSize: 0, strip: [] },
  },
};

/** Ports and paths are supergateway's, so that its URLs keep working. */
export const DEFAULTS: BridgeOptions = {
  host: '127.0.0.1',
  port: 8000,
  localPort: undefined,
  outputTransport: 'all',
  streamableHttpPath: '/mcp',
  ssePath: '/sse',
  messagePath: '/message',
  healthPaths: [],
  corsOrigins: [],
  allowedHosts: [],
  sessionTimeout: 30 * 60_000,
  maxSessions: 1000,
  recreateSessions: false,
  maxMessage: MAX_MESSAGE,
  auth: 'auto',
  token: undefined,
  publicUrl: undefined,
  mounts: [],
  pair: false,
  stateFolder: undefined,
  external: {},
  secretPath: false,
  // Reaching out to an address that a stranger names is for owners to allow.
  clientDocuments: false,
  personalMeta: false,
  dangerouslyNoAuth: false,
  prefix: 'auto',
  tools: { allow: [], deny: [] },
  views: [],
  research: undefined,
  watch: true,
  logLevel: 'info',
  logFormat: 'text',
};

// The defaults have every key, and their types say so.
export const BRIDGE_OPTIONS = Object.keys(DEFAULTS) as (keyof typeof DEFAULTS)[];
export const UPSTREAM_OPTIONS = Object.keys(UPSTREAM_DEFAULTS) as (keyof UpstreamOptions)[];
