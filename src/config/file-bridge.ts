import { resolve } from 'node:path';
import { BridgeError } from '../errors.ts';
import type { ViewOptions } from './defaults.ts';
import type { FileContext } from './file-upstreams.ts';
import { ANY_TEXT, ANY_TOKEN, BEARER_TOKEN, HEADER_VALUE, type Kind, mismatch, TEXT } from './kinds.ts';
import { fillOverrides } from './overrides.ts';
import { fillResearch } from './research.ts';
import type { FileBridge } from './schema.ts';
import type { Mount } from './settings.ts';
import type { TunnelOptions } from './tunnel-shape.ts';
import { substitute, type VariableScope } from './variables.ts';

/**
 * The section `bridge` with the variables of its texts replaced, so that no secret has to stand in the file.
 *
 * @throws BridgeError `CONFIG` that names the file and key.
 */
export function fileBridge(
  bridge: FileBridge,
  { label, folder, env }: Pick<FileContext, 'label' | 'folder' | 'env'>,
): FileBridge {
  const fill: Fill = (text, key, kind) => {
    const where = `${label}: bridge.${key}`;
    const replaced = substitute(text, { env, folder, where });
    const value = kind.parse(replaced);
    if (value === undefined) throw new BridgeError('CONFIG', `${where}: ${mismatch(kind, replaced)}`);
    return value;
  };
  const { token, stateFolder, tunnel, mounts, views, research } = bridge;
  return {
    ...bridge,
    ...(token !== undefined && { token: fill(token, 'token', BEARER_TOKEN) }),
    ...(stateFolder !== undefined && { stateFolder: resolve(folder, fill(stateFolder, 'stateFolder', TEXT)) }),
    ...(tunnel !== undefined && { tunnel: fillTunnel(tunnel, folder, fill) }),
    ...(mounts !== undefined && { mounts: mounts.map((mount) => fillMount(mount, fill)) }),
    ...(views !== undefined && { views: views.map((view) => fillView(view, { env, folder })) }),
    ...(research !== undefined && { research: fillResearch(research, { env, folder }) }),
  };
}

/** Replaces the variables of a text, and checks what they make of it. */
type Fill = (text: string, key: string, kind: Kind<string>) => string;

function fillTunnel(tunnel: TunnelOptions, folder: string, fill: Fill): TunnelOptions {
  switch (tunnel.provider) {
    case 'cloudflared': {
      const { bin, token } = tunnel;
      return {
        ...tunnel,
        ...(bin !== undefined && { bin: resolve(folder, fill(bin, 'tunnel.bin', TEXT)) }),
        ...(token !== undefined && { token: fill(token, 'tunnel.token', ANY_TOKEN) }),
      };
    }
    case 'ngrok':
    case 'openai': {
      const { token } = tunnel;
      return { ...tunnel, ...(token !== undefined && { token: fill(token, 'tunnel.token', ANY_TOKEN) }) };
    }
    case 'command': {
      const { command, args = [] } = tunnel;
      return {
        ...tunnel,
        ...(command !== undefined && { command: fill(command, 'tunnel.command', TEXT) }),
        args: args.map((arg, index) => fill(arg, `tunnel.args[${index}]`, ANY_TEXT)),
      };
    }
    default:
      return tunnel;
  }
}

function fillMount(mount: Mount, fill: Fill): Mount {
  const headers = Object.entries(mount.headers).map(([name, value]) => [
    name,
    fill(value, `mounts.${mount.path}.headers.${name}`, HEADER_VALUE),
  ]);
  return { ...mount, headers: Object.fromEntries(headers) };
}

function fillView(view: ViewOptions, scope: Omit<VariableScope, 'where'>): ViewOptions {
  const overrides = Object.entries(view.overrides).map(([server, own]) => [server, fillOverrides(own, scope)]);
  return { ...view, overrides: Object.fromEntries(overrides) };
}
