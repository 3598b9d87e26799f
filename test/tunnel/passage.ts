import { once } from 'node:events';
import { createServer, get, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect, it, onTestFinished } from 'vitest';
import type { OpenTunnel } from '../../src/tunnel/tunnel.ts';
import { makeSurroundings, open } from './programs.ts';

/** Checks what has to pass through every tunnel. `provide` is asked within the test. */
export function describePassage(
  provide: () => Promise<OpenTunnel>,
  { atOnce = 25, hearsEarly = true }: PassageOptions = {},
): void {
  it('passes a plain answer', async () => {
    const { origin } = await reach(provide, (_request, response) => response.end('hello'));
    expect(await fetchText(`${origin}/`)).toBe('hello');
  });

  it('passes each event as it is sent', async () => {
    const responses: ServerResponse[] = [];
    const { origin } = await reach(provide, (_request, response) => {
      responses.push(response.writeHead(200, { 'content-type': 'text/event-stream' }));
      response.write('data: 1\n\n');
    });
    const stream = await request(`${origin}/`);
    expect(String((await once(stream, 'data'))[0])).toBe('data: 1\n\n');
    responses[0]?.write('data: 2\n\n'); // Sent only when the first has arrived.
    expect(String((await once(stream, 'data'))[0])).toBe('data: 2\n\n');
    stream.destroy();
  });

  it(`passes ${atOnce} requests at once`, async () => {
    const waiting: ServerResponse[] = [];
    const { origin } = await reach(provide, ({ url }, response) => {
      waiting.push(response);
      response.setHeader('x-path', `${url}`);
      if (waiting.length === atOnce) for (const each of waiting) each.end(each.getHeader('x-path'));
    });
    const paths = Array.from({ length: atOnce }, (_, index) => `/${index}`);
    expect(await Promise.all(paths.map((path) => fetchText(origin + path)))).toEqual(paths);
  });

  it('lets the server know that a client has gone', async () => {
    const { origin, first } = await reach(provide, (_request, response) => response.write('.'));
    const stream = await request(`${origin}/`);
    stream.destroy();
    await closing(await first);
  });

  if (hearsEarly)
    it('lets the server know that a client has gone before it was answered', async () => {
      const { response } = await leaveEarly(provide);
      await closing(response);
    });
}

export interface PassageOptions {
  /** How many requests it passes while none of them is answered. Default 25. */
  readonly atOnce?: number;
  /** Whether the server hears that a client has gone before its answer has begun, too. Default true. */
  readonly hearsEarly?: boolean;
}

/** A client that goes before it is answered: what it would have got, and what says `next` to the next client. */
export async function leaveEarly(provide: () => Promise<OpenTunnel>) {
  const { origin, first } = await reach(provide, ({ url }, response) => url === '/next' && response.end('next'));
  const outgoing = get(`${origin}/`, { agent: false }).on('error', () => {}); // It does not wait for its end.
  const response = await first;
  outgoing.destroy();
  return { response, next: () => fetchText(`${origin}/next`) };
}

/** A web server behind the tunnel, and the tunnel's origin. */
async function reach(
  provide: () => Promise<OpenTunnel>,
  answer: (request: IncomingMessage, response: ServerResponse) => void,
) {
  const server = createServer(answer).listen(0, '127.0.0.1');
  const first = once(server, 'request').then(([, response]) => response as ServerResponse);
  await once(server, 'listening');
  onTestFinished(async () => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const { origin } = await open(await provide(), makeSurroundings({ host: '127.0.0.1', port }));
  return { origin, first };
}

async function closing(response: ServerResponse): Promise<void> {
  if (!response.destroyed) await once(response, 'close');
}

async function request(url: string): Promise<IncomingMessage> {
  const [response] = await once(get(url, { agent: false }), 'response');
  return response;
}

async function fetchText(url: string): Promise<string> {
  return text(await request(url));
}
