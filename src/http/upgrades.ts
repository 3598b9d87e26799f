import { HttpError } from '../downstream/http-error.ts';
import { ANYONE } from '../protocol/principal.ts';
import type { Gate } from './gate.ts';
import type { HostGuard } from './guard.ts';
import type { UpgradeListener } from './listen.ts';
import type { Mounts } from './mounts.ts';
import { pathOf } from './public-app.ts';
import { Quota } from './quota.ts';
import { refuseUpgrade } from './refuse-upgrade.ts';

export interface UpgradesOptions {
  readonly guard: HostGuard;
  readonly gate: Gate;
  readonly mounts: Mounts;
  /** Of sockets that are open at once. Default: one of its own. */
  readonly quota?: Quota;
}

/**
 * Passes web sockets on to what is mounted, past the same checks as every request; `undefined` where there are none to pass on.
 */
export function createUpgrades({
  guard,
  gate,
  mounts,
  quota = new Quota(),
}: UpgradesOptions): UpgradeListener | undefined {
  if (!mounts.takeSockets) return undefined;
  return async (request, socket, head) => {
    try {
      guard.check(request);
      const mounted = mounts.find(pathOf(request.url ?? '/'));
      if (!mounted?.ws || request.method !== 'GET') throw new HttpError(404, 'No web socket is served at this path');
      const principal = mounted.resource === undefined ? ANYONE : await gate.admit(request, mounted.resource);
      if (socket.destroyed) return;
      quota.enter(principal, socket);
      mounted.upgrade(request, socket, head, principal);
    } catch (error) {
      refuseUpgrade(request, socket, error);
    }
  };
}
