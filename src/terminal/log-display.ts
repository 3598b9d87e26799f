import type { Log } from '../log.ts';
import type { Display } from './display.ts';

/** For services, pipes and scripts: everything is a line of the log. */
export function createLogDisplay(log: Log): Display {
  return {
    log,
    async follow({ urls, settled }) {
      if (urls) log.info('listening', { ...urls });
      await settled;
    },
    report(bridge) {
      for (const { name, state, tools, readOnlyTools, startedIn } of bridge.status().servers) {
        if (state === 'ready') log.info(`${name}: ready`, { tools, readOnly: readOnlyTools, ms: startedIn });
      }
    },
    close() {},
  };
}
