// The floor: the same answers straight from node:http, with no child, no session state and no checks.
// A bridge does this work too, and more. Usage: node http-floor.mjs PORT. It ends with its stdin.
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { createAnswers } from './answers.mjs';

const answer = createAnswers();

const server = createServer((req, res) => {
  if (req.method !== 'POST') return res.writeHead(req.method === 'DELETE' ? 200 : 405).end();
  const parts = [];
  req.on('data', (part) => parts.push(part));
  req.on('end', () => respond(JSON.parse(Buffer.concat(parts).toString()), res));
});

function respond(message, res) {
  if (message.id === undefined) return res.writeHead(202).end();
  const streams = message.params?._meta?.progressToken !== undefined;
  if (streams) res.writeHead(200, { 'content-type': 'text/event-stream' });
  answer(message, streams ? (sent) => writeEvent(res, message.id, sent) : (sent) => writeJson(res, message, sent));
}

function writeEvent(res, id, message) {
  res.write(`event: message\ndata: ${JSON.stringify(message)}\n\n`);
  if (message.id === id) res.end();
}

function writeJson(res, { method }, message) {
  const body = Buffer.from(JSON.stringify(message));
  const headers = { 'content-type': 'application/json', 'content-length': body.length };
  if (method === 'initialize') headers['mcp-session-id'] = randomUUID();
  res.writeHead(200, headers).end(body);
}

server.listen(Number(process.argv[2]), '127.0.0.1');
process.stdin.on('end', () => process.exit()).resume();
