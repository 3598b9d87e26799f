import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createArgumentFixer, type FixedArguments } from '../../../src/catalog/override/arguments.ts';
import { RawJson } from '../../../src/protocol/raw-json.ts';
import { space } from '../../protocol/arbitraries.ts';

const fix = (fixed: Partial<FixedArguments>, args: string) =>
  createArgumentFixer({ presets: {}, hidden: [], ...fixed })?.(RawJson.verbatim(args)).text;

describe('the arguments of a call', () => {
  test('are left to whoever has nothing to say of them', () => {
    expect(createArgumentFixer({ presets: {}, hidden: [] })).toBeUndefined();
  });

  test('stay the very same where they have nothing that is hidden', () => {
    const args = RawJson.verbatim('{"path" : "a", "n":1.0,"n":2}');
    expect(createArgumentFixer({ presets: {}, hidden: ['tail'] })?.(args)).toBe(args);
  });

  test('lose what is hidden, and all else stays as it is written', () => {
    expect(fix({ hidden: ['tail'] }, '{"n":12345678901234567890,"tail":1,"x":{"tail": 1.0}}')).toBe(
      '{"n":12345678901234567890,"x":{"tail": 1.0}}',
    );
  });

  test('gain what is preset, exactly as it was configured', () => {
    const presets = { head: 200, filter: { tags: ['a', null], 'Ünïcode "quoted"': false }, none: null };
    expect(fix({ presets }, '{"path":"a"}')).toBe(`{"path":"a",${JSON.stringify(presets).slice(1)}`);
    expect(fix({ presets }, '{}')).toBe(JSON.stringify(presets));
  });

  test('may have any name', () => {
    const presets = JSON.parse('{"__proto__":{"a":1}}');
    expect(fix({ presets, hidden: ['constructor', ''] }, '{"__proto__":7,"constructor":1,"":2,"1":3}')).toBe(
      '{"1":3,"__proto__":{"a":1}}',
    );
  });

  test.each([
    '{"tail":1,"x":0,"tail":2}',
    '{"TAIL":1,"x":0}',
    '{"Tail":1,"tAIL":2,"x":0}',
    '{"\\u0074ail":1,"x":0,"t\\u0041il":2}',
    ' {\n"tail"\t: [1] , "x" :0 } ',
  ])('lose what is hidden however it is written: %s', (args) => {
    expect(fix({ hidden: ['tail'] }, args)).toBe('{"x":0}');
    expect(fix({ presets: { tail: 9 } }, args)).toBe('{"x":0,"tail":9}');
  });

  test.each([
    ['task', 'taſk'],
    ['key', '\u212aey'],
    ['straße', 'straẞe'],
    ['straße', 'STRASSE'],
    ['σας', 'ΣΑΣ'],
    ['İd', 'i̇d'],
  ])('lose what lax servers take for %j: %j', (hidden, sent) => {
    expect(fix({ hidden: [hidden] }, JSON.stringify({ [sent]: 1 }))).toBe('{}');
    expect(fix({ hidden: [sent] }, JSON.stringify({ [hidden]: 1 }))).toBe('{}');
  });

  test.each(['null', '[{"tail":1}]', '"tail"', '7'])('that are %s are the presets alone', (odd) => {
    expect(fix({ presets: { head: 1 }, hidden: ['tail'] }, odd)).toBe('{"head":1}');
    expect(fix({ hidden: ['tail'] }, odd)).toBe(odd);
  });
});

test('every letter that folds to another (Unicode, simple case folding) is told as that one', () => {
  const letters = Array.from({ length: 0x20000 }, (_, code) => code)
    .filter((code) => code < 0xd800 || code > 0xdfff)
    .map((code) => String.fromCodePoint(code))
    .filter((letter) => /\p{Changes_When_Casemapped}/u.test(letter));
  const all = letters.join('');
  for (const letter of letters) {
    // The engine's own folding: `i` with `u` compares as the specification of Unicode has it.
    const same = all.match(new RegExp(letter, 'giu')) ?? [];
    expect(same).toContain(letter);
    const args = JSON.stringify(Object.fromEntries(same.map((each) => [each, 1])));
    expect(fix({ hidden: [letter] }, args)).toBe('{}');
  }
});

const NAMES = ['tail', 'task', 'K', 'straße', '__proto__', '', 'max_results', '日本'];

/** One of the names as a client could write it to get it past a check. */
const disguised = fc
  .constantFrom(...NAMES)
  .chain((name) =>
    fc
      .tuple(
        ...[...name].map((letter) =>
          fc.constantFrom(
            letter,
            letter.toUpperCase(),
            letter.toLowerCase(),
            escaped(letter),
            escaped(letter.toUpperCase()),
          ),
        ),
      )
      .map((letters) => `"${letters.join('').replaceAll('s', 'ſ')}"`),
  );
const key = fc.oneof(disguised, fc.constantFrom(...NAMES, 'path', 'tails').map(quoted), fc.string().map(quoted));
const value = fc.constantFrom('null', '1.0', '12345678901234567890', '"tail"', '["tail"]', '{"tail" : 1.0}');
const members = fc.array(fc.tuple(space, key, space, value), { maxLength: 8 });
const fixedArguments = fc.record({
  presets: fc.dictionary(fc.oneof(fc.constantFrom(...NAMES), fc.string()), fc.jsonValue(), { maxKeys: 3 }),
  hidden: fc.array(fc.oneof(fc.constantFrom(...NAMES), fc.string()), { maxLength: 3 }),
});

test('a server never gets what is hidden, always what is preset, and all else as it was sent', () => {
  fc.assert(
    fc.property(fixedArguments, members, (fixed, sent) => {
      const text = `{${sent.map(([before, name, after, value]) => `${before}${name}${after}:${value}`).join(',')}}`;
      const got = fix(fixed, text) ?? text;
      const kept = [...Object.keys(fixed.presets), ...fixed.hidden];
      const isKept = (name: string) => kept.some((each) => folded(each) === folded(name));

      const names = namesIn(got);
      const others = sent.filter(([, name]) => !isKept(JSON.parse(name)));
      expect(names.filter(isKept).sort()).toEqual(Object.keys(fixed.presets).sort());
      expect(new Set(names.filter((name) => !isKept(name)))).toEqual(
        new Set(others.map(([, name]) => JSON.parse(name) as string)),
      );
      const json = RawJson.verbatim(got);
      for (const [name, value] of Object.entries(fixed.presets))
        expect(json.raw(name)?.text).toBe(JSON.stringify(value));
      const last = new Map(others.map(([, name, , value]) => [JSON.parse(name) as string, value]));
      for (const [name, value] of last) expect(json.raw(name)?.text).toBe(value);
    }),
    { numRuns: 400 },
  );
});

/** The keys at the top of an object, each as often as it occurs. */
function namesIn(object: string): string[] {
  const names: string[] = [];
  let depth = 0;
  const tokens = object.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\]:]/g);
  let string = '""';
  for (const [token] of tokens) {
    if (token === '{' || token === '[') depth += 1;
    else if (token === '}' || token === ']') depth -= 1;
    else if (token === ':') {
      if (depth === 1) names.push(JSON.parse(string));
    } else string = token;
  }
  return names;
}

/** Told another way than by the code, for the letters that occur here. */
function folded(name: string): string {
  return name.replaceAll('ſ', 's').replaceAll('\u212a', 'k').replaceAll(/ß|ẞ/g, 'ss').toUpperCase().toLowerCase();
}

function escaped(letter: string): string {
  return [...letter].map((each) => `\\u${each.charCodeAt(0).toString(16).padStart(4, '0')}`).join('');
}

function quoted(text: string): string {
  return JSON.stringify(text);
}
