import { BridgeError } from '../errors.ts';
import { isLoopback } from './loopback.ts';
import type { Settings } from './settings.ts';

/** Refuses to be reachable from other machines unless that was asked for in so many words. */
export function checkReach({ host, outputTransport, dangerouslyNoAuth }: Settings): void {
  if (outputTransport === 'stdio' || dangerouslyNoAuth || isLoopback(host)) return;
  throw new BridgeError(
    'USAGE',
    `host ${host} reaches beyond this machine, and anyone on the network could use the tools; ` +
      'keep 127.0.0.1, or add --dangerously-no-auth if that is what you want',
  );
}

export function checkPorts({ port, localPort }: Settings): void {
  if (port === 0 || port !== localPort) return;
  throw new BridgeError('USAGE', `port and localPort are both ${port}; give --local-port another one`);
}

/** Paths are told apart by nothing but their text. */
export function checkPaths(settings: Settings): void {
  const paths = [
    ['streamableHttpPath', settings.streamableHttpPath],
    ['ssePath', settings.ssePath],
    ['messagePath', settings.messagePath],
    ...settings.healthPaths.map((path) => ['healthEndpoint', path] as const),
  ] as const;
  const owners = new Map<string, string>();
  for (const [option, path] of paths) {
    const owner = owners.get(path);
    if (owner !== undefined)
      throw new BridgeError('USAGE', `${owner} and ${option} are both ${path}; give one of them another path`);
    owners.set(path, option);
  }
}
