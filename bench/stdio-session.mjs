import { initialize, initialized, listTools } from './rpc.mjs';
import { readLines } from './servers/lines.mjs';

/**
 * Opens an MCP session with a child over its stdin and stdout, no bridge between: the same face as an HTTP
 * session, but all its lanes share the one pipe.
 */
export async function openStdioSession(launched) {
  const { stdin, stdout } = launched.child;
  const waiting = new Map();
  launched.child.once('exit', () => {
    for (const { reject } of waiting.values()) reject(new Error('the server ended'));
  });
  stdin.on('error', () => {}); // Its exit says it all.

  const notices = [];
  readLines(stdout, (line) => {
    const at = performance.now();
    const message = JSON.parse(line);
    if (message.id === undefined) return notices.push(message);
    const messages = [...notices.splice(0), message];
    waiting.get(message.id)?.resolve({ at, messages: () => messages });
    waiting.delete(message.id);
  });

  const call = ({ id, head, tail }) =>
    new Promise((resolve, reject) => {
      if (launched.hasEnded()) return reject(new Error('the server ended'));
      waiting.set(id, { resolve, reject });
      stdin.cork();
      stdin.write(head);
      if (tail) stdin.write(tail);
      stdin.write('\n');
      stdin.uncork();
    });

  const opening = initialize();
  opening.check((await call(opening)).messages());
  stdin.write(`${initialized()}\n`);
  const list = listTools();
  list.check((await call(list)).messages());
  return { connect: async () => ({ call, close() {} }), close: () => launched.stop() };
}
