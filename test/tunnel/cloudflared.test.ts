import { expect, it } from 'vitest';
import { type CloudflaredSettings, openCloudflared } from '../../src/tunnel/cloudflared.ts';
import { isAlive, until } from '../process/support.ts';
import { fixture, install, makeFolder, makeSurroundings, open, setEnvironment } from './programs.ts';

const ORIGIN = 'https://played-for-a-test.trycloudflare.com';

it('opens a quick tunnel once it is connected', async () => {
  const surroundings = makeSurroundings({ host: '127.0.0.1', port: 4711 });
  const tunnel = await open(await play('works'), surroundings);
  expect(tunnel.origin).toBe(ORIGIN);
  const args: string[] = JSON.parse(surroundings.find('arguments') ?? '[]');
  expect(args[0]).toBe('tunnel');
  expect(args.join(' ')).toContain('--url http://127.0.0.1:4711');
  expect(args.join(' ')).toContain('--no-autoupdate --metrics 127.0.0.1:0 --config /dev/null');
});

it('ends with the tunnel', async () => {
  const surroundings = makeSurroundings();
  const tunnel = await open(await play('works'), surroundings);
  const pid = Number(surroundings.find('pid'));
  expect(isAlive(pid)).toBe(true);
  await tunnel.close();
  expect(isAlive(pid)).toBe(false);
  expect(await tunnel.closed).toBe('it was closed');
});

it('ends also when it ignores SIGTERM', async () => {
  const surroundings = makeSurroundings();
  const tunnel = await open(await play('stubborn'), surroundings);
  await tunnel.close();
  expect(isAlive(Number(surroundings.find('pid')))).toBe(false);
});

it('takes the URL from the log of one that does not tell it otherwise', async () => {
  expect((await open(await play('old'))).origin).toBe(ORIGIN);
});

it('never takes the URL of the API, which stands in errors', async () => {
  expect((await open(await play('false-url'))).origin).toBe(ORIGIN);
  await expect(open(await play('offline'))).rejects.toMatchObject({
    code: 'TUNNEL',
    message: expect.stringContaining('it cannot reach api.trycloudflare.com'),
  });
});

it('says so when Cloudflare gives no more quick tunnels', async () => {
  await expect(open(await play('refused'))).rejects.toMatchObject({
    code: 'TUNNEL',
    message: expect.stringMatching(/\(429\)\. Wait some minutes, or use a named tunnel/),
  });
});

it('says what it said when it ends at once', async () => {
  await expect(open(await play('crash'))).rejects.toMatchObject({
    code: 'TUNNEL',
    message: expect.stringMatching(/^cloudflared exited with code 1; its last words: .*panic: runtime error$/),
  });
});

it('tells when it ends later', async () => {
  const tunnel = await open(await play('crash-later'));
  expect(await tunnel.closed).toMatch(/^cloudflared exited with code 1; .*lost the edge$/);
});

it('is not ready before it has a connection, though the URL is known', async () => {
  const surroundings = makeSurroundings();
  const opening = open(await play('unconnected'), surroundings);
  await until(() => surroundings.said.filter((line) => line.includes('asked for /ready')).length >= 2);
  surroundings.giveUp();
  await expect(opening).rejects.toThrow('cloudflared was given up before it was connected');
  expect(isAlive(Number(surroundings.find('pid')))).toBe(false);
});

it('opens a named tunnel, whose token is no argument', async () => {
  setEnvironment('PLANTED_TOKEN', 'secret');
  const surroundings = makeSurroundings();
  const settings = { token: 'dG9rZW4=', hostname: 'mcp.example.com' };
  const tunnel = await open(await play('works', settings), surroundings);
  expect(tunnel.origin).toBe('https://mcp.example.com');
  expect(surroundings.find('token')).toBe('dG9rZW4= planted undefined');
  expect(surroundings.find('arguments')).not.toContain('dG9rZW4=');
  expect(surroundings.find('arguments')).toContain('"run"');
});

it('says where to get a token that is accepted', async () => {
  const settings = { token: 'x', hostname: 'mcp.example.com' };
  await expect(open(await play('bad-token', settings))).rejects.toThrow(
    'Copy it anew from the tunnel in its dashboard.',
  );
});

async function play(role: string, settings: Partial<CloudflaredSettings> = {}) {
  const bin = await install('cloudflared', fixture('cloudflared', role));
  return openCloudflared({ bin, folder: await makeFolder(), ...settings });
}
