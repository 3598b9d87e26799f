import type { Log } from '../log.ts';
import type { Display } from './display.ts';

/** For services, pipes and scripts: everything is a line of the log. */
export function createLogDisplay(log: Log): Display {
  return {
    log,
    async follow(bridge) {
      const { urls } = bridge.status();
      if (urls) log.info('listening', { ...urls });
      await bridge.settled;
    },
    ask: async () => false,
    tellProgress() {},
    awaitTunnel: ({ reached }) => reached,
    report(bridge) {
      for (const { name, state, tools, readOnlyTools, hiddenTools, startedIn } of bridge.status().servers) {
        const fields = { tools, readOnly: readOnlyTools, hidden: hiddenTools || undefined, ms: startedIn };
        if (state === 'ready') log.info(`${name}: ready`, fields);
      }
    },
    async letIn({ pairing, tokenFile }) {
      if (pairing) log.info('to link a client, run mcp-bridge pair');
      if (tokenFile !== undefined) log.info('the bearer token is kept in a file', { file: tokenFile });
    },
    async resume() {},
    close() {},
  };
}
