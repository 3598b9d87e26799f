import { resolve } from 'node:path';
import { BridgeError } from '../errors.ts';
import { resolveAccess } from './access.ts';
import type { ToolFilter } from './catalog-settings.ts';
import { catalogWarnings } from './catalog-warnings.ts';
import { checkAccess, checkPaths, checkPorts, checkTunnel } from './checks.ts';
import { commandUpstreams, givenCommands } from './command-upstreams.ts';
import { BRIDGE_OPTIONS, DEFAULTS, UPSTREAM_DEFAULTS, UPSTREAM_OPTIONS } from './defaults.ts';
import { parseEnvironment } from './environment.ts';
import { type ConfigFile, findConfigFile, readConfigFile } from './file.ts';
import { fileBridge } from './file-bridge.ts';
import { fileUpstream } from './file-upstreams.ts';
import type { FlagValues } from './flag-table.ts';
import type { RunFlags } from './flags.ts';
import { pick } from './pick.ts';
import type { FileSettings } from './schema.ts';
import type { Settings } from './settings.ts';
import type { SplitCommand } from './split-line.ts';
import { resolveTunnel } from './tunnel.ts';
import { resolveViews } from './views.ts';
import { accessWarnings } from './warnings.ts';
import { concernsCatalog, withoutServing } from './without-serving.ts';

export interface ResolveInput {
  readonly flags: Pick<RunFlags, 'values' | 'command'>;
  readonly env: NodeJS.ProcessEnv;
  /** The bridge's working folder. Absolute. */
  readonly cwd: string;
  readonly splitCommand: SplitCommand;
  /** Whether clients are to be served. Without them, what is said of how they get in, and where, is not looked at. Default true. */
  readonly serves?: boolean;
}

/**
 * Merges what the config file, the environment and the flags say over the defaults, checks the whole and freezes it.
 *
 * @throws BridgeError `USAGE` or `CONFIG` that says what is wrong, where, and what to do: one line, a few when no server is given.
 */
export async function resolveSettings({ flags, env, cwd, splitCommand, serves = true }: ResolveInput): Promise<{
  settings: Settings;
  warnings: string[];
}> {
  const environment = parseEnvironment(env, serves ? undefined : concernsCatalog);
  const told = { ...environment.values, ...flags.values };
  const commands = givenCommands(flags.values, flags.command);
  if (commands.length === 0) checkCommandFlags(flags.values);

  const label = told.config ?? (commands.length === 0 ? findConfigFile(cwd) : undefined);
  const file = await loadFile(label, cwd);
  const section = serves ? file.bridge : withoutServing(file.bridge);
  const bridge = { ...DEFAULTS, ...UPSTREAM_DEFAULTS, ...fileBridge(section, { ...file, env }) };
  const defaults = pick(bridge, UPSTREAM_OPTIONS);
  const overrides = pick(told, UPSTREAM_OPTIONS);
  const fromFile = await Promise.all(
    file.servers.map((server) => fileUpstream(server, { ...file, env, cwd, defaults, overrides })),
  );
  const taken = fromFile.map(({ name }) => name);
  const options = { ...defaults, ...overrides };
  const fromCommands = commandUpstreams(commands, { told, options, taken, env, cwd, splitCommand });
  const upstreams = [...fromFile, ...fromCommands];
  if (upstreams.length === 0) throw noServer(file);

  const chosen = { ...pick(bridge, BRIDGE_OPTIONS), ...pick(told, BRIDGE_OPTIONS), ...renamed(told) };
  const context = { env, cwd, splitCommand, publicUrl: chosen.publicUrl };
  const merged = { ...chosen, ...resolveTunnel(bridge.tunnel, [environment.values, flags.values], context) };
  const settings: Settings = {
    ...merged,
    ...resolveAccess(merged, told, cwd),
    tools: mergeTools(bridge.tools, told),
    upstreams,
    views: resolveViews(merged.views, { upstreams, leftOut: file.leftOut, prefix: merged.prefix }),
    configFile: label === undefined ? undefined : resolve(cwd, label),
  };
  checkTunnel(settings);
  checkAccess(settings);
  checkPorts(settings);
  checkPaths(settings);
  const doubts = [...(serves ? accessWarnings(settings, flags.values, env) : []), ...catalogWarnings(settings)];
  const warnings = [...environment.warnings, ...file.warnings, ...doubts];
  return { settings: deepFreeze(settings), warnings };
}

/** These say how a command of the command line is run; the servers of a file have keys of the same names. */
function checkCommandFlags(values: FlagValues): void {
  const flag = (['env', 'cwd', 'shell'] as const).find((name) => name in values);
  if (flag === undefined) return;
  const message = `--${flag} is for servers given by --stdio or after --; in a config file, write ${flag} into the server's entry`;
  throw new BridgeError('USAGE', message);
}

async function loadFile(
  label: string | undefined,
  cwd: string,
): Promise<FileSettings & Pick<ConfigFile, 'label' | 'folder'>> {
  if (label === undefined)
    return { label: '', folder: cwd, bridge: {}, servers: [], inputs: [], leftOut: [], warnings: [] };
  const { folder, data } = await readConfigFile(label, cwd);
  // Only a start with a file pays for the schema library.
  const { checkConfig } = await import('./schema.ts');
  return { label, folder, ...checkConfig(data, label) };
}

/** The flags that are not named as the setting they make. */
function renamed({
  healthEndpoint,
  cors,
  allowedHost,
}: FlagValues): Partial<Pick<Settings, 'healthPaths' | 'corsOrigins' | 'allowedHosts'>> {
  return {
    ...(healthEndpoint !== undefined && { healthPaths: healthEndpoint }),
    ...(cors !== undefined && { corsOrigins: cors }),
    ...(allowedHost !== undefined && { allowedHosts: allowedHost }),
  };
}

/** `--allow` takes the place of the file's list, as other flags do; `--deny` adds to it, so that no refusal gets lost. */
function mergeTools(tools: ToolFilter, { allow = tools.allow, deny = [], readOnly }: FlagValues): ToolFilter {
  const merged = { ...tools, allow, deny: [...new Set([...tools.deny, ...deny])] };
  if (readOnly === undefined || readOnly === tools.readOnly) return merged;
  // Without `--read-only` both kinds are offered, while `"readOnly": false` of a file means the other kind.
  return { ...merged, readOnly: readOnly || undefined };
}

function noServer({ label, leftOut }: Pick<FileSettings, 'leftOut'> & Pick<ConfigFile, 'label'>): BridgeError {
  if (label !== '') {
    const others = leftOut.length > 0 ? ` but ${leftOut.join(', ')}, which is switched off or behind a URL` : '';
    return new BridgeError('CONFIG', `${label}: no server to bridge in it${others}; write one that is a command`);
  }
  const ways = ['--stdio "npx -y some-server"', '-- npx -y some-server', '--config mcp.json'];
  const lines = ways.map((way) => `  mcp-bridge ${way}`);
  return new BridgeError('USAGE', `no server to bridge; name one:\n${lines.join('\n')}`);
}

function deepFreeze<Value>(value: Value): Value {
  if (typeof value === 'object' && value !== null) Object.values(value).forEach(deepFreeze);
  return Object.freeze(value);
}
