import { createConnection } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { listen } from '../../src/http/listen.ts';
import { openSse, rawRequest } from '../support/http.ts';
import { serveApp } from './apps.ts';

const answer = (_: unknown, response: { end(text: string): void }) => response.end('here');
const options = { host: '127.0.0.1', port: 0, handler: answer, flag: '--port' };

describe('the origin', () => {
  it.each([
    ['127.0.0.1', '127.0.0.1'],
    ['localhost', 'localhost'],
    ['::1', '[::1]'],
    ['0.0.0.0', '127.0.0.1'],
    ['::', '127.0.0.1'],
  ])('of a server on %s leads to it under the name %s', async (host, name) => {
    const { origin, port } = await serveApp(answer, host);
    expect(origin).toBe(`http://${name}:${port}`);
    expect(await rawRequest('GET', origin)).toMatchObject({ status: 200, text: 'here' });
  });
});

describe('a server that cannot listen says why, and what to do', () => {
  it('when the port is taken', async () => {
    const { port } = await serveApp(answer);
    await expect(listen({ ...options, port })).rejects.toMatchObject({
      name: 'BridgeError',
      code: 'PORT_IN_USE',
      message: `Port ${port} is taken by another program. Stop it, or choose another port: --port ${port + 10}`,
      cause: { code: 'EADDRINUSE' },
    });
  });

  it('with a port that there is, when the last ones are taken', async () => {
    // Whoever holds it, it is taken.
    const holder = await listen({ ...options, port: 65_530 }).catch(() => undefined);
    onTestFinished(() => holder?.close());
    await expect(listen({ ...options, port: 65_530 })).rejects.toThrow(/: --port 65520$/);
  });

  it('when the machine does not have the address', async () => {
    await expect(listen({ ...options, host: '192.0.2.1' })).rejects.toMatchObject({
      code: 'LISTEN',
      message: 'This machine has no address 192.0.2.1; choose another one: --host 127.0.0.1',
    });
  });
});

describe('a server that is closed', () => {
  it('has let go of its port, with streams and idle connections cut', async () => {
    const listener = await listen({
      ...options,
      handler: (_, response) => void response.writeHead(200, { 'Content-Type': 'text/event-stream' }).write(':\n\n'),
    });
    const stream = await openSse(listener.origin);
    await stream.next();
    const idle = createConnection(listener.port, '127.0.0.1');
    const gone = new Promise((resolve) => idle.once('close', resolve));
    await new Promise((resolve) => idle.once('connect', resolve));
    await listener.close();
    await expect(stream.next()).rejects.toThrow();
    await gone;
    const again = await listen({ ...options, port: listener.port });
    await again.close();
  });

  it('is reached no more, and may be closed again', async () => {
    const listener = await listen(options);
    expect((await rawRequest('GET', listener.origin)).status).toBe(200);
    await Promise.all([listener.close(), listener.close()]);
    await expect(rawRequest('GET', listener.origin)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await listener.close();
  });
});
