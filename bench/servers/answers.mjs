/** What one `progress` call sends before its result. */
export const PROGRESS_COUNT = 1000;

const EMPTY_SCHEMA = { type: 'object', properties: {} };
const TOOLS = [
  {
    name: 'echo',
    description: 'Returns its text.',
    inputSchema: { type: 'object', properties: { text: { type: 'string' } }, required: ['text'] },
  },
  { name: 'progress', description: `Sends ${PROGRESS_COUNT} progress notifications.`, inputSchema: EMPTY_SCHEMA },
  { name: 'hold', description: 'Stays unanswered until release is called.', inputSchema: EMPTY_SCHEMA },
  { name: 'release', description: 'Answers the calls that are held.', inputSchema: EMPTY_SCHEMA },
  { name: 'holding', description: 'Says how many calls are held.', inputSchema: EMPTY_SCHEMA },
];

/**
 * Creates the MCP server that all variants put to the test, without its wire: `answer(message, send)` calls
 * `send` with every message that goes back, now or later, and not at all for a notification.
 */
export function createAnswers() {
  const held = [];
  const tools = {
    echo: ({ arguments: { text } }, reply) => reply(text),
    progress: ({ _meta: { progressToken } }, reply, send) => {
      for (let progress = 1; progress <= PROGRESS_COUNT; progress++) {
        const params = { progressToken, progress, total: PROGRESS_COUNT };
        send({ jsonrpc: '2.0', method: 'notifications/progress', params });
      }
      reply('done');
    },
    hold: (_params, reply) => held.push(reply),
    holding: (_params, reply) => reply(String(held.length)),
    release: (_params, reply) => {
      for (const replyHeld of held.splice(0)) replyHeld('released');
      reply('done');
    },
  };

  return function answer({ id, method, params }, send) {
    if (id === undefined) return;
    const result = (value) => send({ jsonrpc: '2.0', id, result: value });
    if (method === 'initialize') return result(describe(params));
    if (method === 'ping') return result({});
    if (method === 'tools/list') return result({ tools: TOOLS });
    if (method === 'tools/call' && Object.hasOwn(tools, params.name)) {
      return tools[params.name](params, (text) => result({ content: [{ type: 'text', text }] }), send);
    }
    send({ jsonrpc: '2.0', id, error: { code: -32601, message: `Not offered: ${method}` } });
  };
}

function describe({ protocolVersion }) {
  return { protocolVersion, capabilities: { tools: {} }, serverInfo: { name: 'bench-echo', version: '1.0.0' } };
}
