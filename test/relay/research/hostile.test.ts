import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Answer } from '../../../src/protocol/exchange.ts';
import { RawJson } from '../../../src/protocol/raw-json.ts';
import { jsonText } from '../../protocol/arbitraries.ts';
import { fetched, searched, texts } from './host.ts';

const answerOf = (result: string): Answer => RawJson.verbatim(`{"jsonrpc":"2.0","id":1,"result":${result}}`);

/** JSON that is made of the very words that are looked for. */
const tellingJson: fc.Arbitrary<string> = fc
  .letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 5 },
      fc.constantFrom(
        null,
        true,
        7,
        '',
        'a',
        'https://a.org',
        '/a/b',
        'Title: a\nURL: https://a.org',
        '{"results":[{"id":1}]}',
      ),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(
        fc.constantFrom(
          'id',
          'title',
          'url',
          'text',
          'results',
          'content',
          'type',
          'resource',
          'data',
          'metadata',
          'properties',
          'structuredContent',
          '__proto__',
        ),
        tie('value'),
        { maxKeys: 5 },
      ),
    ),
  }))
  .value.map((value) => JSON.stringify(value));

const anyJson = fc.oneof(jsonText, tellingJson);

function isText(value: unknown): boolean {
  return typeof value === 'string';
}

describe('whatever a tool answers', () => {
  it('search answers with results of three texts each, no two of one id, or with a failure', async () => {
    const shapes = fc.oneof(
      anyJson,
      anyJson.map((value) => `{"structuredContent":${value}}`),
      fc.array(anyJson, { maxLength: 3 }).map((items) => `{"content":[${items.join()}]}`),
      anyJson.map((value) => JSON.stringify({ content: [{ type: 'text', text: value }] })),
    );
    await fc.assert(
      fc.asyncProperty(shapes, async (result) => {
        const results = await searched(answerOf(result));
        if (!Array.isArray(results)) {
          expect(results).toMatchObject({ isError: expect.anything() });
          return;
        }
        for (const found of results) {
          expect(Object.keys(found)).toEqual(['id', 'title', 'url']);
          expect(Object.values(found).every(isText)).toBe(true);
          expect(found.id).not.toBe('');
        }
        expect(new Set(results.map(({ id }) => id)).size).toBe(results.length);
      }),
      { numRuns: 500 },
    );
  });

  it('fetch answers with a document of the id that was asked for, or with a failure', async () => {
    const shapes = anyJson.map(
      (value) => `{"structuredContent":${value},"content":[{"type":"text","text":"x"},${value}]}`,
    );
    await fc.assert(
      fc.asyncProperty(shapes, fc.string(), async (result, id) => {
        const document = (await fetched(answerOf(result), id)) as Record<string, unknown>;
        const { metadata = {}, ...rest } = document;
        expect(Object.keys(rest)).toEqual(['id', 'title', 'text', 'url']);
        expect(Object.values(rest).every(isText)).toBe(true);
        expect(rest.id).toBe(id);
        expect(Object.prototype.toString.call(metadata)).toBe('[object Object]');
      }),
      { numRuns: 300 },
    );
  });
});

/** Of any of these, what takes the square of its time is not done within a test's. */
const LARGE = 300_000;
const repeated = (part: string) => part.repeat(LARGE / part.length);
const record = (index: number) => `{"a":{"b":{"c":{}}},"n":${index},"properties":{"x":{"title":[{"plain_text":"T"}]}}}`;

describe('in time, however much there is', () => {
  it.each([
    ['spaces', ' '],
    ['lines', '\n'],
    ['labels', 'Title: x\n'],
    ['labels without an end', 'Title'],
    ['open brackets', '['],
    ['open links', '[a](https://x'],
    ['objects in objects', '{"a":'],
    ['asterisks', '*'],
    ['quotes', '"'],
    ['paths', '/a\n'],
    ['slashes', '/'],
    ['negations', 'no '],
  ])('text of %s is read', async (_, part) => {
    for (const text of [repeated(part), `x ${repeated(part)}`, `Title: ${repeated(part)}`]) {
      await searched(texts(text));
      expect(await fetched(texts(text))).toHaveProperty('text');
    }
  });

  it.each([
    ['records', `{"results":[${Array.from({ length: LARGE / 100 }, (_, index) => record(index)).join()}]}`],
    ['numbers', `[${Array.from({ length: LARGE / 10 }, (_, index) => index).join()}]`],
    ['members', `{${Array.from({ length: LARGE / 20 }, (_, index) => `"k${index}":[{}]`).join()}}`],
    ['objects', `{${Array.from({ length: LARGE / 20 }, (_, index) => `"k${index}":{"a":{}}`).join()}}`],
    ['levels', `${'{"data":'.repeat(500)}1${'}'.repeat(500)}`],
    ['one string', JSON.stringify({ id: repeated('a/'), title: repeated(' '), url: `https://${repeated('a')}` })],
  ])('JSON of %s is read', async (_, json) => {
    await searched(answerOf(`{"structuredContent":${json}}`));
    expect(await fetched(answerOf(`{"structuredContent":${json}}`))).toHaveProperty('text');
    await searched(texts(json));
  });
});
