/** `auto`: names are prefixed once there are several upstreams. `server`: always. `none`: never, unless two names collide. */
export type Prefix = 'auto' | 'server' | 'none';

/** Which tools are offered. All of it has to allow a tool. */
export interface ToolFilter {
  /** Globs over tool names; empty allows all. */
  readonly allow: readonly string[];
  /** Globs over tool names; wins over `allow`. */
  readonly deny: readonly string[];
  /** By annotation, as it is shown to clients; what a tool does not say counts as the specification has it. `undefined`: either way. */
  readonly readOnly?: boolean | undefined;
  readonly destructive?: boolean | undefined;
  readonly openWorld?: boolean | undefined;
}

/** What becomes of a text of a server's. */
export interface TextOverride {
  readonly replace?: string;
  readonly prepend?: string;
  readonly append?: string;
}

/** What the owner says of the tools whose own names a glob matches. */
export interface ToolOverride {
  readonly glob: string;
  /** Where it was configured, for messages. */
  readonly origin: string;
  /** The name that takes the place of the server's, before any prefix. Only for a glob that is a plain name. */
  readonly name?: string;
  /** Names that it had formerly, before any prefix; calls under them are taken. Only for a glob that is a plain name. */
  readonly aliases?: readonly string[];
  readonly title?: string;
  readonly description?: TextOverride;
  readonly annotations?: ToolAnnotations;
  readonly parameters?: Readonly<Record<string, ParameterOverride>>;
  /** Always sent, whatever the client sends; clients do not see these parameters. */
  readonly arguments?: Readonly<Record<string, unknown>>;
  /** The same as they stand in the file: a variable may be a secret, its name is none. */
  readonly writtenArguments?: Readonly<Record<string, unknown>>;
  /** Parameters that clients do not see and cannot set. */
  readonly hidden?: readonly string[];
  /** Members for `_meta`; `null` takes one away. */
  readonly meta?: Readonly<Record<string, unknown>>;
}

/** The hints of the specification (`ToolAnnotations`). */
export interface ToolAnnotations {
  readonly title?: string;
  readonly readOnlyHint?: boolean;
  readonly destructiveHint?: boolean;
  readonly idempotentHint?: boolean;
  readonly openWorldHint?: boolean;
}

export interface ParameterOverride {
  readonly description?: TextOverride;
  /** The values that clients may choose from. */
  readonly enum?: readonly unknown[];
}

/** What the owner says of the prompts whose own names a glob matches. */
export interface PromptOverride {
  readonly glob: string;
  readonly origin: string;
  /** Only for a glob that is a plain name. */
  readonly name?: string;
  readonly title?: string;
  readonly description?: TextOverride;
}

/** What the owner says of the resources and templates whose URIs a glob matches. */
export interface ResourceOverride {
  readonly glob: string;
  readonly origin: string;
  readonly name?: string;
  readonly title?: string;
  readonly description?: TextOverride;
}

/** Kinds of content in results that not every client can show. */
export type ContentType = 'text' | 'image' | 'audio' | 'resource' | 'resource_link';

/** What of a server's results is kept from clients. */
export interface ResultLimits {
  /** Longest result; the rest of a longer one is a resource. Bytes; 0 is no limit. */
  readonly maxSize: number;
  /** Content that is replaced by a note. */
  readonly strip: readonly ContentType[];
}

/** `strict`: schemas of tools are mended until remote clients take them. `original`: they are the server's. */
export type Schemas = 'strict' | 'original';

/** How a server is shown; none of it concerns its processes. */
export interface CatalogRules {
  readonly tools: ToolFilter;
  /** Of several that match a tool all count, the later ones first. */
  readonly overrides: readonly ToolOverride[];
  readonly promptOverrides: readonly PromptOverride[];
  readonly resourceOverrides: readonly ResourceOverride[];
  readonly schemas: Schemas;
  readonly results: ResultLimits;
}

/** A selection of the catalog with a URL of its own: `/views/NAME/mcp`. */
export interface ViewSettings {
  readonly name: string;
  /** Where it was configured, for messages. */
  readonly origin: string;
  /** Names of servers; empty is all of them. */
  readonly servers: readonly string[];
  /** Comes on top of all other filters. */
  readonly tools: ToolFilter;
  /** Come on top of the servers' own, by the server's name. */
  readonly overrides: Readonly<Record<string, readonly ToolOverride[]>>;
  readonly prefix: Prefix;
  /** `undefined`: as each server's rules have it. */
  readonly schemas: Schemas | undefined;
  /** Whether the tools `search` and `fetch` are there, where `research` is configured. */
  readonly research: boolean;
}

/** One of the tools that deep research wants, as it is made of what servers have. */
export interface ResearchSource {
  /** A tool by the name it has in the catalog of all servers; `undefined` for the resources. */
  readonly tool: string | undefined;
  /** Which of the tool's parameters takes the query, or the id. `undefined`: the only text that it requires, or its first. */
  readonly parameter: string | undefined;
  /** Sent along with every call. */
  readonly arguments: Readonly<Record<string, unknown>>;
  /** Where in the result things are: members of the tool's structured (or JSON) result, as paths such as `data.items`. */
  readonly fields: ResearchFields;
}

export interface ResearchFields {
  /** The list of what was found; only for `search`. */
  readonly results?: string;
  readonly id?: string;
  readonly title?: string;
  readonly text?: string;
  readonly url?: string;
  readonly metadata?: string;
}

/** The tools `search` and `fetch`, in the shapes that ChatGPT's deep research demands. */
export interface ResearchSettings {
  readonly origin: string;
  readonly search: ResearchSource;
  readonly fetch: ResearchSource;
}
