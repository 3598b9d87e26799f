import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ResultLimits } from '../../src/config/catalog-settings.ts';
import { RawJson } from '../../src/protocol/raw-json.ts';
import type { KeptContent } from '../../src/relay/kept-results.ts';
import { limitResult } from '../../src/relay/result-limits.ts';

interface Item {
  readonly type?: string;
  readonly text?: string;
  readonly uri?: string;
  readonly resource?: { readonly text?: string };
  readonly [member: string]: unknown;
}

/** A result within limits, as its client gets it, and what was kept of it, as `kept:0`, `kept:1`, ... */
function limit(result: unknown, { maxSize = 0, strip = [] }: Partial<ResultLimits>) {
  const kept: KeptContent[] = [];
  const before = RawJson.of({ jsonrpc: '2.0', id: 1, result });
  const answer = limitResult(before, { maxSize, strip }, (content) => `kept:${kept.push(content) - 1}`);
  const after = answer.get('result') as { content: Item[]; structuredContent?: unknown; isError?: boolean };
  return { ...after, answer, kept, isUntouched: answer === before };
}

const text = (said: string, more: object = {}) => ({ type: 'text', text: said, ...more });
const image = (bytes: number, more: object = {}) => ({
  type: 'image',
  mimeType: 'image/png',
  data: Buffer.alloc(bytes).toString('base64'),
  ...more,
});
const blob = (mimeType: string | undefined) => ({ type: 'resource', resource: { uri: 'a:b', mimeType, blob: 'AAAA' } });
const BLOBS = ['image/png', 'IMAGE/PNG', 'audio/wav', 'application/pdf', undefined].map(blob);
const audio = { type: 'audio', mimeType: 'audio/wav', data: 'AAAA' };
const page = { type: 'resource', resource: { uri: 'a:page', mimeType: 'text/html', text: '<p>' } };
const link = { type: 'resource_link', uri: 'a:link', name: 'link', mimeType: 'image/png', size: 5_000_000 };

describe('an answer that is within its limits', () => {
  it.each([
    { content: [text('x'.repeat(1000)), image(1000)], structuredContent: { a: 'x'.repeat(1000) } },
    { content: [] },
    { task: { taskId: '1', status: 'working' } },
    { resultType: 'input_required', inputRequests: { a: { method: 'elicitation/create' } }, requestState: 's' },
    { content: 'none' },
    'no object',
  ])('is the same one: without limits', (result) => {
    expect(limit(result, {}).isUntouched).toBe(true);
  });

  it.each([
    { content: [text('x'.repeat(100)), image(1000), link], structuredContent: { a: 'x'.repeat(92) } },
    { content: [text('x'.repeat(60)), { ...page, resource: { ...page.resource, text: 'x'.repeat(40) } }] },
    { content: [text('€'.repeat(33)), blob('application/pdf'), { type: 'video', text: 'x'.repeat(1000) }, 1, null] },
    { task: { taskId: '1', status: 'working', statusMessage: 'x'.repeat(1000) } },
    { resultType: 'input_required', requestState: 'x'.repeat(1000) },
    { content: text('x'.repeat(1000)) },
  ])('is the same one: case %#', (result) => {
    expect(limit(result, { maxSize: 100, strip: ['audio'] }).isUntouched).toBe(true);
  });

  it('is the same one when it is an error', () => {
    const answer = RawJson.parse(`{"id":1,"error":{"code":1,"message":"${'x'.repeat(1000)}"}}`);
    expect(limitResult(answer, { maxSize: 1, strip: ['text'] }, () => 'a:b')).toBe(answer);
  });
});

describe('content that a client cannot show', () => {
  it('makes room for a note that says what it was, for the same readers', () => {
    const annotations = { audience: ['user'] };
    const { content } = limit(
      { content: [text('a'), image(33_500, { annotations }), text('b')] },
      { strip: ['image'] },
    );
    const note = text('[image/png, 34 kB: left out by the bridge, as its owner wants it]', { annotations });
    expect(content).toEqual([text('a'), note, text('b')]);
  });

  it.each([
    [image(1), '[image/png, 1 kB'],
    [image(2_000_000, { mimeType: undefined }), '[image, 2,000 kB'],
    [audio, '[audio/wav, 1 kB'],
    [text('x'.repeat(1001)), '[text, 2 kB'],
    [page, '[a:page, text/html, 1 kB'],
    [blob('image/gif'), '[a:b, image/gif, 1 kB'],
    [{ type: 'resource', resource: { uri: `data:,${'x'.repeat(500)}`, text: '' } }, '[resource, 0 kB'],
    [link, '[a:link, image/png'],
    [{ type: 'resource' }, '[resource'],
  ] as const)('is told by its note: case %#', (item, said) => {
    const strip = ['text', 'image', 'audio', 'resource', 'resource_link'] as const;
    const { content, kept } = limit({ content: [item] }, { strip });
    expect(content.map((each) => each.text)).toEqual([`${said}: left out by the bridge, as its owner wants it]`]);
    expect(kept).toEqual([]);
  });

  it.each([
    [['image'], [image(1), blob('image/png'), blob('IMAGE/PNG')]],
    [['audio'], [audio, blob('audio/wav')]],
    [['resource'], [page, ...BLOBS]],
    [['resource_link'], [link]],
    [['text'], [text('a')]],
    [
      ['image', 'audio'],
      [image(1), audio, blob('image/png'), blob('IMAGE/PNG'), blob('audio/wav')],
    ],
  ] as const)('is what its type says, or what is embedded in it: %j', (strip, stripped) => {
    const all = [text('a'), image(1), audio, page, link, { type: 'video', mimeType: 'image/png' }, 7, ...BLOBS];
    const isStripped = (item: unknown) => !limit({ content: [item] }, { strip }).isUntouched;
    expect(all.filter(isStripped)).toEqual(stripped);
  });

  it('is all that changes, to the byte', () => {
    const answer = RawJson.parse(
      '{"jsonrpc":"2.0", "id" : 1,"result": {"_meta":{"n":1.0},"content":[ {"type":"text" ,"text":"\\u0061"}, {"type":"image","data":""}],"isError":true,"x":12345678901234567890}}',
    );
    const limited = limitResult(answer, { maxSize: 0, strip: ['image'] }, () => undefined);
    const note = '{"type":"text","text":"[image, 0 kB: left out by the bridge, as its owner wants it]"}';
    expect(limited.text).toBe(
      `{"jsonrpc":"2.0", "id" : 1,"result": {"_meta":{"n":1.0},"content":[{"type":"text" ,"text":"\\u0061"},${note}],"isError":true,"x":12345678901234567890}}`,
    );
  });
});

describe('text that is too long', () => {
  it('is cut, with a note of how much is shown, and a link to all of it', () => {
    const all = 'x'.repeat(1234);
    const { content, kept } = limit({ content: [text(all)] }, { maxSize: 1000 });
    expect(content).toEqual([
      text('x'.repeat(1000)),
      text(
        '[The first 1,000 of 1,234 bytes of text: cut by the bridge. For a while, all of it is the resource kept:0.]',
      ),
      { type: 'resource_link', uri: 'kept:0', name: 'whole text', mimeType: 'text/plain', size: 1234 },
    ]);
    expect(kept).toEqual([{ mimeType: 'text/plain', text: all }]);
  });

  it('keeps what else its item and its result say, an error included', () => {
    const annotations = { priority: 1 };
    const result = { content: [text('x'.repeat(11), { annotations })], isError: true, _meta: { a: 1 } };
    const limited = limit(result, { maxSize: 10 });
    expect(limited.content[0]).toEqual(text('x'.repeat(10), { annotations }));
    expect(limited.answer.get('result')).toMatchObject({ isError: true, _meta: { a: 1 } });
  });

  it('is cut in the item that goes beyond; of what comes after, only what has no text remains', () => {
    const content = [text('one'), image(5000), text('two '), text(''), text('three'), page, link, text('x')];
    const limited = limit({ content }, { maxSize: 9 });
    expect(limited.content.slice(0, -2)).toEqual([text('one'), image(5000), text('two '), text(''), text('th'), link]);
    expect(limited.kept).toEqual([{ mimeType: 'text/plain', text: 'one\ntwo \n\nthree\n<p>\nx' }]);
  });

  it('leaves no empty item where nothing of it fits', () => {
    const { content } = limit({ content: [text('one'), text('two'), text('x')] }, { maxSize: 3 });
    expect(content.slice(0, -2)).toEqual([text('one')]);
  });

  it('lets nothing follow upon a gap, not even what would fit', () => {
    const { content } = limit({ content: [text('€€'), text('x')] }, { maxSize: 4 });
    expect(content.slice(0, -2)).toEqual([text('€')]);
  });

  it('is that of embedded resources too', () => {
    const long = { ...page, resource: { ...page.resource, text: '<p>hello' } };
    const { content } = limit({ content: [long] }, { maxSize: 4 });
    expect(content[0]).toEqual({ ...page, resource: { ...page.resource, text: '<p>h' } });
  });

  it('is what remains when the rest was stripped', () => {
    const stripped = limit({ content: [page, text('x'.repeat(80))] }, { maxSize: 200, strip: ['resource'] });
    expect(stripped.content).toHaveLength(2);
    expect(stripped.kept).toEqual([]);
  });

  it('ends with a line where one ends near', () => {
    const cutOf = (said: string) => limit({ content: [text(said)] }, { maxSize: 100 }).content[0]?.text;
    const lineAt = (length: number) => `${'x'.repeat(length - 1)}\n`;
    expect(cutOf(lineAt(95) + lineAt(20))).toBe(lineAt(95));
    expect(cutOf(lineAt(94) + lineAt(20))).toBe(lineAt(94) + 'x'.repeat(6));
    expect(cutOf(lineAt(100) + lineAt(20))).toBe(lineAt(100));
    expect(cutOf(lineAt(50) + lineAt(47) + lineAt(20))).toBe(lineAt(50) + lineAt(47));
  });

  it('is the start of what it was, of whole characters, and as long as may be', () => {
    const said = fc.string({ unit: fc.constantFrom('a', 'ä', '€', '😀', '👩‍👩‍👧', '"', '\\', '\u0000'), minLength: 1 });
    fc.assert(
      fc.property(fc.array(said, { minLength: 1 }), fc.nat(), (texts, seed) => {
        const size = Buffer.byteLength(texts.join(''));
        fc.pre(size > 1);
        const maxSize = 1 + (seed % (size - 1));
        const { content, kept } = limit({ content: texts.map((each) => text(each)) }, { maxSize });
        const shown = content
          .slice(0, -2)
          .map((item) => item.text ?? '')
          .join('');
        expect(texts.join('').startsWith(shown)).toBe(true);
        expect(Buffer.from(shown).toString()).toBe(shown);
        const next = String.fromCodePoint(texts.join('').codePointAt(shown.length) ?? 0);
        expect(Buffer.byteLength(shown)).toBeLessThanOrEqual(maxSize);
        expect(Buffer.byteLength(shown + next)).toBeGreaterThan(maxSize);
        expect(kept).toEqual([{ mimeType: 'text/plain', text: texts.join('\n') }]);
      }),
    );
  });

  it('is only told of where a client cannot show links', () => {
    const { content } = limit({ content: [text('too long')] }, { maxSize: 3, strip: ['resource_link'] });
    expect(content.map(({ type }) => type)).toEqual(['text', 'text']);
    expect(content[1]?.text).toContain('kept:0');
  });

  it('is only told of where it cannot be kept', () => {
    const answer = RawJson.of({ result: { content: [text('too long')] } });
    const limited = limitResult(answer, { maxSize: 3, strip: [] }, () => undefined);
    const note = '[The first 3 of 8 bytes of text: cut by the bridge, and too large to be kept.]';
    expect(limited.get('result')).toEqual({ content: [text('too'), text(note)] });
  });
});

describe('a structured result that is too large', () => {
  it('is left out, and can be read as it was written', () => {
    const structured = RawJson.parse('{ "a" : 1.0,"b":"€" }');
    const size = Buffer.byteLength(structured.text);
    const result = RawJson.of({ content: [text('short')], structuredContent: structured, isError: false });
    const { content, kept, answer } = limit(result, { maxSize: size - 1 });
    expect(content).toEqual([
      text('short'),
      text(`[A structured result of ${size} bytes: cut by the bridge. For a while, all of it is the resource kept:0.]`),
      { type: 'resource_link', uri: 'kept:0', name: 'structured result', mimeType: 'application/json', size },
    ]);
    expect(kept).toEqual([{ mimeType: 'application/json', text: structured.text }]);
    expect(answer.raw('result')?.keys).toEqual(['content', 'isError']);
    expect(limit(result, { maxSize: size }).isUntouched).toBe(true);
  });

  it('is left out also when it is no object, or comes alone', () => {
    const { content, structuredContent, kept } = limit({ structuredContent: [1, 2, 3] }, { maxSize: 6 });
    expect(structuredContent).toBeUndefined();
    expect(content.map(({ type }) => type)).toEqual(['text', 'resource_link']);
    expect(kept).toEqual([{ mimeType: 'application/json', text: '[1,2,3]' }]);
  });

  it('is kept beside the text that is too long with it', () => {
    const said = JSON.stringify({ a: 'x'.repeat(100) });
    const { content, kept } = limit({ content: [text(said)], structuredContent: JSON.parse(said) }, { maxSize: 50 });
    expect(content.map(({ uri }) => uri)).toEqual([undefined, undefined, 'kept:0', undefined, 'kept:1']);
    expect(kept.map(({ mimeType }) => mimeType)).toEqual(['text/plain', 'application/json']);
    expect(new Set(kept.map((content) => content.text))).toEqual(new Set([said]));
  });
});
