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
      for (const { name, state, tools, readOnlyTools, hiddenTools, startedIn } of bridge.status().servers) {
        const fields = { tools, readOnly: readOnlyTools, hidden: hiddenTools || undefined, ms: startedIn };
        if (state === 'ready') log.info(`${name}: ready`, fields);
      }
    },
    close() {},
  };
}
