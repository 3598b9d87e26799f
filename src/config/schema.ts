import type { output, ZodMiniType } from 'zod/mini';
import { BridgeError } from '../errors.ts';
import { type BridgeOptions, UPSTREAM_DEFAULTS, type UpstreamOptions } from './defaults.ts';
import { type Input, readInputs } from './inputs.ts';
import { YES_OR_NO } from './kinds.ts';
import { toMounts } from './mounts.ts';
import { nearest } from './nearest.ts';
import { pick } from './pick.ts';
import { toResearch } from './research.ts';
import { type RulesOptions, rulesOf, toRules } from './rules.ts';
import { check, unknownKey } from './shape.ts';
import { BRIDGE, SERVER, type ServerKeys } from './shapes.ts';
import type { TunnelOptions } from './tunnel-shape.ts';
import { toViews } from './views.ts';

/** What a config file says, checked; what it does not say is absent. Variables are not yet replaced. */
export interface FileSettings {
  readonly bridge: FileBridge;
  readonly servers: readonly FileServer[];
  /** What their variables may stand for. */
  readonly inputs: readonly Input[];
  /** Names of the servers that are switched off, or behind a URL. */
  readonly leftOut: readonly string[];
  readonly warnings: readonly string[];
}

export type FileBridge = Partial<BridgeOptions & UpstreamOptions & { readonly tunnel: TunnelOptions }>;

export interface FileServer {
  readonly name: string;
  /** Where it stands in the file: `mcpServers.files`. */
  readonly path: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Variables of the bridge's own environment to pass on, those that are set. */
  readonly envNames: readonly string[];
  readonly envFile: string | undefined;
  readonly cwd: string | undefined;
  readonly shell: boolean;
  readonly rules: RulesOptions;
  readonly options: Partial<UpstreamOptions>;
}

/**
 * Checks what a config file holds: `mcpServers` (Claude, Cursor and most clients), `servers` (VS Code), `mcp_servers` (Codex) and the
 * bridge's own `bridge`. Servers that are switched off are left out; so are those behind a URL, with a warning.
 *
 * @throws BridgeError `CONFIG` that names the file, the path to the value, what is accepted and what was given.
 */
export function checkConfig(data: unknown, file: string): FileSettings {
  const content = asObject(data, file);
  const warnings = checkTopLevel(content, file);
  const bridge = content.bridge === undefined ? {} : checkBridge(content.bridge, `${file}: bridge`);
  const servers = new Map<string, FileServer>();
  const leftOut: string[] = [];
  for (const { name, path, entry } of serverEntries(content, file)) {
    if (isOff(entry) || isRemote(entry)) {
      leftOut.push(name);
      if (!isOff(entry)) warnings.push(`remote servers are not bridged yet; \`${name}\` is left out`);
      continue;
    }
    const taken = servers.get(name);
    if (taken !== undefined) throw refusal(`${file}: ${path}`, `the name is taken by ${taken.path}; rename one`);
    servers.set(name, { name, path, ...checkServer(entry, `${file}: ${path}`) });
  }
  return { bridge, servers: [...servers.values()], inputs: readInputs(content.inputs), leftOut, warnings };
}

/** Where servers are; each family of clients has its own word for it. */
export const SECTIONS = ['mcpServers', 'servers', 'mcp_servers'];

type Entry = Readonly<Record<string, unknown>>;

/** Another client's file holds keys that are none of our business, but a typo in a file of ours must not go unnoticed. */
function checkTopLevel(content: Entry, file: string): string[] {
  const known = [...SECTIONS, 'bridge', 'inputs'];
  if ('bridge' in content) {
    const unknown = unknownKey(content, known);
    if (unknown !== undefined) throw refusal(`${file}: ${unknown.path}`, unknown.reason);
    return [];
  }
  if (!SECTIONS.some((section) => section in content)) {
    throw refusal(file, `no servers in it; expected one of ${SECTIONS.join(', ')} and bridge`);
  }
  const meant = Object.keys(content).map((key) => [key, known.includes(key) ? undefined : nearest(key, known)]);
  return meant.filter(([, near]) => near).map(([key, near]) => `${file}: ${key} is ignored; did you mean ${near}?`);
}

function* serverEntries(content: Entry, file: string) {
  for (const section of SECTIONS.filter((name) => name in content)) {
    for (const [name, value] of Object.entries(asObject(content[section], `${file}: ${section}`))) {
      const path = `${section}.${name}`;
      if (name.trim() === '') throw refusal(`${file}: ${section}`, 'a server has an empty name');
      yield { name, path, entry: asObject(value, `${file}: ${path}`) };
    }
  }
}

function isOff({ disabled, enabled, isActive }: Entry): boolean {
  const says = (value: unknown) => YES_OR_NO.parse(String(value));
  return says(disabled) === true || says(enabled) === false || says(isActive) === false;
}

function isRemote({ url, serverUrl, httpUrl }: Entry): boolean {
  return url !== undefined || serverUrl !== undefined || httpUrl !== undefined;
}

function checkServer(entry: Entry, where: string): Omit<FileServer, 'name' | 'path'> {
  const server = valid(SERVER, entry, where);
  const { command, args = [], env = {}, env_vars: envNames = [], envFile, cwd, shell = false } = server;
  return {
    command,
    args,
    // VS Code's null takes a variable away; nothing is there to take it from.
    env: Object.fromEntries(
      Object.entries(env).filter((variable): variable is [string, string] => variable[1] !== null),
    ),
    envNames,
    envFile,
    cwd,
    shell,
    rules: toRules(server, where),
    options: upstreamOptions(server),
  };
}

function upstreamOptions(server: ServerKeys): Partial<UpstreamOptions> {
  const startTimeout = server.startTimeout ?? server.startup_timeout_sec ?? server.startup_timeout_ms;
  const callTimeout = server.callTimeout ?? server.tool_timeout_sec;
  return {
    ...pick(server, ['protocol', 'isolation', 'maxMessage', 'maxLinks', 'idleTimeout', 'lazy']),
    ...(startTimeout !== undefined && { startTimeout }),
    ...(callTimeout !== undefined && { callTimeout }),
  };
}

function checkBridge(section: unknown, where: string): FileBridge {
  const keys = valid(BRIDGE, section, where);
  const { tools, healthEndpoint, cors, mounts, views, research, schemas, results, ...rest } = keys;
  return {
    ...rest,
    ...(tools !== undefined && { tools: { allow: [], deny: [], ...tools } }),
    ...(healthEndpoint !== undefined && { healthPaths: healthEndpoint }),
    ...(cors !== undefined && { corsOrigins: cors }),
    ...(mounts !== undefined && { mounts: toMounts(mounts, `${where}.mounts`) }),
    ...((schemas ?? results) !== undefined && {
      rules: rulesOf(pick(keys, ['schemas', 'results']), UPSTREAM_DEFAULTS.rules),
    }),
    ...(views !== undefined && { views: toViews(views, `${where}.views`) }),
    ...(research !== undefined && { research: toResearch(research, `${where}.research`) }),
  };
}

function valid<Schema extends ZodMiniType>(schema: Schema, value: unknown, where: string): output<Schema> {
  const result = check(schema, value);
  if ('value' in result) return result.value;
  const { path, reason } = result.refusal;
  throw refusal(path === '' ? where : `${where}.${path}`, reason);
}

function asObject(value: unknown, where: string): Entry {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Entry;
  throw refusal(where, 'expected an object');
}

function refusal(where: string, reason: string): BridgeError {
  return new BridgeError('CONFIG', `${where}: ${reason}`);
}
