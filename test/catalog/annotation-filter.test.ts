import { describe, expect, test } from 'vitest';
import { createAnnotationFilter } from '../../src/catalog/annotation-filter.ts';
import type { ToolFilter } from '../../src/config/catalog-settings.ts';
import { RawJson } from '../../src/protocol/raw-json.ts';

type Wanted = Omit<ToolFilter, 'allow' | 'deny'>;

const filterOf = (...wanted: Wanted[]) =>
  createAnnotationFilter(wanted.map((each) => ({ allow: [], deny: ['*'], ...each })));
const tool = (annotations: string) => RawJson.verbatim(`{"name":"a","annotations":${annotations}}`);
const BARE = RawJson.verbatim('{"name":"a"}');

test('without a word on annotations every tool is allowed, whatever the globs say', () => {
  const filter = filterOf({}, { readOnly: undefined });
  expect([filter.isOpen, filter.allows(BARE)]).toEqual([true, true]);
});

describe('of what a tool says', () => {
  test.each<[keyof Wanted, boolean, string]>([
    ['readOnly', true, '{"readOnlyHint":true}'],
    ['readOnly', false, '{"readOnlyHint":false}'],
    ['readOnly', false, '{"readOnlyHint":"true"}'],
    ['readOnly', false, '{"ReadOnlyHint":true}'],
    ['readOnly', false, '{}'],
    ['readOnly', false, 'null'],
    ['readOnly', false, '[{"readOnlyHint":true}]'],
    ['destructive', true, '{}'],
    ['destructive', true, '{"destructiveHint":null}'],
    ['destructive', true, '{"destructiveHint":"false"}'],
    ['destructive', false, '{"destructiveHint":false}'],
    ['destructive', false, '{"destructiveHint":true,"readOnlyHint":true}'],
    ['openWorld', true, '{}'],
    ['openWorld', true, '{"openWorldHint":0}'],
    ['openWorld', true, '{"openWorldHint":true,"readOnlyHint":true}'],
    ['openWorld', false, '{"openWorldHint":false}'],
  ])('%s is %s for %s', (effect, value, annotations) => {
    expect(filterOf({ [effect]: value }).allows(tool(annotations))).toBe(true);
    expect(filterOf({ [effect]: !value }).allows(tool(annotations))).toBe(false);
  });

  test('nothing means that it writes, destroys and reaches out', () => {
    expect(filterOf({ readOnly: false, destructive: true, openWorld: true }).allows(BARE)).toBe(true);
    for (const wanted of [{ readOnly: true }, { destructive: false }, { openWorld: false }])
      expect(filterOf(wanted).allows(BARE)).toBe(false);
  });
});

test('all that every filter wants has to hold', () => {
  const filter = filterOf({ readOnly: true }, {}, { openWorld: false });
  expect(filter.isOpen).toBe(false);
  expect(filter.allows(tool('{"readOnlyHint":true,"openWorldHint":false}'))).toBe(true);
  expect(filter.allows(tool('{"readOnlyHint":true}'))).toBe(false);
  expect(filter.allows(tool('{"openWorldHint":false}'))).toBe(false);
  expect(filterOf({ readOnly: true }, { readOnly: false }).allows(BARE)).toBe(false);
});

test.each([
  '{"name":"a","annotations":{"readOnlyHint":true,"readOnlyHint":false}}',
  '{"name":"a","annotations":{"title":"a","title":"b"}}',
  '{"name":"a","annotations":{},"annotations":{"readOnlyHint":true}}',
  '{"name":"a","name":"b","annotations":{}}',
])('what readers may read differently passes no filter: %s', (text) => {
  for (const effect of ['readOnly', 'destructive', 'openWorld'])
    for (const value of [true, false]) expect(filterOf({ [effect]: value }).allows(RawJson.verbatim(text))).toBe(false);
});
