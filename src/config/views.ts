import { BridgeError } from '../errors.ts';
import type { Prefix, ToolOverride, ViewSettings } from './catalog-settings.ts';
import type { ViewsOptions } from './catalog-shapes.ts';
import type { ViewOptions } from './defaults.ts';
import { nearest } from './nearest.ts';
import { checkNames, toToolOverrides } from './overrides.ts';
import type { UpstreamSettings } from './settings.ts';

/**
 * The views as a config file has them.
 *
 * @throws BridgeError `CONFIG` for overrides that do not go together.
 */
export function toViews(given: ViewsOptions, where: string): ViewOptions[] {
  return Object.entries(given).map(([name, { servers = [], tools, override = {}, ...rest }]) => {
    const origin = `${where}.${name}`;
    const overrides = Object.entries(override).map(([server, each]) => [
      server,
      toToolOverrides(each, `${origin}.override.${server}`),
    ]);
    return {
      prefix: undefined,
      schemas: undefined,
      research: false,
      ...rest,
      name,
      origin,
      servers,
      tools: { allow: [], deny: [], ...tools },
      overrides: Object.fromEntries(overrides),
    };
  });
}

export interface ViewContext {
  readonly upstreams: readonly UpstreamSettings[];
  /** Names of servers that are configured, but not bridged. Views may speak of them, and lose nothing but them. */
  readonly leftOut: readonly string[];
  /** For views that name none. */
  readonly prefix: Prefix;
}

/**
 * The views, once it is known which servers there are.
 *
 * @throws BridgeError `CONFIG` for a server that is not configured, a view of none, and a name that two tools of a view would have.
 */
export function resolveViews(views: readonly ViewOptions[], context: ViewContext): ViewSettings[] {
  return views.map((view) => resolveView(view, context));
}

function resolveView(view: ViewOptions, { upstreams, leftOut, prefix }: ViewContext): ViewSettings {
  const names = upstreams.map(({ name }) => name);
  const isBridged = (server: string, key: string): boolean => {
    if (names.includes(server)) return true;
    if (leftOut.includes(server)) return false;
    throw refusal(`${view.origin}.${key}`, noServer(server, names));
  };
  const servers = view.servers.filter((server) => isBridged(server, 'servers'));
  if (servers.length === 0 && view.servers.length > 0)
    throw refusal(`${view.origin}.servers`, `none of them is bridged; the servers are ${names.join(', ')}`);
  const overrides = Object.entries(view.overrides).filter(([server]) => isBridged(server, 'override'));
  for (const [server, own] of overrides) {
    if (servers.length > 0 && !servers.includes(server))
      throw refusal(`${view.origin}.override.${server}`, `the view does not show ${server}; add it to servers`);
    checkNames([...overridesOf(server, upstreams), ...own]);
  }
  return { ...view, servers, overrides: Object.fromEntries(overrides), prefix: view.prefix ?? prefix };
}

function overridesOf(server: string, upstreams: readonly UpstreamSettings[]): readonly ToolOverride[] {
  return upstreams.find(({ name }) => name === server)?.rules.overrides ?? [];
}

function noServer(given: string, names: readonly string[]): string {
  const meant = nearest(given, names);
  const hint = meant === undefined ? `expected ${names.join(', ')}` : `did you mean ${meant}?`;
  return `there is no server ${JSON.stringify(given)}; ${hint}`;
}

function refusal(where: string, reason: string): BridgeError {
  return new BridgeError('CONFIG', `${where}: ${reason}`);
}
