import { expect, it } from 'vitest';
import { createStderrTail } from '../../src/process/stderr-tail.ts';

const tailOf = (...chunks: (string | Buffer)[]) => {
  const heard: string[] = [];
  const tail = createStderrTail((line) => heard.push(line));
  for (const chunk of chunks) tail.write(Buffer.from(chunk));
  tail.end();
  return { lines: tail.lines(), heard };
};

it('gives whole lines, however they arrive and end', () => {
  const { lines, heard } = tailOf('one\ntw', 'o\r', '\nthree\r50%\r100%\n\n  \n', 'four');
  expect(lines).toEqual(['one', 'two', 'three', '50%', '100%', 'four']);
  expect(heard).toEqual(lines);
});

it('gives whole characters, wherever they are split', () => {
  const bytes = Buffer.from('aé日😀\n');
  for (let at = 0; at <= bytes.length; at += 1) {
    expect(tailOf(bytes.subarray(0, at), bytes.subarray(at)).lines).toEqual(['aé日😀']);
  }
});

it('keeps the last 20 lines', () => {
  const all = Array.from({ length: 50 }, (_, index) => `line ${index}`);
  const { lines, heard } = tailOf(`${all.join('\n')}\n`);
  expect(lines).toEqual(all.slice(30));
  expect(heard).toEqual(all);
});

it('keeps 4096 characters, and at least the last line', () => {
  const all = Array.from({ length: 20 }, (_, index) => String(index % 10).repeat(400));
  expect(tailOf(all.join('\n')).lines).toEqual(all.slice(-10));
});

it('cuts long lines, not characters, whether or not they ever end', () => {
  const [cut] = tailOf(`${'x'.repeat(498)}😀${'y'.repeat(9)}\n`).lines;
  expect(cut).toBe(`${'x'.repeat(498)}…`);

  const { lines } = tailOf(...Array.from({ length: 100 }, () => 'z'.repeat(10_000)), '\nlast');
  expect(lines).toEqual([`${'z'.repeat(499)}…`, 'last']);
});

it('takes control characters out, so that no line drives the terminal or forges another', () => {
  expect(
    tailOf('\u001b[31mred\u001b[0m \u001b]8;;http://x\u0007link\u001b]8;;\u0007\u0000\u0007\u009b!\t.\u007f\n').lines,
  ).toEqual(['red link ! .']);
});

it('shows a question that waits for its answer without a newline', () => {
  const heard: string[] = [];
  const tail = createStderrTail((line) => heard.push(line));
  tail.write(Buffer.from('hello\nproceed? (y) '));
  expect(tail.lines()).toEqual(['hello', 'proceed? (y)']);
  expect(heard).toEqual(['hello']);
});
