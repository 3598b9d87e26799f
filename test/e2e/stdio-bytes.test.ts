import { describe, expect, it } from 'vitest';
import { startBridge } from '../support/bridge.ts';
import { connectHttp } from '../support/clients.ts';
import { fixtureLine } from '../support/fixtures.ts';
import { openRawSession } from './raw-session.ts';

/** Characters of one to four bytes, what JSON and lines could stumble over, and characters that only some take for line breaks. */
const TEXTS = [
  'aé€😀',
  '𝒳𝒴€é',
  '"\\"\\\\"',
  'a\r\nb\tc',
  '\u2028\u2029\u0085',
  '\ud83d\ude00\u200d',
  '\u0000\u001f\u007f',
  '',
];

/** How servers misbehave on their pipes; see the fixture. */
const MANNERS = {
  'writes banners and logs between messages': ['--banner'],
  'ends lines with CRLF': ['--crlf'],
  'writes 1 MB to stderr before it reads': ['--stderr', '1000000'],
  'writes byte by byte': ['--split'],
  'does all of that': ['--banner', '--crlf', '--stderr', '1000000', '--split'],
};

describe.each(Object.entries(MANNERS))('a server that %s', (_, manners) => {
  it('is understood, and understands', async () => {
    await using bridge = await startBridge(['--stdio', fixtureLine('noisy-server', ...manners)]);
    await using peer = await connectHttp(bridge.url);
    for (const message of TEXTS) {
      const { content } = await peer.client.callTool({ name: 'echo', arguments: { message } });
      expect(content).toEqual([{ type: 'text', text: message }]);
    }
  });
});

describe('a server that writes no newline after its last answer', () => {
  it('is understood when it has ended, and started again for the next call', async () => {
    await using bridge = await startBridge(['--stdio', fixtureLine('noisy-server', '--bare-end')]);
    const session = await openRawSession(bridge.url);
    for (const id of [1, 2]) {
      const { result } = await session.call(id, 'echo', { message: `call ${id}` });
      expect(result?.content).toEqual([{ type: 'text', text: `call ${id}` }]);
    }
  });
});

describe('noise on stdout', () => {
  it('is said once, and never shown unless asked for', async () => {
    const server = fixtureLine('noisy-server', '--banner');
    await using bridge = await startBridge(['--stdio', `loud=${server}`]);
    const session = await openRawSession(bridge.url);
    for (const id of [1, 2, 3]) await session.call(id, 'echo', { message: 'hello' });
    expect(bridge.stderr().match(/loud: skipped/g)).toHaveLength(1);
    expect(bridge.stderr()).not.toContain('noisy server 1.0 ready');
  });
});

describe('noise on stderr', () => {
  it('never blocks the server, however much it is', async () => {
    const server = fixtureLine('noisy-server', '--stderr', '20000000');
    await using bridge = await startBridge(['--stdio', server]);
    const session = await openRawSession(bridge.url);
    expect((await session.call(1, 'echo', { message: 'still here' })).result?.content).toMatchObject([
      { text: 'still here' },
    ]);
  });
});

describe('an answer that cannot be read', () => {
  it('is an error on its id, not a call that hangs', async () => {
    await using bridge = await startBridge(['--stdio', `odd=${fixtureLine('odd-server')}`]);
    const session = await openRawSession(bridge.url);
    for (const name of ['cut', 'deep', 'interrupted']) {
      const { error } = await session.call(name, name);
      expect(error).toMatchObject({ code: -32603 });
      expect(error?.message).toContain('odd: ');
    }
    expect((await session.call('fine', 'fine')).result?.content).toMatchObject([{ text: 'fine' }]);
  });
});
