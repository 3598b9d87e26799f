import '../support/tunnels/localhost-names.mjs';
import { once } from 'node:events';
import { createServer as createWebServer, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { openPipenet } from '../../src/tunnel/pipenet.ts';
import { describePassage, leaveEarly } from './passage.ts';
import { makeSurroundings, open } from './programs.ts';
import { type Relay, startRelay } from './relay.ts';
import { findPort } from './sshd.ts';

describe('a tunnel of pipenet', () => {
  let relay: Relay;
  beforeAll(async () => {
    relay = await startRelay();
  });
  afterAll(() => relay.close());
  const provide = async () => openPipenet({ host: relay.host });

  // Its server takes ten connections from a client (1.4.3, `ClientManager.newClient`): what comes on top of ten requests waits.
  describePassage(provide, { atOnce: 10, hearsEarly: false });

  // Its server ties a request to its client with the head of the answer, and misses a client that has gone before (1.4.3, `Client.handleRequest`).
  // What the bridge streams has its head at once; a call gets it with the first thing to say, or after some seconds. So a call that is
  // given up before that goes on to its end.
  it('goes on with a request whose client has gone before it was answered, and serves the next', async () => {
    const { response, next } = await leaveEarly(provide);
    expect(await next()).toBe('next');
    expect(response.destroyed).toBe(false);
  });

  it('says that it is not encrypted, and ends when it is closed', async () => {
    const surroundings = makeSurroundings();
    const tunnel = await open(await provide(), surroundings);
    expect(surroundings.said.join()).toContain('not encrypted, tokens included');
    await Promise.all([tunnel.close(), tunnel.close()]);
    expect(await tunnel.closed).toBe('it was closed');
  });

  it('comes out at the subdomain that was asked for', async () => {
    const { origin } = await open(openPipenet({ host: relay.host, subdomain: 'my-bridge' }));
    expect(origin).toBe(relay.host.replace('localhost', 'my-bridge.localhost'));
  });

  it('is not opened under a subdomain that its server does not like, which is said', async () => {
    await expect(open(openPipenet({ host: relay.host, subdomain: 'a' }))).rejects.toMatchObject({
      code: 'TUNNEL',
      message: expect.stringMatching(/gives no tunnel: Invalid subdomain/),
    });
  });

  it('is not opened to another address than loopback, as it would lead to another program', async () => {
    const surroundings = makeSurroundings({ host: '192.0.2.1', port: 9 });
    await expect(open(await provide(), surroundings)).rejects.toMatchObject({ code: 'USAGE' });
  });
});

describe('a server of pipenet', () => {
  it('that is not there is not waited for', async () => {
    const host = `http://127.0.0.1:${await findPort()}`;
    await expect(open(openPipenet({ host }))).rejects.toMatchObject({
      code: 'TUNNEL',
      message: expect.stringMatching(/gives no tunnel: it does not answer$/),
    });
  });

  it('that is out of order is not waited for', async () => {
    const server = await listening(createWebServer((_, response) => response.writeHead(502).end()));
    await expect(open(openPipenet({ host: urlOf(server) }))).rejects.toThrow('gives no tunnel: it answers 502');
  });

  it('that gives a tunnel when nobody waits for it any more is left alone', async () => {
    const [target, exit] = [await listening(createServer()), await listening(createServer())];
    const connected = once(exit, 'connection') as Promise<[Socket]>;
    const used = once(target, 'connection').then(() => 'in use');
    await answerLate(portOf(exit), portOf(target));
    const [socket] = await connected;
    expect(await Promise.race([used, once(socket.resume(), 'close').then(() => 'closed')])).toBe('closed');
  });

  it('that gives one which does not work, when nobody waits any more, does no harm', async () => {
    const port = await findPort();
    await answerLate(port, port);
    // Ours is refused after that of the tunnel, whose error would have been reported as an uncaught one.
    await expect(once(connect(port, '127.0.0.1'), 'connect')).rejects.toThrow('ECONNREFUSED');
  });
});

/** Asks for a tunnel to a port, gives up, and has the server answer then that the tunnel is at another port. */
async function answerLate(port: number, target: number): Promise<void> {
  const relay = await listening(createWebServer(({ method }, response) => method === 'HEAD' && response.end()));
  const asked = new Promise<ServerResponse>((resolve) => {
    relay.on('request', ({ method }, response) => method === 'GET' && resolve(response));
  });
  const surroundings = makeSurroundings({ host: '127.0.0.1', port: target });
  const opening = open(openPipenet({ host: urlOf(relay) }), surroundings);
  const answer = await asked;
  surroundings.giveUp();
  await expect(opening).rejects.toMatchObject({ code: 'TUNNEL' });
  const read = once(answer.socket as Socket, 'close');
  answer.setHeader('connection', 'close');
  answer.end(JSON.stringify({ id: 'late', ip: '127.0.0.1', port, url: urlOf(relay), maxConnCount: 1 }));
  await read;
}

/** A server that is gone when the test ends. */
async function listening<Kind extends Server>(server: Kind): Promise<Kind> {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => sockets.add(socket));
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return server;
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

function urlOf(server: Server): string {
  return `http://127.0.0.1:${portOf(server)}`;
}
