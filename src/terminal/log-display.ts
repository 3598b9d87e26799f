import { logReady } from '../bridge/status.ts';
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
      for (const server of bridge.status().servers) logReady(server, log);
    },
    async letIn({ pairing, tokenFile }) {
      if (pairing) log.info('to link a client, run mcp-bridge pair');
      if (tokenFile !== undefined) log.info('the bearer token is kept in a file', { file: tokenFile });
    },
    async resume() {},
    close() {},
  };
}
