import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compileTemplate, mayOverlap } from '../../src/catalog/templates.ts';

const matches = (template: string, uri: string) => compileTemplate(template).matches(uri);

describe('a template', () => {
  test.each([
    ['demo://resource/{id}', 'demo://resource/5'],
    ['demo://resource/{id}', 'demo://resource/caf%C3%A9:1'],
    ['demo://{a}/x/{b}', 'demo://1/x/2'],
    ['demo://{x,y}', 'demo://1024,768'],
    ['file:///{path*}', 'file:///home/me/notes.txt'],
    ['file:///{+path}', 'file:///home/me/notes.txt'],
    ['{+path}/end', 'a/b/end/end'],
    ['{scheme}://x', 'https://x'],
    ['x://page{#section}', 'x://page#a/b'],
    ['x://page{#section}', 'x://page'],
    ['x://file{.ext}', 'x://file.tar'],
    ['x://root{/a,b}', 'x://root/1/2'],
    ['x://root{/a,b}', 'x://root/1'],
    ['x://root{/path*}/end', 'x://root/1/2/3/end'],
    ['x://m{;v,empty}', 'x://m;v=6;empty'],
    ['x://s{?q,limit}', 'x://s?q=a/b&limit=3'],
    ['x://s{?q,limit}', 'x://s?limit=3'],
    ['x://s{?q,limit}', 'x://s'],
    ['x://s?fixed=1{&q}', 'x://s?fixed=1&q=2'],
    ['x://{id}{?q}', 'x://5?q=1'],
    ['x://{a}{b}', 'x://12'],
    ['x://fixed', 'x://fixed'],
    ['x://{unclosed', 'x://{unclosed'],
    ['x://{}/a', 'x://{}/a'],
    ['', ''],
  ])('%j has %j', (template, uri) => {
    expect(matches(template, uri)).toBe(true);
  });

  test.each([
    ['demo://resource/{id}', 'demo://resource/'],
    ['demo://resource/{id}', 'demo://resource/5/6'],
    ['demo://resource/{id}', 'demo://resources/5'],
    ['demo://resource/{id}/end', 'demo://resource/5'],
    ['file:///{+path}', 'file:///'],
    ['x://{a}{b}', 'x://1'],
    ['x://{a}-{b}', 'x://1/2-3'],
    ['x://root{/a}', 'x://root/1/2'],
    ['x://s{?q}', 'x://s#q'],
    ['x://s{?q}', 'x://sq=1'],
    ['x://fixed', 'x://fixed/more'],
    ['x://fixed', 'X://FIXED'],
  ])('%j has not %j', (template, uri) => {
    expect(matches(template, uri)).toBe(false);
  });

  test('has every URI that is made from it', () => {
    const literal = fc.string({ unit: fc.constantFrom('a', '/', ':', 'x', '-', '.') });
    const value = fc.string({ unit: fc.constantFrom('a', 'b', '%20', 'x', '-', '.', '1'), minLength: 1 });
    const part = fc.oneof(
      literal.map((text) => ({ template: text, uri: text })),
      value.map((text) => ({ template: '{v}', uri: text })),
      fc.array(value, { minLength: 1 }).map((texts) => ({ template: '{+v}', uri: texts.join('/') })),
      fc.array(value, { minLength: 1 }).map((texts) => ({ template: '{v*}', uri: texts.join(',') })),
      fc.array(value).map((texts) => ({ template: '{/v*}', uri: texts.map((text) => `/${text}`).join('') })),
      value.map((text) => ({ template: '{.v}', uri: `.${text}` })),
      value.map((text) => ({ template: '{?v,w}', uri: `?v=${text}` })),
      value.map((text) => ({ template: '{&v}', uri: `&v=${text}` })),
      value.map((text) => ({ template: '{#v}', uri: `#${text}` })),
      fc.constantFrom('{?v}', '{&v}', '{#v}', '{/v}', '{.v}', '{;v}').map((template) => ({ template, uri: '' })),
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 8 }), (parts) => {
        const template = compileTemplate(parts.map((p) => p.template).join(''));
        const uri = parts.map((p) => p.uri).join('');
        expect(template.matches(uri)).toBe(true);
        expect(uri.startsWith(template.start)).toBe(true);
      }),
    );
  });

  test('agrees with a regular expression on literals, values and paths', () => {
    const pieces = { a: 'a', '/': '\\/', '{v}': '[^/]+', '{+v}': '.+', '{/v}': '(?:\\/[^/?#]*)?' };
    const keys = fc.array(fc.constantFrom(...(Object.keys(pieces) as (keyof typeof pieces)[])), { maxLength: 6 });
    const uris = fc.string({ unit: fc.constantFrom('a', 'b', '/'), maxLength: 8 });
    fc.assert(
      fc.property(keys, uris, (parts, uri) => {
        const pattern = new RegExp(`^${parts.map((key) => pieces[key]).join('')}$`);
        expect(matches(parts.join(''), uri)).toBe(pattern.test(uri));
      }),
      { numRuns: 2000 },
    );
  });

  test('has URIs of up to 2048 characters', () => {
    const uriOf = (length: number) => `x://${'a'.repeat(length - 4)}`;
    for (const template of ['x://{id}', 'x://{+path}', '{+uri}']) {
      expect(matches(template, uriOf(2048))).toBe(true);
      expect(matches(template, uriOf(2049))).toBe(false);
    }
    expect(matches(uriOf(2048), uriOf(2048))).toBe(true);
  });

  test('has up to 2048 characters, and 16 expressions, or it has no URIs', () => {
    const named = (length: number) => `x://{${'v'.repeat(length - 6)}}`;
    expect(matches(named(2048), 'x://1')).toBe(true);
    expect(matches(named(2049), 'x://1')).toBe(false);
    expect(matches('{a}'.repeat(16), 'a'.repeat(16))).toBe(true);
    expect(matches('{a}'.repeat(17), 'a'.repeat(17))).toBe(false);
  });

  test('is no way to keep the bridge busy', () => {
    const started = performance.now();
    expect(matches('{+a}x'.repeat(16), `${'x'.repeat(8191)}y`)).toBe(false);
    expect(matches('{a}'.repeat(16), `${'a'.repeat(8191)}/`)).toBe(false);
    expect(matches('{+a}x'.repeat(200_000), 'x'.repeat(8000))).toBe(false);
    expect(matches('{+a}', 'x'.repeat(10_000_000))).toBe(false);
    expect(matches('{'.repeat(100_000), 'x')).toBe(false);
    expect(performance.now() - started).toBeLessThan(5000);
  });
});

test('templates may overlap when what stands before their expressions agrees', () => {
  const overlap = (one: string, other: string) => mayOverlap(compileTemplate(one), compileTemplate(other));
  expect(overlap('demo://{id}', 'demo://{name}')).toBe(true);
  expect(overlap('file:///{path*}', 'file:///logs/{day}')).toBe(true);
  expect(overlap('demo://text/{id}', 'demo://blob/{id}')).toBe(false);
});
