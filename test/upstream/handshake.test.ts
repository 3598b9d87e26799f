import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Protocol } from '../../src/config/settings.ts';
import { requestFrame } from '../../src/protocol/message.ts';
import { RawJson } from '../../src/protocol/raw-json.ts';
import { shakeHands } from '../../src/upstream/handshake.ts';
import { Peer } from '../../src/upstream/peer.ts';
import { SessionLink } from '../../src/upstream/session-link.ts';
import { StatelessLink } from '../../src/upstream/stateless-link.ts';
import { EVENTUALLY } from '../support/eventually.ts';
import { fixture } from '../support/fixtures.ts';
import { type Play, type PlayedServer, playServer } from './played-server.ts';
import { contentOf, createExchange, createLogBook, INFO, NO_EVENTS, OPENING, openLink } from './support.ts';

const OPENED = { protocolVersion: '2025-11-25', capabilities: { tools: {} }, serverInfo: { name: 's', version: '1' } };
const DISCOVERED = { resultType: 'complete', supportedVersions: ['2026-07-28'], capabilities: { tools: {} } };
const refusal = (code: number, message = 'not today') => ({ error: { code, message } });

/** A server with these answers; it is silent about all else. */
const answering = (answers: Record<string, object | undefined>): Play => {
  return (frame) => answers[frame.string('method') ?? ''];
};

/** Refuses `initialize` after 400 ms, and is silent from then on: what is left of the time for a start is less than all of it. */
const REFUSING_LATE: Play = (frame) =>
  frame.string('method') === 'initialize'
    ? new Promise((resolve) => setTimeout(() => resolve(refusal(-32601)), 400))
    : undefined;

function open(server: PlayedServer, protocol: Protocol = 'auto', timeout = 1000) {
  const peer = new Peer({ name: 'test', open: server.open, callTimeout: 0 });
  const { log, lines } = createLogBook();
  const link = shakeHands({ peer, protocol, opening: OPENING, info: INFO, timeout, events: NO_EVENTS, log });
  return { link, lines };
}

const methodsOf = ({ received }: PlayedServer) => received.map((frame) => frame.string('method'));
const failureOf = (link: Promise<unknown>) =>
  link.then(
    () => undefined,
    ({ code, message }) => [code, message],
  );

describe('a server that may speak either', () => {
  it('is spoken to as it was ever since, if it takes that', async () => {
    const server = playServer(answering({ initialize: { result: OPENED }, 'server/discover': { result: DISCOVERED } }));
    const link = await open(server).link;
    expect([link instanceof SessionLink, link.opened.value]).toEqual([true, OPENED]);
    expect(server.received.map(({ value }) => value)).toEqual([
      { jsonrpc: '2.0', id: 1, method: 'initialize', params: OPENING.value },
    ]);
  });

  it.each([
    ['does not know the method', refusal(-32601)],
    ['does not know the revision', refusal(-32022)],
    ['minds the params', refusal(-32602)],
    ['has a code of its own', refusal(7)],
    ['answers something else', { result: null }],
  ])('is asked anew when it refuses that as it %s', async (_, answer) => {
    const server = playServer(answering({ initialize: answer, 'server/discover': { result: DISCOVERED } }));
    const link = await open(server).link;
    expect([link instanceof StatelessLink, methodsOf(server)]).toEqual([true, ['initialize', 'server/discover']]);
    expect(server.received[1]?.raw('params')?.value).toEqual({
      _meta: {
        'io.modelcontextprotocol/protocolVersion': '2026-07-28',
        'io.modelcontextprotocol/clientCapabilities': {},
        'io.modelcontextprotocol/clientInfo': { name: 'bridge', version: '1' },
      },
    });
  });

  it('cannot be used when it refuses both, and its first answer says why', async () => {
    const answers = { initialize: refusal(-32000, 'no licence for hunter2'), 'server/discover': refusal(-32601) };
    expect(await failureOf(open(playServer(answering(answers))).link)).toEqual([
      'UPSTREAM_START',
      'test: the server refused initialize: no licence for ***',
    ]);
  });
});

describe('a server that is to be spoken to in one way', () => {
  it('of 2025 is not asked for the other', async () => {
    const server = playServer(answering({ initialize: refusal(-32022), 'server/discover': { result: DISCOVERED } }));
    expect(await failureOf(open(server, '2025').link)).toEqual([
      'UPSTREAM_START',
      'test: the server refused initialize: not today',
    ]);
    expect(methodsOf(server)).toEqual(['initialize']);
  });

  it('of 2026 is not asked for the other', async () => {
    const server = playServer(answering({ initialize: { result: OPENED }, 'server/discover': { result: DISCOVERED } }));
    expect([(await open(server, '2026').link) instanceof StatelessLink, methodsOf(server)]).toEqual([
      true,
      ['server/discover'],
    ]);
    const other = playServer(answering({ initialize: { result: OPENED }, 'server/discover': refusal(-32601) }));
    expect(await failureOf(open(other, '2026').link)).toEqual([
      'UPSTREAM_START',
      'test: the server refused server/discover: not today',
    ]);
  });
});

describe('a server that cannot be used', () => {
  it.each([
    ['only later revisions', ['2099-01-01'], '["2099-01-01"]'],
    ['no list of revisions', '2026-07-28', '"2026-07-28"'],
    ['nothing', undefined, 'null'],
  ])('speaks %s', async (_, supportedVersions, known) => {
    const result = { ...DISCOVERED, supportedVersions };
    expect(await failureOf(open(playServer(answering({ 'server/discover': { result } })), '2026').link)).toEqual([
      'UPSTREAM_START',
      `test: the server speaks ${known}, and 2026-07-28 is not among them`,
    ]);
  });

  const HINT = '; try its command alone, or raise --start-timeout';
  const RARE = '; if it speaks nothing but 2026-07-28, set "protocol": "2026"';

  it.each<[string, Protocol, number, Play, number]>([
    [`no answer to initialize within 9000 ms${HINT}${RARE}`, 'auto', 9000, () => undefined, 9000],
    [`no answer to initialize within 9000 ms${HINT}`, '2025', 9000, () => undefined, 9000],
    ['no answer to server/discover within 9000 ms', '2026', 9000, () => undefined, 9000],
    // Since it is up, and has refused one, it is not waited for that long any more.
    ['the server refused initialize: not today', 'auto', 9000, REFUSING_LATE, 400 + 5000],
    ['the server refused initialize: not today', 'auto', 1000, REFUSING_LATE, 1000],
  ])('is silent: %s (%s, %i ms)', async (why, protocol, timeout, play, after) => {
    vi.useFakeTimers({ toFake: ['Date', 'setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    let isOver = false;
    const failure = failureOf(open(playServer(play), protocol, timeout).link).finally(() => {
      isOver = true;
    });
    await vi.advanceTimersByTimeAsync(after - 1);
    expect(isOver).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect([await failure, vi.getTimerCount()]).toEqual([['UPSTREAM_START', `test: ${why}`], 0]);
  });

  it.each(['initialize', 'server/discover'])('dies of %s', async (method) => {
    const server = playServer((frame) => {
      if (frame.string('method') !== method) return refusal(-32601);
      server.die();
      return undefined;
    });
    expect(await failureOf(open(server).link)).toEqual(['UPSTREAM_EXITED', 'test: it died']);
  });

  it('says with its last words why it died', async () => {
    const link = openLink({ ...fixture('crash-server', '--exit', 'initialize', '--words', 'no licence') });
    expect(await failureOf(link)).toEqual([
      'UPSTREAM_EXITED',
      'test: the server exited with code 3; its last words: no licence',
    ]);
  });

  it.each(['initialize', 'server/discover'])('answers %s with strings that are broken', async (method) => {
    // Large, since the strings of smaller ones are looked into before.
    const pad = 'x'.repeat(20_000);
    const server = playServer((frame) => {
      if (frame.string('method') !== method) return refusal(-32601);
      const result = `{"supportedVersions":["2026-07-28"],"capabilities":{"tools":"a\\q"},"pad":"${pad}"}`;
      server.say(RawJson.verbatim(`{"jsonrpc":"2.0","id":${frame.raw('id')?.text},"result":${result}}`));
      return undefined;
    });
    expect(await failureOf(open(server).link)).toEqual([
      'UPSTREAM_START',
      expect.stringContaining(`test: the answer to ${method} is broken: Unexpected character`),
    ]);
  });
});

describe('a server of 2026 that does not tell of changes', () => {
  const serving = (capabilities: object, listening: object | undefined) =>
    playServer(
      answering({
        'server/discover': { result: { ...DISCOVERED, capabilities } },
        'subscriptions/listen': listening,
        'tools/list': { result: { resultType: 'complete', tools: [] } },
      }),
    );

  it('is not asked to when it declares none', async () => {
    const server = serving({ tools: { listChanged: false }, prompts: {} }, undefined);
    await open(server, '2026').link;
    expect(methodsOf(server)).toEqual(['server/discover']);
  });

  it('serves all else, and the log says so', async () => {
    const server = serving({ tools: { listChanged: true } }, refusal(-32601));
    const { link, lines } = open(server, '2026');
    const exchange = createExchange(requestFrame('tools/list'));
    expect(contentOf(await (await link).request(exchange.frame, exchange))).toEqual({ tools: [] });
    expect(methodsOf(server)).toEqual(['server/discover', 'subscriptions/listen', 'tools/list']);
    await vi.waitFor(() => expect(lines).toEqual(['warn  test: does not tell of changes: not today']), EVENTUALLY);
  });

  it('as it is gone is not reported for that', async () => {
    const server = serving({ tools: { listChanged: true } }, undefined);
    const { link, lines } = open(server, '2026');
    const { peer } = await link;
    await peer.close();
    await peer.closed;
    // What has been let go of by then has been heard of.
    await new Promise((resolve) => setImmediate(resolve));
    expect(lines).toEqual([]);
  });
});
