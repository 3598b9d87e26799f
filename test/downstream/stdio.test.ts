import { PassThrough } from 'node:stream';
import { afterEach, expect, it, vi } from 'vitest';
import { serveStdio } from '../../src/downstream/stdio.ts';
import { createLog } from '../../src/log.ts';
import { resultFrame } from '../../src/protocol/message.ts';
import { createRelay } from './support.ts';

afterEach(() => {
  vi.useRealTimers();
});

/** Serves a client whose call `hang` is never answered. */
function serve() {
  const { relay } = createRelay({
    handle: ({ method }) => (method === 'hang' ? new Promise(() => {}) : Promise.resolve(resultFrame({ method }))),
  });
  const input = new PassThrough();
  const output = new PassThrough();
  const log = createLog({ level: 'none' });
  let isDone = false;
  const done = serveStdio({ relay, input, output, maxMessage: 1000, log }).then(() => {
    isDone = true;
  });
  const send = (method: string) => input.write(`{"jsonrpc":"2.0","id":1,"method":"${method}"}\n`);
  return { input, output, send, done, isDone: () => isDone };
}

it('what was asked before the input ended is answered', async () => {
  const { input, output, send, done } = serve();
  send('last');
  input.end();
  await done;
  expect(String(output.read())).toBe('{"jsonrpc":"2.0","id":1,"result":{"method":"last"}}\n');
});

it('a call that is never answered does not keep a client that is gone for ever', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const { input, send, done, isDone } = serve();
  send('hang');
  const closed = new Promise((resolve) => input.once('close', resolve));
  input.end();
  await closed;
  await vi.advanceTimersByTimeAsync(59_000);
  expect(isDone()).toBe(false);
  await vi.advanceTimersByTimeAsync(1000);
  await done;
});

it('a client that no longer reads is gone', async () => {
  const { output, send, done } = serve();
  send('hang');
  output.destroy(new Error('EPIPE'));
  await done;
});
