const HEAD_END = Buffer.from('\r\n\r\n');
const LINE_END = Buffer.from('\r\n');
const NOTHING = Buffer.alloc(0);

/**
 * Creates a parser for the HTTP/1.1 responses on one socket, one request at a time. Feed it what arrives; it calls
 * `onResponse({ status, headers, body })` at the last byte of each. It throws on what it does not know, so that no
 * answer passes by chance.
 */
export function createHttpParser(onResponse) {
  let unread = NOTHING;
  let response; // the one being read: { status, headers, parts, chunked, left }

  return function feed(chunk) {
    unread = unread.length === 0 ? chunk : Buffer.concat([unread, chunk]);
    while (response ? readBody() : readHead());
  };

  function readHead() {
    const end = unread.indexOf(HEAD_END);
    if (end === -1) return false;
    const head = parseHead(unread.latin1Slice(0, end));
    unread = unread.subarray(end + HEAD_END.length);
    if (head.status === 100) return true;
    response = { ...head, ...bodyForm(head), parts: [] };
    return true;
  }

  function readBody() {
    if (response.left > 0) takeBytes();
    if (response.left > 0) return false;
    if (!response.chunked) return finish();
    return readChunkSize();
  }

  function takeBytes() {
    const part = unread.subarray(0, response.left);
    response.parts.push(part);
    response.left -= part.length;
    unread = unread.subarray(part.length);
  }

  /** A chunk's data ends in CRLF, which is read together with the next chunk's size. */
  function readChunkSize() {
    const from = response.inChunks ? LINE_END.length : 0;
    const end = unread.indexOf(LINE_END, from);
    if (end === -1) return false;
    const size = Number.parseInt(unread.latin1Slice(from, end), 16);
    if (Number.isNaN(size)) throw new Error('a chunk without a size');
    if (size === 0) return readLastChunk(end);
    response.inChunks = true;
    response.left = size;
    unread = unread.subarray(end + LINE_END.length);
    return true;
  }

  function readLastChunk(end) {
    const after = end + 2 * LINE_END.length;
    if (unread.length < after) return false;
    if (unread.latin1Slice(end, after) !== '\r\n\r\n') throw new Error('trailers after the last chunk');
    unread = unread.subarray(after);
    return finish();
  }

  function finish() {
    const { status, headers, parts } = response;
    response = undefined;
    onResponse({ status, headers, body: parts.length === 1 ? parts[0] : Buffer.concat(parts) });
    return unread.length > 0;
  }
}

function parseHead(text) {
  const [first, ...lines] = text.split('\r\n');
  const match = /^HTTP\/1\.1 (\d{3})/.exec(first);
  if (!match) throw new Error(`not an HTTP/1.1 answer: ${first.slice(0, 80)}`);
  const headers = {};
  for (const line of lines) {
    const colon = line.indexOf(':');
    headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
  }
  return { status: Number(match[1]), headers };
}

function bodyForm({ status, headers }) {
  if (headers['transfer-encoding'] === 'chunked') return { chunked: true, inChunks: false, left: 0 };
  if (headers['content-length'] !== undefined) return { chunked: false, left: Number(headers['content-length']) };
  if (status === 204 || status === 304) return { chunked: false, left: 0 };
  throw new Error(`HTTP ${status} without a length`);
}
