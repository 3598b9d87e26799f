import type { ResultLimits } from '../config/catalog-settings.ts';
import type { Answer } from '../protocol/exchange.ts';
import { RawJson } from '../protocol/raw-json.ts';
import type { KeptContent } from './kept-results.ts';

/** Takes in what does not fit. Returns the URI under which its client can read it; `undefined` when it cannot be kept. */
export type Keep = (content: KeptContent) => string | undefined;

/**
 * The answer to a call within its server's limits; itself where it is within them anyway.
 *
 * Content of a kind that is stripped makes room for a note. Of what text remains, that of embedded resources included, the first
 * `maxSize` bytes are shown, followed by a note and a link to all of it. A structured result of more bytes than that is left out likewise, so its tool
 * must not promise one (`outputSchema`). Images and audio have no size here: clients take them whole or not at all. Notes come on top.
 */
export function limitResult(answer: Answer, limits: ResultLimits, keep: Keep): Answer {
  const result = answer.raw('result');
  if (!result || isWithin(limits, answer)) return answer;
  const received = result.raw('content')?.items() ?? [];
  const shown = received.map((item) => (isStripped(item, limits) ? noteInPlaceOf(item) : item));
  const refer = (what: string, content: KeptContent) => reference(what, content, keep(content), limits);
  const structured = result.raw('structuredContent');
  const isTooLarge = structured !== undefined && exceeds(sizeOf(structured.text), limits);
  const content = [...cut(shown, limits, refer), ...(isTooLarge ? referToStructured(structured, refer) : [])];
  if (content.length === received.length && content.every((item, index) => item === received[index])) return answer;
  const rest = isTooLarge ? result.without('structuredContent') : result;
  return answer.with({ result: rest.with({ content }) });
}

/** Spares most answers being looked into: what is short as a whole has nothing in it that is long. */
function isWithin(limits: ResultLimits, { text }: Answer): boolean {
  return limits.strip.length === 0 && !exceeds(sizeOf(text), limits);
}

/** Makes the content that stands for what is left out; `what` tells of it. */
type Refer = (what: string, content: KeptContent) => RawJson[];

function reference(what: string, { mimeType, text }: KeptContent, uri: string | undefined, { strip }: ResultLimits) {
  if (uri === undefined) return [textItem(`[${what}: cut by the bridge, and too large to be kept.]`)];
  const note = textItem(`[${what}: cut by the bridge. For a while, all of it is the resource ${uri}.]`);
  const name = mimeType === 'text/plain' ? 'whole text' : 'structured result';
  const link = RawJson.of({ type: 'resource_link', uri, name, mimeType, size: sizeOf(text) });
  return strip.includes('resource_link') ? [note] : [note, link];
}

function referToStructured({ text }: RawJson, refer: Refer): RawJson[] {
  return refer(`A structured result of ${count(sizeOf(text))} bytes`, { mimeType: 'application/json', text });
}

/** The content without the text that does not fit; the list itself when all of it does. */
function cut(items: readonly RawJson[], limits: ResultLimits, refer: Refer): readonly RawJson[] {
  const texts = items.map(textOf);
  const size = texts.reduce((sum, text = '') => sum + sizeOf(text), 0);
  if (!exceeds(size, limits)) return items;
  const kept: RawJson[] = [];
  let room = limits.maxSize;
  let shown = 0;
  for (const [index, item] of items.entries()) {
    const text = texts[index] ?? '';
    const start = startOf(text, room);
    if (start === text) kept.push(item);
    else if (start !== '') kept.push(withText(item, start));
    shown += sizeOf(start);
    // Nothing follows upon a gap, even if it would fit.
    room = start === text ? room - sizeOf(start) : 0;
  }
  const what = `The first ${count(shown)} of ${count(size)} bytes of text`;
  const whole = texts.filter((text) => text !== undefined).join('\n');
  return [...kept, ...refer(what, { mimeType: 'text/plain', text: whole })];
}

/** The start of a text, in so many bytes at most: up to the end of a line where one is near, else of a character. */
function startOf(text: string, bytes: number): string {
  if (sizeOf(text) <= bytes) return text;
  const { read } = new TextEncoder().encodeInto(text, new Uint8Array(bytes));
  const start = text.slice(0, read);
  const lineEnd = start.lastIndexOf('\n') + 1;
  return lineEnd >= read * NEAR ? start.slice(0, lineEnd) : start;
}

/** A line that ends within the last twentieth is not worth being broken. */
const NEAR = 0.95;

function isStripped(item: RawJson, { strip }: ResultLimits): boolean {
  const kinds = kindsOf(item);
  return strip.some((kind) => kinds.includes(kind));
}

/** An image is one also where it is embedded as a resource. */
function kindsOf(item: RawJson): (string | undefined)[] {
  const resource = item.raw('resource');
  const isBlob = resource?.has('blob') === true;
  const [family] = isBlob ? (resource.string('mimeType')?.toLowerCase().split('/') ?? []) : [];
  return [item.string('type'), family];
}

/** It is for the same readers as the content was (`annotations`). */
function noteInPlaceOf(item: RawJson): RawJson {
  const subject = item.raw('resource') ?? item;
  const type = subject.string('mimeType') ?? item.string('type');
  const said = [subject.string('uri'), type, sizeInWords(subject)].filter(
    (part) => part && part.length <= LONGEST_WORD,
  );
  const note = `[${said.join(', ')}: left out by the bridge, as its owner wants it]`;
  return textItem(note, item.raw('annotations'));
}

/** Characters. A URI may hold all of a document. */
const LONGEST_WORD = 200;

function sizeInWords(subject: RawJson): string | undefined {
  const data = subject.string('data') ?? subject.string('blob');
  const text = subject.string('text');
  if (data === undefined && text === undefined) return undefined;
  const bytes = data === undefined ? sizeOf(text ?? '') : Buffer.byteLength(data, 'base64');
  return `${count(Math.ceil(bytes / 1000))} kB`;
}

/** The text that a model reads, of which there may be too much. */
function textOf(item: RawJson): string | undefined {
  if (item.string('type') === 'text') return item.string('text');
  return item.string('type') === 'resource' ? item.raw('resource')?.string('text') : undefined;
}

function withText(item: RawJson, text: string): RawJson {
  const resource = item.raw('resource');
  return item.string('type') === 'resource' ? item.with({ resource: resource?.with({ text }) }) : item.with({ text });
}

function textItem(text: string, annotations?: RawJson): RawJson {
  return RawJson.of({ type: 'text', text, annotations });
}

function exceeds(size: number, { maxSize }: ResultLimits): boolean {
  return maxSize > 0 && size > maxSize;
}

/** Bytes. */
function sizeOf(text: string): number {
  return Buffer.byteLength(text);
}

function count(number: number): string {
  return number.toLocaleString('en');
}
