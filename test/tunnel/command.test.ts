import { describe, expect, it } from 'vitest';
import { openCommand } from '../../src/tunnel/command.ts';
import { isAlive, until } from '../process/support.ts';
import { describePassage } from './passage.ts';
import { fixture, makeSurroundings, open, type Playbook, player, setEnvironment } from './programs.ts';

const URL_LINE = 'Your tunnel: https://one.example.com/ (press q to quit)';

describe('a program that forwards', () => {
  describePassage(async () => openCommand(fixture('forwarder', '{port}')));
});

it('is told where to forward to', async () => {
  const { command, args } = player({ '*': [{ show: 'args' }, { out: URL_LINE }] });
  const surroundings = makeSurroundings({ host: '127.0.0.1', port: 4711 });
  await open(openCommand({ command, args: [...args, '--to={origin}', '{port}'] }), surroundings);
  expect(surroundings.find('args')).toBe('["--to=http://127.0.0.1:4711","4711"]');
});

it('is given no secret of the bridge', async () => {
  setEnvironment('PLANTED_TOKEN', 'secret');
  const surroundings = makeSurroundings();
  await open(play([{ show: 'PLANTED_TOKEN' }, { out: URL_LINE }]), surroundings);
  expect(surroundings.find('PLANTED_TOKEN')).toBe('undefined');
});

it.each([
  ['a line of stdout', { out: URL_LINE }, 'https://one.example.com'],
  ['a line of stderr', { err: 'INF | https://two.example.com |' }, 'https://two.example.com'],
  ['a line with colours', { out: '\u001b[1mhttps://three.example.com\u001b[0m' }, 'https://three.example.com'],
  [
    'JSON with url',
    { out: '{"docs":"https://no.example.com","url":"https://four.example.com"}' },
    'https://four.example.com',
  ],
  ['JSON with public_url', { out: '{"public_url":"https://five.example.com:8443/"}' }, 'https://five.example.com:8443'],
  [
    'a line that says what is forwarded',
    { out: 'http://localhost:9 -> https://six.example.com' },
    'https://six.example.com',
  ],
  ['the end of a sentence', { out: 'It is at https://seven.example.com.' }, 'https://seven.example.com'],
  ['Markdown', { out: '**https://eight.example.com**' }, 'https://eight.example.com'],
  ['a line on loopback', { out: 'http://127.0.0.1:1234' }, 'http://127.0.0.1:1234'],
])('takes the URL of %s', async (_, step, origin) => {
  expect((await open(play([step]))).origin).toBe(origin);
});

it('passes over what is no public URL', async () => {
  const garbage = [
    { out: 'http://plain.example.com' },
    { out: 'forwarding to http://127.0.0.1:9/' },
    { out: '{"docs":"https://docs.example.com"}' },
    { err: '{ not JSON \u0000\u0007 https://' },
    { out: 'x'.repeat(100_000) },
  ];
  expect((await open(play([...garbage, { out: URL_LINE }]))).origin).toBe('https://one.example.com');
});

it('says what a program said that ends instead', async () => {
  const opening = open(play([{ out: 'starting' }, { err: 'no licence found' }, { exit: 3 }]));
  await expect(opening).rejects.toMatchObject({
    code: 'TUNNEL',
    message: expect.stringMatching(/exited with code 3; its last words: starting \| no licence found$/),
  });
});

it('says that there is no such program', async () => {
  const opening = open(openCommand({ command: 'no-such-tunnel', args: [] }));
  await expect(opening).rejects.toMatchObject({
    code: 'SPAWN',
    message: expect.stringContaining('command not found: no-such-tunnel'),
  });
});

it('leaves nothing of a program that nobody waits for any more', async () => {
  const surroundings = makeSurroundings();
  const opening = open(play([{ stubborn: true }, { show: 'pid' }]), surroundings);
  await until(() => surroundings.find('pid') !== undefined);
  surroundings.giveUp();
  await expect(opening).rejects.toMatchObject({ code: 'TUNNEL', message: expect.stringContaining('was given up') });
  expect(isAlive(Number(surroundings.find('pid')))).toBe(false);
});

it('tells that the program has ended, and why', async () => {
  const surroundings = makeSurroundings();
  const tunnel = await open(play([{ show: 'pid' }, { out: URL_LINE }]), surroundings);
  process.kill(Number(surroundings.find('pid')), 'SIGKILL');
  expect(await tunnel.closed).toMatch(/was ended by SIGKILL; its last words: pid \d+ \| Your tunnel/);
});

it('ends a program that ignores SIGTERM, and closes twice without harm', async () => {
  const surroundings = makeSurroundings();
  const tunnel = await open(play([{ stubborn: true }, { show: 'pid' }, { out: URL_LINE }]), surroundings);
  await Promise.all([tunnel.close(), tunnel.close()]);
  expect(await tunnel.closed).toBe('it was closed');
  expect(isAlive(Number(surroundings.find('pid')))).toBe(false);
});

function play(scene: Playbook[string]) {
  return openCommand(player({ '*': scene }));
}
