const NEWLINE = 10;

/** Calls `onLine` with every complete line of a byte stream, without its newline. Linear in time, however long a line is. */
export function readLines(stream, onLine) {
  let parts = [];
  stream.on('data', (chunk) => {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      parts.push(chunk.subarray(start, end));
      onLine(parts.length === 1 ? parts[0].toString() : Buffer.concat(parts).toString());
      parts = [];
      start = end + 1;
    }
    if (start < chunk.length) parts.push(chunk.subarray(start));
  });
}
