import { expect, it } from 'vitest';
import { openProgram, readProgram, type TunnelProgram } from '../../src/tunnel/program.ts';
import { isAlive } from '../process/support.ts';
import { makeSurroundings, type Playbook, player } from './programs.ts';

it('says after its limit what it was told until then, and leaves nothing running', async () => {
  const surroundings = makeSurroundings();
  const opening = openProgram(program([{ show: 'pid' }, { out: 'still connecting' }], { limit: 3000 }), surroundings);
  await expect(opening).rejects.toMatchObject({
    code: 'TUNNEL',
    message: expect.stringMatching(/^it was not ready within 3 s; its last words: pid \d+ \| still connecting$/),
  });
  expect(isAlive(Number(surroundings.find('pid')))).toBe(false);
});

it('says what did not come, where the program has a word for it', async () => {
  const opening = openProgram(program([], { limit: 500, unready: 'printed no URL' }), makeSurroundings());
  await expect(opening).rejects.toThrow('it printed no URL within 0.5 s; it said nothing');
});

it('says so when it was told nothing at all', async () => {
  const opening = openProgram(program([], { limit: 500 }), makeSurroundings());
  await expect(opening).rejects.toThrow('it was not ready within 0.5 s; it said nothing');
});

it('explains a failure where it can', async () => {
  const explain = (words: string) => (words.includes('E42') ? 'turn it on first' : undefined);
  const opening = openProgram(program([{ err: 'E42' }, { exit: 1 }], { explain }), makeSurroundings());
  await expect(opening).rejects.toMatchObject({ code: 'TUNNEL', message: 'it: turn it on first' });
});

it('keeps quiet about lines that are noise, but reads them', async () => {
  const surroundings = makeSurroundings();
  const connect: TunnelProgram['connect'] = (output) => output.find((line) => /^debug: at (.*)/.exec(line)?.[1]);
  const tunnel = await openProgram(
    program([{ err: 'debug: at https://a.example.com' }], { connect, noise: /^debug/ }),
    surroundings,
  );
  expect(tunnel.origin).toBe('https://a.example.com');
  expect(surroundings.said).toEqual([]);
  await tunnel.close();
});

it('rejects with what a reader throws', async () => {
  const connect: TunnelProgram['connect'] = (output) =>
    output.find(() => {
      throw new Error('enable it first');
    });
  await expect(openProgram(program([{ out: 'x' }], { connect }), makeSurroundings())).rejects.toThrow(
    'enable it first',
  );
});

it('reads what a program prints that ends by itself', async () => {
  expect(
    await readProgram(program([{ out: 'one' }, { err: 'two' }, { out: 'three' }, { exit: 0 }]), makeSurroundings()),
  ).toBe('one\nthree\n');
});

it('says why a program that was to be read has failed', async () => {
  const reading = readProgram(program([{ err: 'not now' }, { exit: 2 }]), makeSurroundings());
  await expect(reading).rejects.toMatchObject({
    code: 'TUNNEL',
    message: 'it exited with code 2; its last words: not now',
  });
});

it.skipIf(process.platform === 'win32')('does not read for ever what a program prints', async () => {
  const reading = readProgram({ name: 'it', command: 'yes', args: [] }, makeSurroundings());
  await expect(reading).rejects.toMatchObject({
    code: 'TUNNEL',
    message: expect.stringContaining('the right program'),
  });
});

it('does not wait for ever for a program that is to be read', async () => {
  const reading = readProgram(program([], { limit: 500 }), makeSurroundings());
  await expect(reading).rejects.toThrow('it was not ready within 0.5 s');
});

function program(scene: Playbook[string], options: Partial<TunnelProgram> = {}): TunnelProgram {
  const connect: TunnelProgram['connect'] = (output) => output.find<string>(() => undefined);
  return { name: 'it', ...player({ '*': scene }), connect, ...options };
}
