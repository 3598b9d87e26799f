import { isDeepStrictEqual } from 'node:util';
import type { Settings } from '../config/settings.ts';
import { watchFile } from '../config/watch.ts';
import { messageOf } from '../errors.ts';
import type { Log } from '../log.ts';
import type { Bridge } from './bridge.ts';

export interface FollowConfigOptions {
  readonly bridge: Pick<Bridge, 'reload'>;
  /** What the bridge was started with. */
  readonly settings: Settings;
  readonly log: Log;
  /** Reads the configuration anew. @throws BridgeError that says what is wrong with it, and where. */
  resolve(): Promise<{ readonly settings: Settings; readonly warnings: readonly string[] }>;
}

/** Has a bridge take up changes of its config file, until it is closed. A file that is broken changes nothing, and is said to be. */
export function followConfig({ bridge, settings, log, resolve }: FollowConfigOptions): { close(): void } {
  if (!settings.watch || settings.configFile === undefined) return { close() {} };
  let current = settings;
  let isBroken = false;
  const takeUp = async () => {
    try {
      const changed = await resolve();
      if (isDeepStrictEqual(changed.settings, current)) {
        if (isBroken) log.info('the configuration is as it was before');
        isBroken = false;
        return;
      }
      for (const warning of changed.warnings) log.warn(warning);
      await bridge.reload(changed.settings);
      current = changed.settings;
      isBroken = false;
    } catch (error) {
      isBroken = true;
      log.error(`the configuration stays as it was: ${messageOf(error)}`);
    }
  };
  let lastTurn = Promise.resolve();
  const takeTurn = () => {
    lastTurn = lastTurn.then(takeUp);
  };
  const watching = watchFile(settings.configFile, takeTurn);
  // It may have changed since it was read.
  takeTurn();
  return watching;
}
