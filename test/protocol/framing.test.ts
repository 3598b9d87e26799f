import { once } from 'node:events';
import { PassThrough, Writable } from 'node:stream';
import { text as readText } from 'node:stream/consumers';
import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { envelopeOfBroken, LineReader, LineWriter, type OversizedLine } from '../../src/protocol/framing.ts';

interface Heard {
  readonly lines: string[];
  readonly oversized: OversizedLine[];
}

/** What a reader makes of the chunks. */
function read(chunks: readonly (Buffer | string)[], { maxLine = 1_000_000, end = true } = {}): Heard {
  const lines: string[] = [];
  const oversized: OversizedLine[] = [];
  const reader = new LineReader(maxLine, {
    line: (text) => void lines.push(text),
    oversized: (line) => void oversized.push(line),
  });
  for (const chunk of chunks) reader.push(Buffer.from(chunk as string));
  if (end) reader.end();
  return { lines, oversized };
}

function cut(bytes: Buffer, size: number): Buffer[] {
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
    bytes.subarray(index * size, (index + 1) * size),
  );
}

describe('a reader of lines', () => {
  // Characters of 1, 2, 3 and 4 bytes.
  const lines = ['{"a":"x"}', 'é日😀', '😀'.repeat(3), 'a\u2028b\u0085c', '日'];

  it('gives the same lines wherever the bytes are cut', () => {
    const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
    for (let at = 0; at <= bytes.length; at += 1)
      expect(read([bytes.subarray(0, at), bytes.subarray(at)]).lines).toEqual(lines);
    for (const size of [1, 2, 3, 5]) expect(read(cut(bytes, size)).lines).toEqual(lines);
  });

  it('gives the same lines for any lines and any cuts', () => {
    const line = fc.string({ unit: 'grapheme', minLength: 1 }).filter((text) => !/[\r\n]/.test(text));
    fc.assert(
      fc.property(fc.array(line), fc.array(fc.nat()), fc.constantFrom('\n', '\r\n'), (all, cuts, newline) => {
        const bytes = Buffer.from(all.map((text) => text + newline).join(''));
        const points = [0, ...cuts.map((point) => point % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
        const chunks = points.slice(1).map((point, index) => bytes.subarray(points[index], point));
        expect(read(chunks).lines).toEqual(all);
      }),
    );
  });

  it('takes CRLF, skips empty lines, and keeps other carriage returns', () => {
    expect(read(['a\r\n\r\n\n\nb\rc\r', '\nd']).lines).toEqual(['a', 'b\rc', 'd']);
  });

  it('takes an unfinished line at the end, and only then', () => {
    expect(read(['a\nb'], { end: false }).lines).toEqual(['a']);
    expect(read(['a\nb']).lines).toEqual(['a', 'b']);
    expect(read(['a\n']).lines).toEqual(['a']);
    expect(read([]).lines).toEqual([]);
  });

  it('replaces broken UTF-8 rather than to fail', () => {
    expect(read([Buffer.from([0x61, 0xff, 0xe6, 0x97, 0x0a, 0x62, 0x0a])]).lines).toEqual(['a\ufffd\ufffd', 'b']);
  });

  it('copies each byte of a line at most once, however small the chunks', () => {
    const size = 1_000_000;
    const concat = vi.spyOn(Buffer, 'concat');
    onTestFinished(() => concat.mockRestore());
    const { lines: read1 } = read([...cut(Buffer.alloc(size, 'x'), 1), '\nnext\n']);
    expect(read1.map(({ length }) => length)).toEqual([size, 4]);
    const copied = concat.mock.results.reduce((sum, { value }) => sum + (value as Buffer).length, 0);
    expect(copied).toBeLessThanOrEqual(size + 4);
  });
});

describe('a line that is too long', () => {
  const filler = 'x'.repeat(5000);
  const envelopeOf = (text: string, size = text.length) => {
    const { lines, oversized } = read([...cut(Buffer.from(text), size), '\nnext\n'], { maxLine: 3000 });
    expect(lines).toEqual(['next']);
    expect(oversized.map(({ bytes }) => bytes)).toEqual([Buffer.byteLength(text)]);
    return oversized[0]?.envelope;
  };

  it.each([
    ['at the start', `{"jsonrpc":"2.0","id":7,"result":{"a":"${filler}"}}`, '7'],
    ['at the very start', `{"id":7,"jsonrpc":"2.0","result":{"a":"${filler}"}}`, '7'],
    ['at the end', `{"jsonrpc":"2.0","result":{"a":"${filler}"},"id":7}`, '7'],
    ['before the version at the end', `{"result":{"a":"${filler}"},"id":7,"jsonrpc":"2.0"}`, '7'],
    ['between spaces', ` { "jsonrpc" : "2.0" , "id" : -7 , "result" : "${filler}" } `, '-7'],
    ['between spaces at the end', `{ "result" : "${filler}" , "id" : "s" , "jsonrpc" : "2.0" } `, '"s"'],
    ['as a string with escapes', `{"jsonrpc":"2.0","id":"a\\"}, b","result":"${filler}"}`, '"a\\"}, b"'],
    ['as a big integer', `{"jsonrpc":"2.0","id":9007199254740993,"result":"${filler}"}`, '9007199254740993'],
  ])('names the id of the response that stands %s', (_, text, id) => {
    expect(envelopeOf(text)).toEqual({ id, isResponse: true });
    expect(envelopeOf(text, 700)).toEqual({ id, isResponse: true });
    expect(envelopeOf(text, 1)).toEqual({ id, isResponse: true });
  });

  it.each([
    ['after the method', `{"jsonrpc":"2.0","method":"a","id":7,"params":{"a":"${filler}"}}`, '7'],
    ['before the method', `{"jsonrpc":"2.0","id":"q","method":"a","params":{"a":"${filler}"}}`, '"q"'],
    ['at the end', `{"jsonrpc":"2.0","method":"a","params":{"a":"${filler}"},"id":7}`, '7'],
    ['with brackets in it', `{"jsonrpc":"2.0","id":"[{","method":"a","params":{"a":"${filler}"}}`, '"[{"'],
  ])('names the id of the request that stands %s', (_, text, id) => {
    expect(envelopeOf(text)).toEqual({ id, isResponse: false });
  });

  it.each([
    ['in a string', `{"jsonrpc":"2.0","result":"${filler}\\",\\"id\\":7}"}`],
    ['in a string that begins like an envelope', `{"result":"{\\"jsonrpc\\":\\"2.0\\",\\"id\\":7,${filler}"}`],
    ['inside the result', `{"jsonrpc":"2.0","result":{"a":"${filler}","id":7}}`],
    ['inside the result, at its start', `{"jsonrpc":"2.0","result":{"id":7,"a":"${filler}"}}`],
    ['as null', `{"jsonrpc":"2.0","id":null,"error":{"message":"${filler}"}}`],
  ])('takes nothing for an id that stands %s', (_, text) => {
    expect(envelopeOf(text)).toEqual({ id: 'null', isResponse: true });
  });

  it('takes the id of the message when the payload holds others', () => {
    const payload = `{"id":1,"a":"\\"id\\":2,${filler}","id":3}`;
    expect(envelopeOf(`{"jsonrpc":"2.0","id":7,"result":${payload}}`)?.id).toBe('7');
    expect(envelopeOf(`{"jsonrpc":"2.0","result":${payload},"id":7}`)?.id).toBe('7');
  });

  it('is told apart from a notification', () => {
    const text = `{"jsonrpc":"2.0","method":"a","params":{"id":7,"a":"${filler}"}}`;
    expect(envelopeOf(text)).toEqual({ id: 'null', isResponse: false });
  });

  it('is too long by its first byte beyond the limit', () => {
    expect(read(['x'.repeat(10), '\n'], { maxLine: 10 })).toMatchObject({ lines: ['x'.repeat(10)], oversized: [] });
    expect(read(['x'.repeat(11), '\n'], { maxLine: 10 })).toMatchObject({ lines: [], oversized: [{ bytes: 11 }] });
  });

  it('may come last and without a newline', () => {
    expect(read(['a\n', 'x'.repeat(50)], { maxLine: 10 })).toMatchObject({ lines: ['a'], oversized: [{ bytes: 50 }] });
  });
});

describe('a line that was to be a message', () => {
  it.each([
    ['was cut off', '{"jsonrpc":"2.0","id":7,"result":{"a":"b', { id: '7', isResponse: true }],
    [
      'holds another thread’s words',
      '{"jsonrpc":"2.0","id":"q",[info] hello "result":{}}',
      { id: '"q"', isResponse: true },
    ],
    ['holds a broken string', '{"result":{"a":"b\\q"},"jsonrpc":"2.0","id":7}', { id: '7', isResponse: true }],
    ['is a request', '{"jsonrpc":"2.0","id":7,"method":"a\\q","params":{}', { id: '7', isResponse: false }],
  ])('and %s still names whom it is for', (_, line, envelope) => {
    expect(envelopeOfBroken(line)).toEqual(envelope);
  });

  it.each([
    ['a banner', 'Server "jsonrpc" 2.0 is up, "id": 7,'],
    ['JSON of another kind', '{"level":"info","id":7,"msg":"x"'],
    ['a notification', '{"jsonrpc":"2.0","method":"a","params":{"x":"\\q"}}'],
    ['nothing', ''],
  ])('is told from %s', (_, line) => {
    expect(envelopeOfBroken(line)).toBeUndefined();
  });
});

/** A stream that takes note of each write, and says when the reader has taken it. */
function createSink(highWaterMark: number): { stream: Writable; writes: string[]; take(): void } {
  const writes: string[] = [];
  let taken = () => {};
  const stream = new Writable({
    highWaterMark,
    decodeStrings: false,
    write(chunk: string, _, done) {
      writes.push(chunk);
      taken = done;
    },
  });
  return { stream, writes, take: () => taken() };
}

describe('a writer of lines', () => {
  it('sends what comes within one turn in one write', async () => {
    const { stream, writes, take } = createSink(1000);
    const writer = new LineWriter(stream);
    writer.send('{"a":1}');
    await Promise.resolve();
    writer.send('{"b":2}');
    expect(writes).toEqual([]);
    await turn();
    expect(writes).toEqual(['{"a":1}\n{"b":2}\n']);
    take();
    writer.send('{"c":3}');
    await turn();
    expect(writes).toEqual(['{"a":1}\n{"b":2}\n', '{"c":3}\n']);
  });

  it('writes nothing while the reader is behind, and then all at once', async () => {
    const { stream, writes, take } = createSink(4);
    const writer = new LineWriter(stream);
    writer.send('12345');
    await turn();
    for (const text of ['a', 'b', 'c']) {
      writer.send(text);
      await turn();
    }
    expect(writes).toEqual(['12345\n']);
    expect(writer.backlog).toBe('12345\n'.length + 'a\nb\nc\n'.length);
    const drained = once(stream, 'drain');
    take();
    await drained;
    expect(writes).toEqual(['12345\n', 'a\nb\nc\n']);
    take();
    await turn();
    expect(writer.backlog).toBe(0);
  });

  it('joins lines of JSON that was spread over several', async () => {
    const stream = new PassThrough();
    const writer = new LineWriter(stream);
    writer.send('{\n  "a": 1,\r\n\r\n  "b": "\\n"\r}');
    writer.end();
    expect(await readText(stream)).toBe('{   "a": 1,   "b": "\\n" }\n');
  });

  it('ends the stream when all is written, also while the reader is behind', async () => {
    const stream = new PassThrough({ highWaterMark: 1 });
    const writer = new LineWriter(stream);
    writer.send('a');
    await turn();
    writer.send('b');
    const ended = new Promise<void>((resolve) => writer.end(resolve));
    expect(await readText(stream)).toBe('a\nb\n');
    await ended;
  });

  it('survives a reader that has left', async () => {
    const stream = new PassThrough();
    const writer = new LineWriter(stream);
    stream.destroy();
    await once(stream, 'close');
    writer.send('a');
    await turn();
  });
});
