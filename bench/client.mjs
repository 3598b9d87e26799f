import { connect } from 'node:net';
import { createHttpParser } from './http-parser.mjs';
import { initialize, initialized, listTools } from './rpc.mjs';

const HOST = '127.0.0.1';

/**
 * Opens one keep-alive connection. `send` resolves at the last byte of the answer with
 * `{ at, status, headers, body }`, `at` in ms of performance.now(); it takes one request at a time.
 */
export async function openConnection(port) {
  const socket = connect({ port, host: HOST, noDelay: true });
  await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  let waiting;

  const feed = createHttpParser((response) => {
    const { resolve } = waiting;
    waiting = undefined;
    resolve({ at: performance.now(), ...response });
  });
  const fail = (error) => {
    waiting?.reject(error);
    waiting = undefined;
  };
  socket.on('data', (chunk) => {
    try {
      feed(chunk);
    } catch (error) {
      socket.destroy(error);
    }
  });
  socket.on('error', fail).on('close', () => fail(new Error('the connection was closed')));

  return {
    /** `head` is text, `tail` the bytes after it, so that a large body is encoded once for many calls. */
    send({ method = 'POST', headers, head = '', tail }) {
      const length = Buffer.byteLength(head) + (tail?.length ?? 0);
      return new Promise((resolve, reject) => {
        if (socket.destroyed) return reject(new Error('the connection was closed'));
        waiting = { resolve, reject };
        socket.cork();
        socket.write(`${method} /mcp HTTP/1.1\r\n${headers}Content-Length: ${length}\r\n\r\n${head}`);
        if (tail) socket.write(tail);
        socket.uncork();
      });
    },
    close: () => socket.destroy(),
  };
}

/**
 * Opens an MCP session as a client does: initialize, initialized, tools/list, on a connection of its own.
 * Its `connect()` opens a lane, a further connection that carries one call at a time.
 */
export async function openHttpSession(port) {
  const headers = [
    `Host: ${HOST}:${port}`,
    'Content-Type: application/json',
    'Accept: application/json, text/event-stream',
  ];
  const asText = () => `${headers.join('\r\n')}\r\n`;
  const first = await openConnection(port);
  try {
    const opening = initialize();
    const answer = await first.send({ headers: asText(), head: opening.head });
    const { protocolVersion } = opening.check(readMessages(answer));
    if (answer.headers['mcp-session-id']) headers.push(`Mcp-Session-Id: ${answer.headers['mcp-session-id']}`);
    headers.push(`MCP-Protocol-Version: ${protocolVersion}`);
    expectStatus(await first.send({ headers: asText(), head: initialized() }), 202);
    const list = listTools();
    list.check(readMessages(await first.send({ headers: asText(), head: list.head })));
  } finally {
    first.close();
  }

  const sessionHeaders = asText();
  return {
    async connect() {
      const connection = await openConnection(port);
      return {
        /** Resolves with when the answer was complete and, parsed on demand and so off the clock, its messages. */
        async call({ head, tail }) {
          const answer = await connection.send({ headers: sessionHeaders, head, tail });
          return { at: answer.at, messages: () => readMessages(answer) };
        },
        close: connection.close,
      };
    },
    async close() {
      const connection = await openConnection(port);
      await connection.send({ method: 'DELETE', headers: sessionHeaders });
      connection.close();
    },
  };
}

function expectStatus({ status }, expected) {
  if (status !== expected) throw new Error(`HTTP ${status}`);
}

function readMessages(answer) {
  expectStatus(answer, 200);
  const text = answer.body.toString();
  if (!answer.headers['content-type']?.startsWith('text/event-stream')) return [JSON.parse(text)];
  return text.split(/\r?\n\r?\n/).flatMap((event) => {
    const data = eventData(event);
    return data ? [JSON.parse(data)] : [];
  });
}

function eventData(event) {
  return event
    .split(/\r?\n/)
    .filter((line) => line.startsWith('data:'))
    .map((line) => line.slice('data:'.length))
    .join('\n')
    .trim();
}
