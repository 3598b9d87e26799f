import { BridgeError } from '../errors.ts';
import { isLoopback } from './loopback.ts';
import type { Settings } from './settings.ts';
import { makesOrigin } from './tunnel.ts';
import { isWildcard } from './wildcard.ts';

/** Refuses what would let strangers in without a word about it, and what nobody could be let in by. */
export function checkAccess(settings: Settings): void {
  if (settings.outputTransport === 'stdio') return;
  const refusal = refuseAccess(settings);
  if (refusal !== undefined) throw new BridgeError('USAGE', refusal);
}

function refuseAccess(settings: Settings): string | undefined {
  const { auth, host, publicUrl, tunnel, external, secretPath, dangerouslyNoAuth } = settings;
  if (secretPath && auth !== 'none')
    return `secretPath stands in for authentication, and auth is ${auth}; add --auth none, or drop secretPath`;
  if (auth === 'external' && external === undefined)
    return 'auth external takes the tokens of an issuer, and none is named; add --issuer URL';

  const way = publicWay(settings) ?? (isLoopback(host) ? undefined : `host ${host}`);
  if (auth === 'none' && way !== undefined && !secretPath && !dangerouslyNoAuth)
    return (
      `${way} reaches beyond this machine, and with auth none ` +
      'anyone could use the tools; drop auth none, or add --secret-path, or --dangerously-no-auth if that is what you want'
    );

  // What tokens are bound to is never taken from requests: whoever sends them chooses their Host.
  const needsAddress = auth === 'oauth' || auth === 'external';
  if (needsAddress && publicUrl === undefined && !makesOrigin(tunnel) && isWildcard(host))
    return (
      `host ${host} is no address that clients could be sent to; add --public-url URL, or --auth token, ` +
      'or --dangerously-no-auth if anyone on the network may use the tools'
    );
  return undefined;
}

function publicWay({ publicUrl, tunnel }: Settings): string | undefined {
  if (publicUrl !== undefined) return `publicUrl ${publicUrl}`;
  return makesOrigin(tunnel) ? `the tunnel ${tunnel?.provider}` : undefined;
}

/** Refuses a tunnel that leads nowhere, or beside which there is another way in. */
export function checkTunnel({ tunnel, publicUrl, outputTransport }: Settings): void {
  if (tunnel === undefined) return;
  const name = `the tunnel ${tunnel.provider}`;
  if (outputTransport === 'stdio')
    throw new BridgeError('USAGE', `${name} leads to a port, and outputTransport stdio opens none; drop one of them`);
  if (publicUrl !== undefined)
    throw new BridgeError(
      'USAGE',
      `${name} and publicUrl ${publicUrl} are two ways in; drop the one that is not meant`,
    );
}

export function checkPorts({ port, localPort }: Settings): void {
  if (port === 0 || port !== localPort) return;
  throw new BridgeError('USAGE', `port and localPort are both ${port}; give --local-port another one`);
}

/** Where clients look for an authorization server; some of them whatever its metadata says. */
const OAUTH_PATHS = ['/authorize', '/token', '/register', '/revoke'];

/** What stands below these is not all known before the servers are. */
const OWN_FOLDERS = ['/servers', '/views', '/.well-known'];

/** Paths are told apart by nothing but their text, and a mount takes all that start with its own. */
export function checkPaths(settings: Settings): void {
  const paths = [
    ['streamableHttpPath', settings.streamableHttpPath],
    ['ssePath', settings.ssePath],
    ['messagePath', settings.messagePath],
    ...settings.healthPaths.map((path) => ['healthEndpoint', path] as const),
    ...(settings.auth === 'oauth' ? OAUTH_PATHS : []).map((path) => ['auth oauth', path] as const),
  ] as const;
  const owners = new Map<string, string>();
  for (const [option, path] of paths) {
    const owner = owners.get(path);
    if (owner !== undefined)
      throw new BridgeError('USAGE', `${owner} and ${option} are both ${path}; give one of them another path`);
    owners.set(path, option);
  }
  for (const { path } of settings.mounts) checkMount(path, [...owners.keys(), ...OWN_FOLDERS]);
}

function checkMount(path: string, own: readonly string[]): void {
  const taken = own.find((each) => each === path || each.startsWith(`${path}/`));
  const folder = OWN_FOLDERS.find((each) => path.startsWith(`${each}/`));
  const clash = taken ?? folder;
  if (clash === undefined) return;
  throw new BridgeError('USAGE', `the mount ${path} covers ${clash}, which is the bridge's own; give it another path`);
}
