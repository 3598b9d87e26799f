import type { LogLevel } from '../log.ts';
import type { CatalogRules, Prefix, ResearchSettings, ToolFilter, ViewSettings } from './catalog-settings.ts';

/** How the clients of one upstream share its processes; see `docs/design.md`, "Which link serves whom". */
export type Isolation = 'auto' | 'shared' | 'session';
/** In which era an upstream is spoken to. `2025`: the revisions that `initialize` opens. `2026`: 2026-07-28. `auto`: the first, or the second if it refuses `initialize`. */
export type Protocol = 'auto' | '2025' | '2026';
/** Which wires are served. `all` is both HTTP wires on one port; `stdio` serves one client on stdin and stdout and opens no port for MCP. */
export type OutputTransport = 'all' | 'streamableHttp' | 'sse' | 'stdio';

/** Who may use the tools. `none`: whoever reaches the port. `oauth`: clients that the owner let in. `token`: who has the static token. `external`: who has a token of another issuer. */
export type Auth = 'none' | 'oauth' | 'token' | 'external';

/** Somebody else's authorization server, whose JWTs (RFC 9068) are taken. */
export interface ExternalIssuer {
  /** As its tokens name it, byte for byte. */
  readonly issuer: string;
  /** Where its keys are; absent: where its metadata says. */
  readonly jwksUri?: string;
  /** What its tokens must be meant for; absent: the URL of the endpoint that was called. */
  readonly audience?: string;
  /** Scopes that every token must have. */
  readonly scopes: readonly string[];
  /** Whose tokens are taken; empty: everybody's. */
  readonly subjects: readonly string[];
}

/** How the bridge is reached from outside. Tokens are here whether the file or the environment had them. */
export type TunnelSettings =
  /** Without a token and a hostname a quick tunnel, whose name changes with every start. */
  | {
      readonly provider: 'cloudflared';
      /** Absolute path of the program; absent: it is looked for. */
      readonly bin?: string;
      readonly token?: string;
      /** Where the named tunnel ends. Always there with a token. */
      readonly hostname?: string;
      /** Whether a program that is not there may be downloaded without asking anybody. */
      readonly download: boolean;
    }
  | { readonly provider: 'ngrok'; readonly token: string; readonly domain?: string }
  | {
      readonly provider: 'ssh';
      /** `user@host`, or one of the hosts in `SSH_PRESETS`. */
      readonly to: string;
      readonly port?: number;
      /** More arguments for the program. */
      readonly args: readonly string[];
      /** Origin where that host serves the tunnel; `{port}` in it stands for the port that was given out. Absent: the host prints it. */
      readonly publicUrl?: string;
      /** Which port of that host leads here. Absent: one that is free there. */
      readonly remotePort?: number;
    }
  | { readonly provider: 'pipenet'; readonly host: string; readonly subdomain?: string }
  | { readonly provider: 'tailscale'; readonly port: 443 | 8443 | 10000 }
  /** Any program that prints an https URL. `{port}` and `{origin}` in its arguments are replaced. */
  | { readonly provider: 'command'; readonly command: string; readonly args: readonly string[] }
  /** OpenAI's control plane is asked for work; there is no public URL. */
  | { readonly provider: 'openai'; readonly tunnelId: string; readonly token: string; readonly baseUrl: string };

export type TunnelProvider = TunnelSettings['provider'];

/** Another web server, untouched, under the bridge's origin. */
export interface Mount {
  /** What its paths start with here; no slash at its end. */
  readonly path: string;
  /** Where it is. */
  readonly url: string;
  /** Sent to it with every request. */
  readonly headers: Readonly<Record<string, string>>;
  /** Whether web sockets are passed on. */
  readonly ws: boolean;
  /** Whether only those are let in who may use MCP. */
  readonly auth: boolean;
}

/** One server to bridge. Durations are milliseconds, sizes bytes. */
export interface UpstreamSettings {
  readonly name: string;
  /** Where it was configured, for messages: a file and key, or a flag. */
  readonly origin: string;
  readonly command: string;
  readonly args: readonly string[];
  /** Environment on top of the allow-list that every child gets. */
  readonly env: Readonly<Record<string, string>>;
  /** Absolute working folder. */
  readonly cwd: string;
  /** Whether `command` is one line for the platform's shell (then `args` is empty). */
  readonly shell: boolean;
  readonly protocol: Protocol;
  readonly isolation: Isolation;
  /** For the answer to what opens a link: `initialize` or `server/discover`. */
  readonly startTimeout: number;
  /** For one call; 0 is none. */
  readonly callTimeout: number;
  /** Longest message taken from the child. */
  readonly maxMessage: number;
  /** Most processes at once for this upstream. */
  readonly maxLinks: number;
  /** A process without a call for this long is stopped; 0 is never. */
  readonly idleTimeout: number;
  /** Whether to start at the first request rather than with the bridge. */
  readonly lazy: boolean;
  readonly rules: CatalogRules;
}

/** Everything the bridge was told, merged, checked, defaulted and frozen: defaults < config file < environment < flags. */
export interface Settings {
  readonly upstreams: readonly UpstreamSettings[];
  readonly host: string;
  /** Port of the MCP endpoints; 0 takes a free one. */
  readonly port: number;
  /** Port of the local app (status, readiness) on loopback; `undefined` takes the one after `port`, or a free one. */
  readonly localPort: number | undefined;
  readonly outputTransport: OutputTransport;
  readonly streamableHttpPath: string;
  readonly ssePath: string;
  readonly messagePath: string;
  /** Paths on the MCP port that answer 200 while the process lives. */
  readonly healthPaths: readonly string[];
  /** Browser origins that may read answers. Empty: CORS is off. `*`: any. `loopback`: any port of this machine's loopback names. */
  readonly corsOrigins: readonly string[];
  /** Host names that may be asked for, besides loopback's. */
  readonly allowedHosts: readonly string[];
  /** A 2025 session without a request or an open stream for this long ends. Milliseconds. */
  readonly sessionTimeout: number;
  readonly maxSessions: number;
  /** Whether an unknown session id is taken up as a new session instead of being refused with 404. */
  readonly recreateSessions: boolean;
  /** Longest message taken from a client. Bytes. */
  readonly maxMessage: number;
  readonly auth: Auth;
  /** Static bearer token. Alone with auth `token` (where `undefined` has one generated), beside the others with `oauth` and `external`. */
  readonly token: string | undefined;
  /** The origin (no path, no slash at its end) by which clients reach the bridge from outside: issuer, and an allowed host. */
  readonly publicUrl: string | undefined;
  /** Never together with `publicUrl`: with most providers the origin is known once it is open. */
  readonly tunnel: TunnelSettings | undefined;
  readonly mounts: readonly Mount[];
  /** Whether to open a pairing window at start even when clients are linked. */
  readonly pair: boolean;
  /** Absolute folder where grants and secrets are kept; `undefined` is the platform's. */
  readonly stateFolder: string | undefined;
  /** Always there with auth `external`. */
  readonly external: ExternalIssuer | undefined;
  /** Whether the MCP paths get an unguessable first segment; only with auth `none`. */
  readonly secretPath: boolean;
  /** Whether client id metadata documents of clients that are not in the pinned table are fetched. */
  readonly clientDocuments: boolean;
  /** Whether servers are told what clients say about their users in `_meta`. */
  readonly personalMeta: boolean;
  /** Whether to be reachable from other machines without authentication was asked for in so many words. */
  readonly dangerouslyNoAuth: boolean;
  readonly prefix: Prefix;
  /** Applied to all upstreams, on the tools' own and exposed names. */
  readonly tools: ToolFilter;
  readonly views: readonly ViewSettings[];
  /** `undefined`: there are no such tools. */
  readonly research: ResearchSettings | undefined;
  /** The config file, absolute; `undefined` where there is none. */
  readonly configFile: string | undefined;
  /** Whether changes of the config file are taken up while the bridge runs. */
  readonly watch: boolean;
  readonly logLevel: LogLevel;
  readonly logFormat: 'text' | 'json';
}
