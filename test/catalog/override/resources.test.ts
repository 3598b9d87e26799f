import { expect, test } from 'vitest';
import { compileResourceOverrides } from '../../../src/catalog/override/resources.ts';
import type { ResourceOverride } from '../../../src/config/catalog-settings.ts';
import { RawJson } from '../../../src/protocol/raw-json.ts';

const rule = (glob: string, rest: Partial<ResourceOverride> = { name: 'new' }) => ({
  glob,
  origin: 'mcp.json',
  ...rest,
});

async function changed(rules: ResourceOverride[], definition: string): Promise<string> {
  return (await compileResourceOverrides(rules)).change(RawJson.verbatim(definition)).text;
}

test('a resource is named and described as the owner has it; of several rules the later ones win', async () => {
  const rules = [
    rule('file:///docs/*', { name: 'doc', title: 'Doc', description: { prepend: 'Read this.' } }),
    rule('*.md', { name: 'text' }),
  ];
  const resource = '{"uri":"file:///docs/a/b.md","name":"b","description":"B.","size":1.0}';
  expect(await changed(rules, resource)).toBe(
    '{"uri":"file:///docs/a/b.md","name":"text","description":"Read this.\\n\\nB.","size":1.0,"title":"Doc"}',
  );
});

test.each([
  ['file:///a', 'uri', 'file:///a'],
  ['file:///*', 'uriTemplate', 'file:///{path}'],
  ['file:///{path}', 'uriTemplate', 'file:///{path}'],
  ['file:///{a,b}{?q*}', 'uriTemplate', 'file:///{a,b}{?q*}'],
  ['file:///{+path}', 'uriTemplate', 'file:///{+path}'],
])('%s speaks of the %s %s', async (glob, member, uri) => {
  expect(await changed([rule(glob)], `{"${member}":"${uri}"}`)).toBe(`{"${member}":"${uri}","name":"new"}`);
});

test.each([
  '{"uri":"FILE:///a"}',
  '{"uri":"file:///b"}',
  '{"uri":7}',
  '{"name":"file:///a"}',
  '{"uri":"x","uriTemplate":"file:///a"}',
  'null',
])('%s is none that a rule speaks of', async (text) => {
  expect(await changed([rule('file:///a')], text)).toBe(text);
});

test('what only changes a title leaves the name alone, be it there twice', async () => {
  expect(await changed([rule('*', { title: 'T' })], '{"uri":"a","name":"x","name":"y"}')).toBe(
    '{"uri":"a","name":"x","name":"y","title":"T"}',
  );
});

test('a URI of endless length costs no time and keeps its server’s words', async () => {
  const uri = `data:${'a'.repeat(1_000_000)}`;
  const started = performance.now();
  expect(await changed([rule('data:*a*a*a*b')], `{"uri":"${uri}"}`)).toBe(`{"uri":"${uri}"}`);
  expect(performance.now() - started).toBeLessThan(5000);
});

test('rules for resources that are not there are reported', async () => {
  const { unmatched } = await compileResourceOverrides([rule('file:///*'), rule('memo://x'), rule('x:{id}')]);
  expect(unmatched(['file:///a', 'x:{id}'])).toEqual([{ glob: 'memo://x', origin: 'mcp.json' }]);
});
