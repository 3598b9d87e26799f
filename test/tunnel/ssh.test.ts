import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { openSsh, type SshSettings } from '../../src/tunnel/ssh.ts';
import { isAlive } from '../process/support.ts';
import { describePassage } from './passage.ts';
import {
  installOnPath,
  makeFolder,
  makeSurroundings,
  open,
  type Playbook,
  player,
  setEnvironment,
} from './programs.ts';
import { findPort, SSHD, type SshServer, startSshServer } from './sshd.ts';

describe.skipIf(SSHD === undefined)('an SSH server of the owner', () => {
  let server: SshServer;
  beforeAll(async () => {
    server = await startSshServer(SSHD ?? '');
  });
  afterAll(() => server.close());
  const to = (settings: Partial<SshSettings> = {}) =>
    openSsh({ to: server.to, port: server.port, args: server.args, ...settings });

  describePassage(async () => to());

  it('comes out at the public URL, with the port that the server has chosen', async () => {
    const { origin } = await open(to({ publicUrl: 'https://mcp.example.com:{port}/' }));
    expect(origin).toMatch(/^https:\/\/mcp\.example\.com:\d{4,5}$/);
  });

  it('comes out at the port that was asked for', async () => {
    const surroundings = makeSurroundings();
    const remotePort = await findPort();
    const { origin } = await open(to({ remotePort }), surroundings);
    expect(origin).toBe(`http://127.0.0.1:${remotePort}`);
    expect(surroundings.said.join('\n')).not.toContain('debug1');
  });

  it('says so when it may not forward', async () => {
    await expect(open(to({ args: server.restrictedArgs }))).rejects.toMatchObject({
      code: 'TUNNEL',
      message: 'ssh: 127.0.0.1 refuses to forward a port. See AllowTcpForwarding and PermitListen in its sshd_config.',
    });
  });

  it('names the port that it may not forward', async () => {
    await expect(open(to({ args: server.restrictedArgs, remotePort: await findPort() }))).rejects.toThrow(
      /^ssh: 127\.0\.0\.1 refuses to forward port \d+, or it is taken there\./,
    );
  });

  it('says how to set up a key when none is let in', async () => {
    await expect(open(to({ args: server.strangerArgs }))).rejects.toMatchObject({
      code: 'TUNNEL',
      message: expect.stringContaining(`Set up a key: ssh-copy-id ${server.to}`),
    });
  });

  it('does not go on when the key of the server has changed', async () => {
    await expect(open(to({ args: server.changedArgs }))).rejects.toMatchObject({
      code: 'TUNNEL',
      message: expect.stringContaining('ssh-keygen -R'),
    });
  });

  it('is as strict about unknown servers as the owner has configured', async () => {
    const folder = await makeFolder();
    await writeFile(join(folder, 'config'), 'StrictHostKeyChecking yes\n');
    const args = ['-o', `UserKnownHostsFile=${folder}/none`, ...server.args, '-F', join(folder, 'config')];
    await expect(open(to({ args }))).rejects.toThrow('127.0.0.1 is not known here yet. Connect to it once by hand');
  });

  it('tells that the connection is gone', async () => {
    const lost = await startSshServer(SSHD ?? '');
    onTestFinished(() => lost.close());
    const tunnel = await open(openSsh({ to: lost.to, port: lost.port, args: lost.args }));
    await lost.close();
    expect(await tunnel.closed).toMatch(/^ssh exited with code 255; its last words: .*Connection to 127.0.0.1 closed/);
    await expect(open(openSsh({ to: lost.to, port: lost.port, args: lost.args }))).rejects.toThrow(
      'Connection refused',
    );
  });
});

it.each([
  [
    'localhost.run',
    ['80:127.0.0.1:9', '--', 'nokey@localhost.run'],
    [
      { out: 'To set up custom domains, go to https://admin.localhost.run/ and https://localhost.run/docs/' },
      { out: '1a2b3c.lhr.life tunneled with tls termination, https://1a2b3c.lhr.life' },
    ],
    'https://1a2b3c.lhr.life',
  ],
  [
    'pinggy',
    ['0:127.0.0.1:9', '-p', '443', '--', 'a.pinggy.io'],
    [
      { out: 'You are not authenticated. Get a token at https://dashboard.pinggy.io' },
      { out: 'http://abcde-192-0-2-1.a.free.pinggy.link' },
      { out: 'https://abcde-192-0-2-1.a.free.pinggy.link' },
    ],
    'https://abcde-192-0-2-1.a.free.pinggy.link',
  ],
  [
    'serveo',
    ['80:127.0.0.1:9', '--', 'serveo.net'],
    [{ out: 'Forwarding HTTP traffic from https://f00.serveo.net' }, { out: 'Press g to start a GUI session' }],
    'https://f00.serveo.net',
  ],
])('takes the URL that %s prints, and no other', async (to, end, scene, origin) => {
  await playSsh([{ show: 'pid' }, { show: 'args' }, ...scene]);
  const surroundings = makeSurroundings();
  const tunnel = await open(openSsh({ to, args: [] }), surroundings);
  expect(tunnel.origin).toBe(origin);
  const args: string[] = JSON.parse(surroundings.find('args') ?? '[]');
  expect(args.slice(args.indexOf('-R') + 1)).toEqual(end);
  expect(args).not.toContain('-N');
  await tunnel.close();
  expect(isAlive(Number(surroundings.find('pid')))).toBe(false);
});

it('puts the words of the owner ahead of its own', async () => {
  await playSsh([{ show: 'args' }, { err: 'Allocated port 4711 for remote forward to 127.0.0.1:9' }]);
  const surroundings = makeSurroundings();
  const { origin } = await open(openSsh({ to: 'me@localhost', args: ['-o', 'ConnectTimeout=5'] }), surroundings);
  expect(origin).toBe('http://localhost:4711');
  const args: string[] = JSON.parse(surroundings.find('args') ?? '[]');
  expect(args.slice(0, 2)).toEqual(['-o', 'ConnectTimeout=5']);
  expect(args).toContain('BatchMode=yes');
  expect(args).toContain('StrictHostKeyChecking=accept-new');
});

it('lets ssh use the agent of the owner', async () => {
  setEnvironment('SSH_AUTH_SOCK', '/tmp/agent');
  await playSsh([{ show: 'SSH_AUTH_SOCK' }, { err: 'Allocated port 4711 for remote forward to 127.0.0.1:9' }]);
  const surroundings = makeSurroundings();
  await open(openSsh({ to: 'localhost', args: [] }), surroundings);
  expect(surroundings.find('SSH_AUTH_SOCK')).toBe('/tmp/agent');
});

it('keeps the user that was named for a public service', async () => {
  await playSsh([{ show: 'args' }, { out: 'x.lhr.life tunneled with tls termination, https://x.lhr.life' }]);
  const surroundings = makeSurroundings();
  await open(openSsh({ to: 'plan@localhost.run', args: [] }), surroundings);
  expect(surroundings.find('args')).toContain('"plan@localhost.run"');
});

it('says what to install when there is no ssh', async () => {
  setEnvironment('PATH', await makeFolder());
  await expect(open(openSsh({ to: 'localhost', args: [] }))).rejects.toMatchObject({
    code: 'SPAWN',
    message: expect.stringContaining('Install the OpenSSH client'),
  });
});

/** An ssh that prints what is given, and says that its configuration is the usual one. */
async function playSsh(scene: Playbook[string]): Promise<void> {
  const settings = [{ out: 'user me' }, { out: 'stricthostkeychecking ask' }, { exit: 0 }] as const;
  await installOnPath('ssh', player({ '-G': settings, '*': scene }));
}
