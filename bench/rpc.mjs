import { PROGRESS_COUNT } from './servers/answers.mjs';

// Lines of plain ASCII, as most tool results are, and the cheapest for every variant: what is left is the moving of bytes.
const SAMPLE = 'The bridge forwards what the server said, byte for byte, and reads no more of it than it must.....\n';

let lastId = 0;

/** A text of `bytes` bytes, with its JSON encoding made beforehand. */
export function createPayload(bytes) {
  const text = SAMPLE.repeat(Math.ceil(bytes / SAMPLE.length)).slice(0, bytes);
  return { text, tail: Buffer.from(`${JSON.stringify(text).slice(1)}}}}`) };
}

/** An echo call of a text no other call has, so that an answer to somebody else is noticed. */
export function echo({ text, tail }) {
  const id = ++lastId;
  const mark = `#${id} `;
  const head = `{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":{"name":"echo","arguments":{"text":"${mark}`;
  return { id, head, tail, check: (messages) => checkText(onlyResult(messages, id), mark + text) };
}

/** A call of one of the echo server's other tools, which answers `expected`. */
export function callTool(name, expected) {
  const call = request('tools/call', { name, arguments: {} });
  return { ...call, check: (messages) => checkText(call.check(messages), expected) };
}

/** How many calls the echo server holds; `check` returns the number. */
export function countHeld() {
  const call = request('tools/call', { name: 'holding', arguments: {} });
  return { ...call, check: (messages) => Number(call.check(messages).content[0].text) };
}

/** A call that streams. `count` returns how many of its notifications arrived, in order and before the result. */
export function progress() {
  const token = `progress-${lastId + 1}`;
  const call = request('tools/call', { name: 'progress', arguments: {}, _meta: { progressToken: token } });
  const isNext = ({ method, params }, index) =>
    method === 'notifications/progress' && params.progressToken === token && params.progress === index + 1;
  return {
    ...call,
    count(messages) {
      checkText(onlyResult(messages.slice(-1), call.id), 'done');
      const sent = messages.slice(0, -1);
      if (sent.length === PROGRESS_COUNT && !sent.every(isNext)) throw new Error('progress out of order');
      return sent.length;
    },
  };
}

export const listTools = () => request('tools/list', {}, ({ tools }) => tools.some(({ name }) => name === 'echo'));

export const initialize = () =>
  request('initialize', {
    protocolVersion: '2025-11-25',
    capabilities: {},
    clientInfo: { name: 'mcp-bridge-bench', version: '1.0.0' },
  });

export const initialized = () => '{"jsonrpc":"2.0","method":"notifications/initialized"}';

/** `check(messages)` returns the result, and throws unless it is the only message, has the id and is as expected. */
function request(method, params, isExpected = () => true) {
  const id = ++lastId;
  return {
    id,
    head: JSON.stringify({ jsonrpc: '2.0', id, method, params }),
    check(messages) {
      const result = onlyResult(messages, id);
      if (!isExpected(result)) throw new Error(`wrong answer to ${method}`);
      return result;
    },
  };
}

function onlyResult(messages, id) {
  if (messages.length !== 1) throw new Error(`${messages.length} messages where one was due`);
  const [message] = messages;
  if (message.id !== id) throw new Error("somebody else's answer");
  if (!message.result) throw new Error(`error answer: ${message.error?.message}`);
  return message.result;
}

function checkText(result, expected) {
  if (result.content?.[0]?.text !== expected) throw new Error('wrong payload');
}
