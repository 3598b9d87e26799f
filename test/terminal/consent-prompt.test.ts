import { PassThrough } from 'node:stream';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { createLog } from '../../src/log.ts';
import { Pairing } from '../../src/oauth/pairing.ts';
import { listenToOwner, pairingText } from '../../src/terminal/consent-prompt.ts';
import { BACKGROUND, FOREGROUND, stubProcessState } from './process-state.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

/** Somebody who listens to what is typed, and what that prints. */
async function openPrompt(canPair = true) {
  const pairing = canPair ? new Pairing(createLog({ level: 'none' })) : undefined;
  onTestFinished(() => pairing?.close());
  const input = new PassThrough();
  const printed: string[] = [];
  const end = await listenToOwner({
    input: input as PassThrough & NodeJS.ReadStream,
    bridge: { pairing, openPairing: () => pairing?.open() },
    print: (text) => void printed.push(text),
  });
  onTestFinished(end);
  /** Resolves once it has been read, with what has been printed since. */
  const type = async (text: string) => {
    const before = printed.length;
    input.write(text);
    await new Promise((resolve) => setImmediate(resolve));
    return printed.slice(before);
  };
  return { pairing, input, printed, end, type };
}

const WINDOW = /^ {2}Pairing code {2}\w{4}-\w{4} {2}for one client, until .*$/;

describe.skipIf(process.platform === 'win32')('what the owner types', () => {
  it('allows the request that has this number', async () => {
    await stubProcessState(FOREGROUND);
    const { pairing, type } = await openPrompt();
    pairing?.open();
    const number = pairing?.ask({ id: 'a', client: 'App (app.example)' }) ?? '';
    expect(await type(` ${number.toLowerCase()} \n`)).toEqual([
      '  App (app.example) is allowed; press Allow on the page',
    ]);
    expect([pairing?.isOpen, pairing?.takeApproval('a')]).toEqual([false, true]);
  });

  it.each(['pair', 'PAIR', '  Pair  '])('opens a window: %j', async (word) => {
    await stubProcessState(FOREGROUND);
    const { pairing, type } = await openPrompt();
    const [text = '', ...others] = await type(`${word}\n`);
    expect(text).toMatch(WINDOW);
    expect(others).toEqual([]);
    const code = /\w{4}-\w{4}/.exec(text)?.[0] ?? '';
    expect(pairing?.enter('a', code)).toEqual({ isRight: true });
  });

  it('takes the place of the window before', async () => {
    await stubProcessState(FOREGROUND);
    const { pairing, type } = await openPrompt();
    const { code } = pairing?.open() ?? { code: '' };
    await type('pair\n');
    expect(pairing?.enter('a', code)).toMatchObject({ isRight: false });
  });

  it('may mean nothing, and says what would', async () => {
    await stubProcessState(FOREGROUND);
    const { pairing, type } = await openPrompt();
    pairing?.open();
    for (const word of ['11', 'yes', 'paired'])
      expect(await type(`${word}\n`)).toEqual([
        `  Nobody asks for access under "${word}". Type the number that the page shows, or pair for a new code`,
      ]);
    expect(pairing?.isOpen).toBe(true);
  });

  it('is nothing while it is blank, or not finished', async () => {
    await stubProcessState(FOREGROUND);
    const { type } = await openPrompt();
    expect(await type('\n  \n\r\n')).toEqual([]);
    expect(await type('pa')).toEqual([]);
    expect(await type('ir\n')).toHaveLength(1);
  });

  it('is read until that is ended', async () => {
    await stubProcessState(FOREGROUND);
    const { end, type, printed } = await openPrompt();
    end();
    await type('pair\n');
    expect(printed).toEqual([]);
  });
});

describe.skipIf(process.platform === 'win32')('nothing is read, since a terminal stops those that do,', () => {
  it.each([
    ['in the background', BACKGROUND],
    ['where nobody can tell', 'exit 1'],
  ])('%s', async (_, script) => {
    await stubProcessState(script);
    const { input, type } = await openPrompt();
    expect(await type('pair\n')).toEqual([]);
    expect(input.listenerCount('data') + input.listenerCount('readable')).toBe(0);
  });
});

it('the owner is told the code, for how long, and what to do with it', () => {
  const expiresAt = new Date(2026, 0, 1, 12, 34, 56);
  const until = expiresAt.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
  expect(pairingText({ code: 'K7QM-3XWP', expiresAt })).toBe(
    `  Pairing code  K7QM-3XWP  for one client, until ${until}`,
  );
});
