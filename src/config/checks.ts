import { BridgeError } from '../errors.ts';
import { isLoopback } from './loopback.ts';
import type { Settings } from './settings.ts';
import { isWildcard } from './wildcard.ts';

/** Refuses what would let strangers in without a word about it, and what nobody could be let in by. */
export function checkAccess(settings: Settings): void {
  if (settings.outputTransport === 'stdio') return;
  const refusal = refuseAccess(settings);
  if (refusal !== undefined) throw new BridgeError('USAGE', refusal);
}

function refuseAccess(settings: Settings): string | undefined {
  const { auth, host, publicUrl, external, secretPath, dangerouslyNoAuth } = settings;
  if (secretPath && auth !== 'none')
    return `secretPath stands in for authentication, and auth is ${auth}; add --auth none, or drop secretPath`;
  if (auth === 'external' && external === undefined)
    return 'auth external takes the tokens of an issuer, and none is named; add --issuer URL';

  const isOpen = publicUrl !== undefined || !isLoopback(host);
  if (auth === 'none' && isOpen && !secretPath && !dangerouslyNoAuth)
    return (
      `${publicUrl === undefined ? `host ${host}` : `publicUrl ${publicUrl}`} reaches beyond this machine, and with auth none ` +
      'anyone could use the tools; drop auth none, or add --secret-path, or --dangerously-no-auth if that is what you want'
    );

  // What tokens are bound to is never taken from requests: whoever sends them chooses their Host.
  const needsAddress = auth === 'oauth' || auth === 'external';
  if (needsAddress && publicUrl === undefined && isWildcard(host))
    return (
      `host ${host} is no address that clients could be sent to; add --public-url URL, or --auth token, ` +
      'or --dangerously-no-auth if anyone on the network may use the tools'
    );
  return undefined;
}

export function checkPorts({ port, localPort }: Settings): void {
  if (port === 0 || port !== localPort) return;
  throw new BridgeError('USAGE', `port and localPort are both ${port}; give --local-port another one`);
}

/** Where clients look for an authorization server; some of them whatever its metadata says. */
const OAUTH_PATHS = ['/authorize', '/token', '/register', '/revoke'];

/** Paths are told apart by nothing but their text. */
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
}
