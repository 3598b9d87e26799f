import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_DEPTH } from '../../src/protocol/json-scan.ts';
import { RawJson } from '../../src/protocol/raw-json.ts';
import { jsonText, objectMembers, objectText, space } from './arbitraries.ts';

const errorOf = (parse: () => unknown): string | undefined => {
  try {
    parse();
    return undefined;
  } catch (error) {
    expect(error).toBeInstanceOf(SyntaxError);
    return (error as SyntaxError).message;
  }
};

const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);

describe('parsing', () => {
  it('keeps the value of any JSON', () => {
    fc.assert(
      fc.property(fc.jsonValue({ depthSize: 'medium' }), (value) => {
        const text = JSON.stringify(value);
        expect(RawJson.parse(text).value).toEqual(JSON.parse(text));
      }),
    );
  });

  it('keeps the text of any JSON', () => {
    fc.assert(
      fc.property(jsonText, space, space, (json, before, after) => {
        const text = before + json + after;
        expect(RawJson.parse(text).text).toBe(text);
      }),
    );
  });

  const almostJson = fc
    .tuple(jsonText, fc.nat(), fc.nat({ max: 2 }), fc.oneof(fc.constant(''), fc.string({ maxLength: 2 })))
    .map(
      ([text, at, cut, put]) =>
        text.slice(0, at % (text.length + 1)) + put + text.slice((at % (text.length + 1)) + cut),
    );
  const tokens = fc
    .array(
      fc.constantFrom(
        ...'{}[],:"\\ \n\t\u0000\u001f\u2028-+.eE0123',
        'true',
        'false',
        'null',
        '"a"',
        '\\u',
        '01',
        '\ufeff',
        'é',
      ),
    )
    .map((parts) => parts.join(''));

  it('takes what JSON.parse takes, and refuses what it refuses', () => {
    fc.assert(
      fc.property(fc.oneof(almostJson, tokens), (text) => {
        // As an element, since a repeated key is refused only at the top.
        const element = `[${text}]`;
        expect(errorOf(() => RawJson.parse(element)) === undefined).toBe(
          errorOf(() => JSON.parse(element)) === undefined,
        );
        const error = errorOf(() => RawJson.parse(text));
        if (error?.includes('occurs twice')) return;
        expect(error === undefined).toBe(errorOf(() => JSON.parse(text)) === undefined);
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    '',
    ' ',
    '{',
    '{}}',
    '{"a"}',
    '{"a":}',
    '{"a":1,}',
    '{,}',
    '{a:1}',
    '{"a":1 "b":2}',
    '[1,]',
    '[,1]',
    '[1 2]',
    '[}',
    '{]',
    '"',
    '"\\"',
    '"\\x"',
    '"\\u12g4"',
    '"a\nb"',
    '"a\tb"',
    `"${'x'.repeat(100)}\n"`,
    '01',
    '-',
    '+1',
    '.5',
    '1.',
    '1e',
    '0x1',
    'NaN',
    'tru',
    'nul',
    'truee',
    'True',
    "'a'",
    '\ufeff{}',
    '\u00a0{}',
    '{} x',
    '// c\n{}',
  ])('refuses %j', (text) => {
    expect(errorOf(() => JSON.parse(text))).toBeDefined();
    expect(errorOf(() => RawJson.parse(text))).toMatch(/^Unexpected (?:character at position \d+|end) of JSON text$/);
  });

  it('says where the text is wrong', () => {
    expect(errorOf(() => RawJson.parse('{"a":1,}'))).toBe('Unexpected character at position 7 of JSON text');
    expect(errorOf(() => RawJson.parse('{"a":'))).toBe('Unexpected end of JSON text');
  });

  it('refuses a key that is repeated at the top, also when one of the two is escaped', () => {
    expect(errorOf(() => RawJson.parse('{"id":1,"method":"x","id":2}'))).toBe('The key "id" occurs twice');
    expect(errorOf(() => RawJson.parse('{"id":1,"\\u0069d":2}'))).toBe('The key "id" occurs twice');
    expect(errorOf(() => RawJson.parse('{"__proto__":1,"__proto__":2}'))).toBe('The key "__proto__" occurs twice');
  });

  it('takes a repeated key below the top, names it, and lets the last one count, as JSON.parse does', () => {
    const params = RawJson.parse('{"params":{"name":"a","x":[],"n\\u0061me":"b", "y":1}}').raw('params');
    expect(params?.repeatedKey).toBe('"name"');
    expect(params?.get('name')).toBe('b');
    expect(params?.with({ name: 'c', y: 2 }).text).toBe('{"name":"a","x":[],"n\\u0061me":"c", "y":2}');
    expect(RawJson.parse('{"a":{"a":1}}').repeatedKey).toBeUndefined();
  });

  it('takes the deepest nesting it says, and refuses 100,000 levels with a clear error', () => {
    expect(RawJson.parse(nested(MAX_DEPTH)).text).toHaveLength(2 * MAX_DEPTH);
    const tooDeep = [nested(100_000), `{"a":${nested(100_000)}}`, '{"a":'.repeat(100_000), '['.repeat(100_000)];
    for (const text of tooDeep) expect(errorOf(() => RawJson.parse(text))).toBe('Nested deeper than 512 levels');
  });

  it('takes a string of 5 MB, half a million escapes, and 50,000 members', () => {
    const members = Array.from({ length: 50_000 }, (_, index) => `"key ${index}":${index}`);
    const texts = [`"${'é'.repeat(5_000_000)}"`, `"${'\\n'.repeat(500_000)}"`, `{${members.join(',')}}`];
    for (const text of texts) expect(JSON.stringify(RawJson.parse(text).value)).toBe(text);
    expect(RawJson.parse(texts[2] as string).get('key 49999')).toBe(49_999);
  });

  it('keeps lone surrogates, plain and escaped', () => {
    for (const text of ['"\\ud800"', '"\ud800"', '{"\\udc00":"\\ud83d"}'])
      expect(RawJson.parse(text).value).toEqual(JSON.parse(text));
  });
});

describe('parsing with unchecked strings', () => {
  it('finds the same members and items', () => {
    fc.assert(
      fc.property(jsonText, (text) => {
        const [checked, unchecked] = [RawJson.parse(`[${text}]`), RawJson.parse(`[${text}]`, 'unchecked')];
        const [one, other] = [checked.items()[0], unchecked.items()[0]];
        expect(other?.text).toBe(one?.text);
        expect([...(other?.keys ?? [])]).toEqual([...(one?.keys ?? [])]);
      }),
    );
  });

  it('has no value where a string is broken, and gives the string itself as it came', () => {
    const json = RawJson.parse('{"a":"x\\q","b":["\\u12"],"c":"fine"}', 'unchecked');
    expect([json.get('a'), json.get('b'), json.get('c')]).toEqual([undefined, undefined, 'fine']);
    expect([json.string('a'), json.string('c'), json.raw('b')?.text]).toEqual(['x\\q', 'fine', '["\\u12"]']);
  });

  it('takes broken ones, and still refuses a broken structure', () => {
    for (const string of ['"a\\q"', '"a\tb"', '"\\u12"', '"\\\\\\""'])
      expect(RawJson.parse(`{"a":[${string}],"b":1}`, 'unchecked').raw('a')?.text).toBe(`[${string}]`);
    for (const text of [
      '{"a":"b}',
      '{"a":"\\"}',
      '["a" "b"]',
      '{"a":tru}',
      '{"a":1,"a":2}',
      '["a"]]',
      '['.repeat(100_000),
    ])
      expect(errorOf(() => RawJson.parse(text, 'unchecked'))).toBeDefined();
  });

  it('finds the end of a string behind any number of backslashes', () => {
    for (let count = 0; count < 9; count += 1) {
      const string = `"${'\\'.repeat(2 * count)}"`;
      expect(RawJson.parse(`[${string},1]`, 'unchecked').items()[0]?.text).toBe(string);
    }
    const escapes = `"${'\\\\'.repeat(500_000)}"`;
    expect(RawJson.parse(escapes, 'unchecked').text).toBe(escapes);
  });
});

describe('members', () => {
  it('are those that JSON.parse finds', () => {
    fc.assert(
      fc.property(objectMembers(jsonText), (members) => {
        const json = RawJson.parse(objectText(members));
        const parsed = new Map(Object.entries(json.value as object));
        for (const [, keyText, , valueText] of members) {
          const key = JSON.parse(keyText) as string;
          expect(json.has(key)).toBe(true);
          expect(json.raw(key)?.text).toBe(valueText);
          expect(json.get(key)).toEqual(parsed.get(key));
          expect(json.string(key)).toBe(typeof parsed.get(key) === 'string' ? parsed.get(key) : undefined);
        }
        expect(json.has('no such key')).toBe(false);
        expect(json.raw('no such key')).toBeUndefined();
      }),
    );
  });

  it('are not looked for in the prototype', () => {
    const json = RawJson.parse('{"__proto__":{"x":1},"a":1}');
    expect(json.raw('__proto__')?.text).toBe('{"x":1}');
    for (const key of ['constructor', 'toString', 'x', 'hasOwnProperty']) expect(json.has(key)).toBe(false);
  });

  it('are found where strings hold what looks like members', () => {
    const json = RawJson.parse('{"a":"}, \\"id\\":7,","b":"\\\\","id":9}');
    expect(json.get('a')).toBe('}, "id":7,');
    expect(json.get('b')).toBe('\\');
    expect(json.get('id')).toBe(9);
  });

  it('are none in what is no object', () => {
    for (const text of ['[{"a":1}]', '"{\\"a\\":1}"', '1', 'null']) {
      const json = RawJson.parse(text);
      expect([json.isObject, json.has('a'), json.get('a'), json.raw('a')]).toEqual([
        false,
        false,
        undefined,
        undefined,
      ]);
    }
  });
});

describe('items', () => {
  it('are the elements of an array, as text', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(space, jsonText, space), { maxLength: 5 }), space, (elements, before) => {
        const json = RawJson.parse(`${before}[${elements.map((pieces) => pieces.join('')).join(',')}]`);
        expect(json.items().map(({ text }) => text)).toEqual(elements.map(([, text]) => text));
        expect(json.isArray).toBe(true);
      }),
    );
  });

  it('are none in what is no array, and in an empty one', () => {
    for (const text of ['{"a":[1]}', '"[1]"', '1', '[]', ' [ \n ] ']) expect(RawJson.parse(text).items()).toEqual([]);
  });
});

describe('an edit', () => {
  const editable = objectMembers(jsonText).filter((members) => members.length > 0);

  it('replaces one value and keeps all other text', () => {
    fc.assert(
      fc.property(editable, fc.nat(), fc.jsonValue(), space, space, (members, pick, value, before, after) => {
        const edited = pick % members.length;
        const key = JSON.parse(members[edited]?.[1] as string) as string;
        const expected = members.map(([a, b, c, old, d], index) => [
          a,
          b,
          c,
          index === edited ? JSON.stringify(value) : old,
          d,
        ]);
        const json = RawJson.parse(`${before}${objectText(members)}${after}`);
        // A computed member, since `{ __proto__: value }` would set the prototype.
        const changed = json.with({ [key]: value });
        expect(changed.text).toBe(`${before}{${expected.map((pieces) => pieces.join('')).join(',')}}${after}`);
      }),
      { numRuns: 500 },
    );
  });

  it('adds a member at the end and keeps all other text', () => {
    fc.assert(
      fc.property(objectMembers(jsonText), space, fc.jsonValue(), (members, after, value) => {
        fc.pre(members.every(([, key]) => JSON.parse(key) !== 'added'));
        const text = objectText(members);
        const expected = `${text.slice(0, -1)}${members.length > 0 ? ',' : ''}"added":${JSON.stringify(value)}}`;
        const json = RawJson.parse(text + after).with({ added: value });
        expect(json.text.trimEnd()).toBe(expected);
        expect(RawJson.parse(json.text).get('added')).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it('keeps big integers, floats, spaces and escapes, in keys too', () => {
    const json = RawJson.parse('{ "id" : 9007199254740993 , "\\u006dethod":"x",\n"f":1.0, "e":"\\/\\u00e9" }');
    expect(json.with({ id: 1 }).text).toBe('{ "id" : 1 , "\\u006dethod":"x",\n"f":1.0, "e":"\\/\\u00e9" }');
    expect(json.with({ method: RawJson.parse('"y"') }).text).toBe(
      '{ "id" : 9007199254740993 , "\\u006dethod":"y",\n"f":1.0, "e":"\\/\\u00e9" }',
    );
    expect(json.with({}).text).toBe(json.text);
  });

  it('leaves members alone that are called like what every object inherits', () => {
    const text = '{"constructor":1,"toString":{"a":2},"__proto__":[3],"id":4}';
    expect(RawJson.parse(text).with({ id: 5 }).text).toBe(text.replace('"id":4', '"id":5'));
  });

  it('can be edited again', () => {
    const json = RawJson.parse('{"params":{"a":1}}')
      .with({ id: 1 })
      .with({ params: { b: RawJson.parse('1.0') } });
    expect(json.with({ id: 2, extra: [] }).text).toBe('{"params":{"b":1.0},"id":2,"extra":[]}');
  });

  it('makes an object of what is none: nothing of that could be kept', () => {
    for (const text of ['7', 'null', '"}"', ' [{"a":1}] ']) {
      expect(RawJson.parse(text).with({ a: 1 }).text).toBe('{"a":1}');
      expect(RawJson.parse(text).with({ a: undefined }).text).toBe(text);
    }
  });

  it('leaves alone what is set to undefined', () => {
    const json = RawJson.parse('{"b":1.0,"kept":0}');
    expect(json.with({ kept: undefined, unknown: undefined, b: 7 }).text).toBe('{"b":7,"kept":0}');
  });
});

describe('an object without some members', () => {
  it('keeps all others as they are, in their order', () => {
    fc.assert(
      fc.property(objectMembers(jsonText), fc.infiniteStream(fc.boolean()), space, (members, picks, after) => {
        const out = members.filter(() => picks.next().value);
        const keys = out.map(([, key]) => JSON.parse(key) as string);
        const json = RawJson.parse(objectText(members) + after);
        const rest = json.without(...keys, 'no such member');
        const kept = members.filter((member) => !out.includes(member));
        expect(rest.keys).toEqual(kept.map(([, key]) => JSON.parse(key)));
        expect(RawJson.parse(rest.text).keys.map((key) => rest.raw(key)?.text)).toEqual(
          kept.map(([, , , value]) => value),
        );
        if (out.length === 0) expect(rest).toBe(json);
      }),
    );
  });

  it('is itself when it has none of them, and so is what is no object', () => {
    for (const text of ['{ "a":1.0 }', '{}', '[{"a":1}]', '7']) {
      const json = RawJson.parse(text);
      expect(json.without('b', 'toString', '__proto__')).toBe(json);
    }
  });

  it('may have none left, also of those with escapes in their keys', () => {
    expect(RawJson.parse('{"\\u0061":1,"b":2}').without('a', 'b').text).toBe('{}');
  });
});

describe('writing', () => {
  it('gives what JSON.stringify gives', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(RawJson.of(value).text).toBe(JSON.stringify(value));
      }),
    );
  });

  it('takes text of others in any place, and leaves out what is undefined', () => {
    const raw = RawJson.parse('{ "x": 1.0 }');
    expect(RawJson.of({ a: [raw, { b: raw }], c: undefined }).text).toBe('{"a":[{ "x": 1.0 },{"b":{ "x": 1.0 }}]}');
    expect(RawJson.of(raw)).toBe(raw);
  });
});

describe('an object of many members', () => {
  it('is read and edited as one of few', () => {
    const keys = Array.from({ length: 100 }, (_, index) => `key${index}`);
    const json = RawJson.parse(JSON.stringify(Object.fromEntries(keys.map((key) => [key, key]))));
    expect(keys.map((key) => json.string(key))).toEqual(keys);
    expect([json.has('key100'), json.keys.length]).toEqual([false, 100]);
    expect(json.with({ key50: 1, more: 2 }).value).toEqual({ ...(json.value as object), key50: 1, more: 2 });
    expect(errorOf(() => RawJson.parse(`${json.text.slice(0, -1)},"key3":0}`))).toBe('The key "key3" occurs twice');
  });
});

it('a string member is translated, and nothing else is touched', () => {
  const json = RawJson.parse('{"n":1.0,"uri":"a","other":7}');
  expect(json.translated('uri', (uri) => `${uri}!`).text).toBe('{"n":1.0,"uri":"a!","other":7}');
  for (const key of ['other', 'absent']) expect(json.translated(key, () => 'x')).toBe(json);
  expect(json.translated('uri', (uri) => uri)).toBe(json);
});

describe('an object with many members, each of them twice', () => {
  const names = Array.from({ length: 50_000 }, (_, index) => `k${index}`);
  const half = (value: number) => names.map((name) => `"${name}":${value}`).join(',');
  const outer = RawJson.parse(`{"inner":{${half(1)},"once":0,${half(2)}}}`);

  // It took the square of the time, once: minutes for a message of a megabyte.
  it('has the later ones, in the order of the text', () => {
    const inner = outer.raw('inner');
    expect(inner?.repeatedKey).toBe('"k49999"');
    expect(inner?.keys).toEqual(['once', ...names]);
    expect([inner?.get('k0'), inner?.get('k49999')]).toEqual([2, 2]);
    expect(inner?.with({ k0: 3 }).get('k0')).toBe(3);
  });
});
