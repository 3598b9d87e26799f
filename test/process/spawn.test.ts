import { once } from 'node:events';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { describeExit } from '../../src/process/spawn.ts';
import { createWatchdog } from '../../src/process/watchdog.ts';
import { fixture, makeFolder, readAll, readPids, startServer, until } from './support.ts';

const evaluate = (code: string) => ({ command: process.execPath, args: ['-e', code] });

it('passes bytes in both directions', async () => {
  const server = await startServer(evaluate('process.stdin.pipe(process.stdout)'));
  server.stdin.end('hello');
  expect(await readAll(server.stdout)).toBe('hello');
  expect(await server.exited).toEqual({ code: 0, signal: null });
});

it('gives the child its folder, what was configured, and nothing of the parent that is not on the list', async () => {
  process.env.PLANTED_TOKEN = 'secret';
  onTestFinished(() => void delete process.env.PLANTED_TOKEN);
  const cwd = await makeFolder();
  const server = await startServer({
    ...evaluate('console.log(JSON.stringify({ cwd: process.cwd(), env: process.env }))'),
    cwd,
    env: { CONFIGURED: 'yes' },
  });
  const seen = JSON.parse(await readAll(server.stdout));
  expect(seen).toMatchObject({ cwd, env: { CONFIGURED: 'yes', PATH: process.env.PATH } });
  expect(seen.env).not.toHaveProperty('PLANTED_TOKEN');
});

it('passes arguments as they are, without a shell', async () => {
  const args = ['a b', '$HOME', '*', '; echo x', `'"`, '', '\\'];
  const server = await startServer({
    command: process.execPath,
    args: ['-p', 'JSON.stringify(process.argv.slice(1))', '--', ...args],
  });
  expect(JSON.parse(await readAll(server.stdout))).toEqual(args);
});

it('runs a line in the shell when asked to', async () => {
  const server = await startServer({
    command: 'echo one | tr o 0 && echo "$CONFIGURED"',
    shell: true,
    env: { CONFIGURED: 'two' },
  });
  expect(await readAll(server.stdout)).toBe('0ne\ntwo\n');
});

it('drains a megabyte of stderr, and keeps its last lines', async () => {
  let heard = 0;
  const server = await startServer({
    ...fixture('noisy', '1000000', 'one\ntwo é\nthe end'),
    onStderrLine: () => (heard += 1),
  });
  expect(await readAll(server.stdout)).toBe('done\n');
  const exit = await server.exited;
  expect(exit).toEqual({ code: 7, signal: null });
  expect(heard).toBe(10_003);
  expect(server.stderrTail().slice(-3)).toEqual(['one', 'two é', 'the end']);
  expect(describeExit(exit, server.stderrTail().slice(-2))).toBe('exited with code 7; its last words: two é | the end');
});

it('tells of the exit only when stdout has been read to the end', async () => {
  const server = await startServer(evaluate("process.stdout.write('x'.repeat(150_000))"));
  let received = 0;
  server.stdout.on('data', (chunk) => {
    received += chunk.length;
    server.stdout.pause();
    setTimeout(() => server.stdout.resume(), 50);
  });
  await server.exited;
  expect(received).toBe(150_000);
});

it('tells of the exit within a second though a grandchild holds stdout open', async () => {
  const server = await startServer({
    command: 'sh',
    args: ['-c', `trap '' TERM; sleep 30 & echo up; read line; exit 5`],
  });
  await once(server.stdout, 'data');
  const start = performance.now();
  server.stdin.end('go\n');
  expect(await server.exited).toEqual({ code: 5, signal: null });
  expect(performance.now() - start).toBeLessThan(1000);
});

it('names the signal that ended the process', async () => {
  const server = await startServer(fixture('stubborn'));
  await readPids(server.stdout, 1);
  process.kill(server.pid, 'SIGKILL');
  expect(describeExit(await server.exited, server.stderrTail())).toBe('was ended by SIGKILL');
});

it('survives writing to a process that has closed its stdin or is gone', async () => {
  const server = await startServer({ command: 'sh', args: ['-c', 'exec <&-; echo closed; sleep 0.2'] });
  server.stdout.once('data', () => server.stdin.write('x'.repeat(1_000_000)));
  await server.exited;
  server.stdin.write('more');
  await server.terminate();
  server.stdin.write('and more');
});

it('has the watchdog look after its group for as long as there is one', async () => {
  const registered = new Set<number>();
  const watchdog = {
    ...createWatchdog(),
    add: (group: number) => void registered.add(group),
    remove: (group: number) => void registered.delete(group),
  };
  const server = await startServer({ ...fixture('polite'), watchdog });
  expect([...registered]).toEqual([server.pid]);
  server.stdin.end();
  await until(() => registered.size === 0);
});

const refusal = async (options: Parameters<typeof startServer>[0]): Promise<string> => {
  const error = await startServer({ name: 'files', ...options }).catch((reason: unknown) => reason);
  expect(error).toMatchObject({ name: 'BridgeError', code: 'SPAWN', cause: { code: expect.any(String) } });
  return (error as Error).message;
};

it('says which command was not found, where it was looked for, and what to install', async () => {
  const env = { PATH: '/nowhere' };
  expect(await refusal({ command: 'npxx', env })).toBe(
    'files: command not found: npxx. Is it installed and on the PATH? (PATH=/nowhere)',
  );
  expect(await refusal({ command: 'npx', env })).toMatch(/command not found: npx\. Install Node\.js .*PATH=\/nowhere/);
  expect(await refusal({ command: 'uvx', env })).toMatch(/command not found: uvx\. Install uv /);
  expect(await refusal({ command: 'docker', env })).toMatch(/command not found: docker\. Install Docker /);
  expect(await refusal({ command: './nope' })).toBe(
    'files: command not found: ./nope. Check the path; a relative one starts at the working folder.',
  );
});

it('says when a file cannot be executed, lacks its interpreter, or the folder is missing', async () => {
  const cwd = await makeFolder();
  await writeFile(join(cwd, 'plain'), 'echo hello');
  await writeFile(join(cwd, 'script'), '#!/nowhere/interpreter\n');
  await chmod(join(cwd, 'script'), 0o755);
  expect(await refusal({ command: './plain', cwd })).toMatch(
    /^files: \.\/plain may not be executed\. Make it executable/,
  );
  expect(await refusal({ command: './script', cwd })).toMatch(
    /^files: \.\/script exists, but the interpreter in its first line/,
  );
  expect(await refusal({ command: 'node', cwd: join(cwd, 'gone') })).toMatch(
    /^files: the working folder .*gone does not exist/,
  );
  expect(await refusal({ command: 'node', cwd: join(cwd, 'plain') })).toMatch(
    /^files: the working folder .*plain does not exist/,
  );
});

it('says what the system refuses without ending the bridge', async () => {
  expect(await refusal({ command: 'node', args: ['x'.repeat(4_000_000)] })).toMatch(
    /^files: cannot start node: .*E2BIG/,
  );
  expect(await refusal({ command: 'node', args: ['\0'] })).toMatch(/^files: cannot start node: /);
});
