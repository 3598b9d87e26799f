import { describe, expect, it } from 'vitest';
import { isMarkedReadOnly, unanimous } from '../../src/catalog/annotations.ts';
import { RawJson } from '../../src/protocol/raw-json.ts';

const MARKED = '"annotations":{"readOnlyHint":true}';

describe('a tool', () => {
  it.each([
    [true, `{"name":"a",${MARKED}}`],
    [true, '{"name":"a","annotations":{"title":"A","readOnlyHint" : true ,"x":1}}'],
    [false, '{"name":"a"}'],
    [false, '{"name":"a","annotations":null}'],
    [false, '{"name":"a","annotations":[{"readOnlyHint":true}]}'],
    [false, '{"name":"a","annotations":{"readOnlyHint":false}}'],
    [false, '{"name":"a","annotations":{"readOnlyHint":"true"}}'],
    [false, '{"name":"a","annotations":{"readOnlyHint":1}}'],
    [false, '{"name":"a","annotations":{"ReadOnlyHint":true}}'],
    [false, '{"name":"a","readOnlyHint":true}'],
    [false, '{"name":"a","annotations":{"readOnlyHint":false,"readOnlyHint":true}}'],
    [false, `{"name":"a","annotations":{},${MARKED}}`],
    [false, `{"name":"b",${MARKED},"name":"a"}`],
    [false, '"a"'],
  ])('is marked as one that changes nothing (%s): %s', (expected, text) => {
    expect(isMarkedReadOnly(RawJson.verbatim(text))).toBe(expected);
  });
});

describe('among tools', () => {
  const namesAmong = (...tools: string[]) =>
    unanimous(tools.map(RawJson.verbatim), isMarkedReadOnly).map((tool) => tool.get('name'));
  const read = (name: string) => `{"name":${JSON.stringify(name)},${MARKED}}`;
  const write = (name: string) => `{"name":${JSON.stringify(name)}}`;

  it('those that are marked are found, in order', () => {
    expect(namesAmong(read('b'), write('c'), read('a'))).toEqual(['b', 'a']);
  });

  it('one that is marked only once is not, whichever entry comes first', () => {
    expect(namesAmong(read('a'), write('a'), read('b'))).toEqual(['b']);
    expect(namesAmong(write('a'), read('a'))).toEqual([]);
    expect(namesAmong(read('a'), read('a'))).toEqual(['a', 'a']);
  });

  it('one is not that differs from an unmarked one by case alone', () => {
    expect(namesAmong(write('Delete'), read('delete'), read('DELETE'), read('list'))).toEqual(['list']);
  });

  it('one without a name is not', () => {
    expect(namesAmong(`{${MARKED}}`, `{"name":7,${MARKED}}`, read(''))).toEqual(['']);
    expect(namesAmong('{}', read('a'))).toEqual(['a']);
  });
});
