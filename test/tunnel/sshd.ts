import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, rmdir, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { descendantsOf } from '../process/support.ts';

/** OpenSSH's server, if it is installed. It has to be called by its full path. */
export const SSHD = ['/usr/sbin', ...(process.env.PATH ?? '').split(delimiter)]
  .map((folder) => join(folder, 'sshd'))
  .find(existsSync);

export interface SshServer {
  readonly to: string;
  readonly port: number;
  /** What makes ssh use the key that is let in, and know the server's. */
  readonly args: readonly string[];
  /** The same, with a key that is not let in. */
  readonly strangerArgs: readonly string[];
  /** The same, with a key that may forward nothing. */
  readonly restrictedArgs: readonly string[];
  /** The same, where another key of the server's is known. */
  readonly changedArgs: readonly string[];
  /** Ends it, with all connections. Twice without harm. */
  close(): Promise<void>;
}

/** Starts an SSH server on loopback that lets in a key made for it. */
export async function startSshServer(program: string): Promise<SshServer> {
  const folder = await mkdtemp(join(tmpdir(), 'mcp-bridge-sshd-'));
  const port = await findPort();
  await writeFiles(folder, port);
  // Debian's unit makes this folder; a server that root starts needs it.
  const isAlone = userInfo().uid === 0 && !existsSync('/run/sshd');
  if (isAlone) await mkdir('/run/sshd', { mode: 0o755 });

  const server = spawn(program, ['-D', '-e', '-f', join(folder, 'config')], { stdio: ['ignore', 'ignore', 'pipe'] });
  const exited = new Promise((resolve) => server.once('exit', resolve));
  let closed: Promise<void> | undefined;
  const end = async () => {
    const connections = descendantsOf(server.pid as number); // They live on when the server has ended.
    server.kill();
    for (const pid of connections) process.kill(pid);
    await exited;
    if (isAlone) await rmdir('/run/sshd');
    await rm(folder, { recursive: true });
  };
  const close = () => {
    closed ??= end();
    return closed;
  };
  await listening(server.stderr, exited).catch(async (error) => {
    await close();
    throw error;
  });

  const args = (key: string, known: string) => [
    ...['-F', 'none', '-i', join(folder, key), '-o', 'IdentitiesOnly=yes'],
    ...['-o', `UserKnownHostsFile=${join(folder, known)}`],
  ];
  return {
    to: `${userInfo().username}@127.0.0.1`,
    port,
    args: args('client', 'known'),
    strangerArgs: args('stranger', 'known'),
    restrictedArgs: args('restricted', 'known'),
    changedArgs: args('client', 'changed'),
    close,
  };
}

/** A port of loopback that was free a moment ago: sshd cannot be asked to choose. */
export async function findPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function writeFiles(folder: string, port: number): Promise<void> {
  const at = (name: string) => join(folder, name);
  for (const key of ['host', 'other-host', 'client', 'restricted', 'stranger']) makeKey(at(key));
  const read = (key: string) => readFile(at(`${key}.pub`), 'utf8');
  await writeFile(at('changed'), `[127.0.0.1]:${port} ${await read('other-host')}`);
  await writeFile(at('authorized'), `${await read('client')}no-port-forwarding ${await read('restricted')}`);
  const settings = [
    `Port ${port}`,
    'ListenAddress 127.0.0.1',
    'AddressFamily inet', // Or a forwarded port may be free on ::1 alone, and be had there alone.
    `HostKey ${at('host')}`,
    `AuthorizedKeysFile ${at('authorized')}`,
    'PidFile none',
    'UsePAM no',
    'StrictModes no',
    'PermitRootLogin prohibit-password',
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
  ];
  await writeFile(at('config'), settings.join('\n'));
}

function makeKey(path: string): void {
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', path]);
}

/** Rejects with what it said when it ends instead. */
async function listening(stderr: Readable, exited: Promise<unknown>): Promise<void> {
  const said: string[] = [];
  const heard = new Promise<void>((resolve) => {
    createInterface({ input: stderr }).on('line', (line) => {
      said.push(line);
      if (line.startsWith('Server listening')) resolve();
    });
  });
  const ended = exited.then(() => {
    throw new Error(`sshd has ended: ${said.join(' | ')}`);
  });
  await Promise.race([heard, ended]);
  ended.catch(() => {}); // From now on, its end is what the test wants.
}
