import { once } from 'node:events';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createWatchdog } from '../../src/process/watchdog.ts';
import type { Message } from '../../src/protocol/message.ts';
import type { Link } from '../../src/upstream/link.ts';
import { openStdio } from '../../src/upstream/stdio-channel.ts';
import { fixture } from '../support/fixtures.ts';
import {
  contentOf,
  createExchange,
  createLogBook,
  createOpener,
  localFixture,
  openLink,
  shell,
  upstreamSettings,
} from './support.ts';

const call = async (link: Link, tool: string, args: object = {}) => {
  const exchange = createExchange(tool, { args });
  return contentOf(await link.request(exchange.frame, exchange));
};
const textOf = ({ content }: Record<string, unknown>) => (content as { text: string }[])[0]?.text;

describe('what a server writes', () => {
  it.each([
    ['ends its lines with CRLF', ['--crlf']],
    ['arrives byte by byte', ['--split']],
    ['ends without a newline', ['--bare-end']],
    ['stands between banners', ['--banner']],
    ['comes after a megabyte of stderr', ['--stderr', '1000000']],
  ])('is understood when it %s', async (_, args) => {
    const link = await openLink(fixture('noisy-server', ...args));
    expect(textOf(await call(link, 'echo', { message: 'é日😀' }))).toBe('é日😀');
  });

  it('is skipped when it is no message, with one warning that does not quote it', async () => {
    const { log, lines } = createLogBook();
    const link = await openLink({ ...fixture('noisy-server', '--banner'), log });
    await call(link, 'echo', { message: 'a' });
    const skipped = lines.filter((line) => line.includes('no MCP message'));
    expect(skipped.map((line) => line.slice(0, 5))).toEqual(['warn ', ...Array(skipped.length - 1).fill('debug')]);
    expect(skipped.length).toBeGreaterThan(5);
    expect(skipped.join()).not.toContain('noisy server 1.0');
  });

  it('does no harm when it repeats keys, inside a batch, in params or in _meta', async () => {
    const raw = [
      '[{"a":1,"a":2}]',
      '{"jsonrpc":"2.0","method":"notifications/progress","params":{"a":1,"a":2}}',
      '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1,"requestId":2}}',
      '{"jsonrpc":"2.0","id":1,"method":"roots/list","params":{"_meta":{"a":1,"a":2}}}',
    ];
    const link = await openLink(localFixture('unusual-server', ...raw.flatMap((line) => ['--raw', line])));
    const exchange = createExchange('any');
    expect((await link.request(exchange.frame, exchange)).has('error')).toBe(true);
  });

  it('does no harm when its strings are broken', async () => {
    const raw = [
      '{"jsonrpc":"2.0","method":"a\\q"}',
      '{"jsonrpc":"2.0","id":"a\\q","method":"roots/list"}',
      '{"jsonrpc":"2.0","id":1,"method":"roots/list","params":{"_meta":{"progressToken":"a\\q"}}}',
      '{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"a\tb"}}',
      '{"jsonrpc":"2.0","method":"notifications/resources/updated","params":{"uri":"a\\q"}}',
      '{"jsonrpc":"2.0","method":"a","params":{"k\\q":1}}',
      '{"jsonrpc":"2.0","id":"a\\q","result":{}}',
      '{"a\\q":1}',
    ];
    const heard: string[] = [];
    const link = await openLink({
      ...localFixture('unusual-server', ...raw.flatMap((line) => ['--raw', line])),
      events: {
        notification: ({ method }) => void heard.push(method),
        ask: ({ request }) => void heard.push(request.method),
      },
    });
    const exchange = createExchange('any');
    expect((await link.request(exchange.frame, exchange)).has('error')).toBe(true);
    expect(heard).toEqual([]);
  });

  it('may be a batch', async () => {
    const heard: string[] = [];
    const batch = '[{"jsonrpc":"2.0","method":"a"},{"jsonrpc":"2.0","method":"b"}]';
    await openLink({
      ...localFixture('unusual-server', '--raw', batch),
      events: { notification: ({ method }) => void heard.push(method) },
    });
    expect(heard).toEqual(['a', 'b']);
  });
});

describe('a message that is longer than allowed', () => {
  it('becomes an error for the call that waits for it, and nobody else notices', async () => {
    const { log, lines } = createLogBook();
    const link = await openLink({ maxMessage: 5000, log });
    const hanging = createExchange('sleep', { args: { ms: 50 } });
    const other = link.request(hanging.frame, hanging);
    const message = expect.stringMatching(
      /^test: a message of 5\d{4} bytes is longer than the limit of 5000 \(--max-message\)$/,
    );
    expect(await call(link, 'big', { bytes: 50_000 })).toEqual({ code: -32603, message });
    expect(contentOf(await other)).toEqual({ slept: 50 });
    expect(lines.filter((line) => line.includes('longer than the limit'))).toHaveLength(1);
  });

  it('is answered with an error when it is a question', async () => {
    const link = await openLink({ maxMessage: 5000, events: { ask: () => Promise.reject(new Error('asked')) } });
    const answer = await call(link, 'ask', { kind: 'elicitation', message: 'x'.repeat(10_000) });
    expect(textOf(answer)).toContain('longer than the limit of 5000');
  });
});

describe('the end of a server', () => {
  it('is told with the exit code and the last words, without the secrets of its settings', async () => {
    const { log, lines } = createLogBook();
    const words = 'cannot sign in with hunter2-hunter2 in production';
    const settings = upstreamSettings({
      ...fixture('crash-server', '--exit', 'start', '--code', '4', '--words', words),
      env: { API_TOKEN: 'hunter2-hunter2', MODE: 'production', SHORT_KEY: 'in' },
    });
    const watchdog = createWatchdog();
    onTestFinished(() => watchdog.close());
    const heard: string[] = [];
    const open = openStdio({ settings, watchdog, log, onStderrLine: (line) => void heard.push(line) });
    const channel = open(() => {});
    const redacted = 'cannot sign in with *** in production';
    expect(await channel.closed).toMatchObject({
      code: 'UPSTREAM_EXITED',
      message: `test: the server exited with code 4; its last words: ${redacted}`,
    });
    expect(heard).toEqual([redacted]);
    expect(lines).toEqual([`debug test says on stderr: ${redacted}`]);
  });

  it('is told when it never began, and nothing can be sent or closed that would fail', async () => {
    const open = createOpener(upstreamSettings({ command: 'no-such-command', args: [] }));
    const channel = open(() => {});
    channel.send('{"jsonrpc":"2.0","method":"a"}');
    expect(await channel.closed).toMatchObject({
      code: 'SPAWN',
      message: expect.stringContaining('test: command not found: no-such-command'),
    });
    channel.send('{"jsonrpc":"2.0","method":"b"}');
    await Promise.all([channel.close(), channel.close({ immediately: true })]);
    expect(channel.pid).toBeUndefined();
  });

  it('comes when it has closed its stdout, as it can answer no more', async () => {
    const { log, lines } = createLogBook();
    const open = createOpener(upstreamSettings(shell('exec >&-; exec sleep 30')), log);
    const channel = open(() => {});
    expect(channel.isEnding).toBe(false);
    expect(await channel.closed).toMatchObject({ code: 'UPSTREAM_EXITED' });
    expect([channel.isEnding, lines.filter((line) => line.startsWith('warn'))]).toEqual([true, []]);
  });

  it('comes when it is closed, also before it runs', async () => {
    const open = createOpener(upstreamSettings(shell('cat')));
    const channel = open(() => {});
    await Promise.all([channel.close(), channel.close()]);
    expect(await channel.closed).toMatchObject({ code: 'CLOSED', message: 'test: stopped' });
  });
});

describe('what is sent', () => {
  it('arrives in order, from before the process runs', async () => {
    const received: string[] = [];
    let arrived = () => {};
    const all = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    const open = createOpener(upstreamSettings(shell('cat')));
    const channel = open((message: Message) => {
      if (message.kind === 'notification') received.push(message.method);
      if (received.length === 3) arrived();
    });
    for (const method of ['a', 'b']) channel.send(`{"jsonrpc":"2.0","method":"${method}"}`);
    channel.send('{"jsonrpc":"2.0",\n"method":"c"}');
    await all;
    expect(received).toEqual(['a', 'b', 'c']);
    expect(channel.backlog).toBe(0);
  });

  it('waits where the server does not read, and is counted', async () => {
    const open = createOpener(
      upstreamSettings(shell('echo "{\\"jsonrpc\\":\\"2.0\\",\\"method\\":\\"up\\"}"; exec sleep 30')),
    );
    const controller = new AbortController();
    const up = once(controller.signal, 'abort');
    const channel = open(() => controller.abort());
    await up;
    const text = JSON.stringify({ jsonrpc: '2.0', method: 'a', params: { text: 'x'.repeat(1_000_000) } });
    channel.send(text);
    expect(channel.backlog).toBeGreaterThan(1_000_000);
    await channel.close({ immediately: true });
  });
});
