import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { RpcMessage } from './http.ts';

/** A server's stdin and stdout as they are, without an SDK. */
export interface RawStdio extends AsyncDisposable {
  readonly pid: number;
  /** Writes an object as one line, or text and bytes as they are. */
  send(message: object | string | Buffer): void;
  /** Sends a request under the next id and resolves with the line that answers it. */
  request(method: string, params?: object): Promise<string>;
  /** The first line that `matches`, past or to come; rejects when the server ends before. */
  line(matches: (line: string) => boolean): Promise<string>;
  /** All lines so far. */
  lines(): string[];
  /** Ends stdin and waits until the server has ended. */
  close(): Promise<void>;
}

/** Starts a stdio server and speaks to it in lines. Its stderr goes to the report of the tests, unless it is to be ignored. */
export function openStdio(
  { command, args = [] }: { command: string; args?: string[] },
  stderr: 'inherit' | 'ignore' = 'inherit',
): RawStdio {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', stderr] });
  const closed = once(child, 'close');
  let output = '';
  let lastId = 0;
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    output += chunk;
  });
  const lines = (): string[] => output.split('\n').slice(0, -1);
  const send: RawStdio['send'] = (message) => {
    const isLine = typeof message === 'object' && !Buffer.isBuffer(message);
    child.stdin.write(isLine ? `${JSON.stringify(message)}\n` : message);
  };
  const close = async (): Promise<void> => {
    child.stdin.end();
    await closed;
  };
  const line: RawStdio['line'] = async (matches) => {
    for (;;) {
      const found = lines().find(matches);
      if (found !== undefined) return found;
      await Promise.race([once(child.stdout, 'data'), closed.then(fail)]);
    }
  };
  return {
    pid: child.pid as number,
    send,
    line,
    lines,
    close,
    request(method, params = {}) {
      lastId += 1;
      const id = lastId;
      send({ jsonrpc: '2.0', id, method, params });
      return line((text) => answers(text, id));
    },
    [Symbol.asyncDispose]: close,
  };
}

/** Whether a line is the response to a request of this id. */
export function answers(line: string, id: number): boolean {
  const message = JSON.parse(line) as RpcMessage;
  return message.method === undefined && message.id === id;
}

function fail(): never {
  throw new Error('The server ended before the line came.');
}
