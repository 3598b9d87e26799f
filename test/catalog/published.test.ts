import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { describeChange, hashOfCatalog } from '../../src/catalog/published.ts';
import { RawJson } from '../../src/protocol/raw-json.ts';

const hashOf = (...texts: string[]) => hashOfCatalog(texts.map((text) => RawJson.parse(text, 'unchecked')));
const A = '{"name":"a","inputSchema":{"type":"object","required":["x","y"]}}';
const B = '{"name":"b"}';

describe('the hash of a list of tools', () => {
  it('is 16 hex digits that do not change between releases', () => {
    expect(hashOf(A, B)).toBe('99d0bec56f6c83a7');
  });

  it('does not depend on the order of the tools, or on how they are written', () => {
    const rewritten = '{ "inputSchema": { "required": ["x", "\\u0079"], "type": "object" }, "name": "a" }';
    expect(hashOf(B, rewritten)).toBe(hashOf(A, B));
    const tools = fc.array(fc.record({ name: fc.string(), description: fc.string(), _meta: fc.jsonValue() }));
    fc.assert(
      fc.property(tools, (list) => {
        const texts = list.map((tool) => JSON.stringify(tool));
        const others = list.map(({ name, description, _meta }) => JSON.stringify({ _meta, description, name }));
        expect(hashOf(...others.reverse())).toBe(hashOf(...texts));
      }),
    );
  });

  it('is another one for whatever else changes', () => {
    const lists = [
      [],
      [A],
      [B],
      [A, B],
      [A, A],
      ['{"name":"b","title":""}'],
      ['{"name":"b","_meta":{}}'],
      ['{"name":"a","inputSchema":{"type":"object","required":["y","x"]}}'],
      ['{"name":"b"}', '{"name":"b","annotations":{"readOnlyHint":true}}'],
      ['{"name":"b","annotations":{"readOnlyHint":true}}'],
    ];
    expect(new Set(lists.map((list) => hashOf(...list))).size).toBe(lists.length);
  });

  it('is there also for a tool with a string that cannot be read', () => {
    const broken = '{"name":"a","description":"\\x"}';
    expect(hashOf(broken)).toMatch(/^[\da-f]{16}$/);
    expect(hashOf(broken)).not.toBe(hashOf('{"name":"a","description":"\\y"}'));
  });
});

it.each([
  [['a', 'b'], ['b', 'c', 'd'], '2 new, 1 gone'],
  [[], ['a', 'a'], '1 new'],
  [['a', 'b'], [], '2 gone'],
  [['a', 'b'], ['b', 'a', 'a'], 'the same names'],
])('the change from %j to %j is told in few words: %s', (before, after, words) => {
  expect(describeChange(before, after)).toBe(words);
});
