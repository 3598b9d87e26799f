import { describe, it } from 'vitest';
import { startBridge } from '../support/bridge.ts';
import { fixtureLine } from '../support/fixtures.ts';
import { rawPost } from '../support/http.ts';
import { describeTransports } from '../support/transports.ts';

// In a file of its own, so that others run meanwhile.

/** Longer than the minute after which other bridges give up. Milliseconds. */
const LONG = 62_000;
/** The client's own patience. */
const PATIENT = { timeout: 2 * LONG };
const ECHO = ['--stdio', fixtureLine('echo-server')];

describe.concurrent('a call that is silent for longer than a minute', { timeout: 2 * LONG }, () => {
  const long = { name: 'sleep', arguments: { ms: LONG } };

  describeTransports('is answered', (open) => {
    it('in the end', async ({ expect }) => {
      await using peer = await open(ECHO);
      const { structuredContent } = await peer.client.callTool(long, undefined, PATIENT);
      expect(structuredContent).toEqual({ slept: LONG });
    });
  });

  it('is answered without a session as well', async ({ expect }) => {
    await using bridge = await startBridge(ECHO);
    const { messages } = await rawPost(bridge.url, { jsonrpc: '2.0', id: 1, method: 'tools/call', params: long });
    expect(messages).toMatchObject([{ id: 1, result: { structuredContent: { slept: LONG } } }]);
  });
});
