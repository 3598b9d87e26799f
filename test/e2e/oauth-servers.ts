import { fixture } from '../support/fixtures.ts';
import { type GuardedBridge, startGuardedBridge } from '../support/oauth/owner.ts';

/** Where the tunnel leads from; nothing is looked up, see `throughTunnel`. */
export const PUBLIC_URL = 'https://bridge.example';

/** Of the merged catalog, and of one server alone. `echo` is marked read-only, `sleep` is not. */
export const CATALOGS = [
  ['/mcp', ['alpha__echo', 'alpha__sleep', 'beta__echo']],
  ['/servers/alpha/mcp', ['echo', 'sleep']],
] as const;

/** Starts a bridge with two servers behind a tunnel. */
export function startTunnelledBridge(options: { stateFolder?: string } = {}): Promise<GuardedBridge> {
  const alpha = fixture('echo-server', '--name', 'alpha', '--tools', 'echo,sleep');
  const beta = fixture('echo-server', '--name', 'beta', '--tools', 'echo');
  return startGuardedBridge([], { ...options, publicUrl: PUBLIC_URL, config: { mcpServers: { alpha, beta } } });
}
