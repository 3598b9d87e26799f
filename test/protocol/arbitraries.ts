import fc from 'fast-check';

/** Space as JSON allows it between its tokens. */
export const space: fc.Arbitrary<string> = fc.string({ unit: fc.constantFrom(' ', '\n', '\t', '\r'), maxLength: 2 });

/** Numbers as text, those included that no JavaScript number can hold or that it would print differently. */
const numberText: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom('0', '-0', '1.0', '9007199254740993', '-123456789012345678901234567890', '1e400', '-1.50E-3', '2e+1'),
  fc.integer().map(String),
);

const piece: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom('\\"', '\\\\', '\\/', '\\n', '\\u0061', '\\u00E9', '\\ud83d\\ude00', '\\ud800'),
  fc.constantFrom('{', '}', ',', ':', '"id":7'.replaceAll('"', '\\"')),
  fc.string({ unit: 'binary', maxLength: 3 }).map((text) => JSON.stringify(text).slice(1, -1)),
  fc.string({ unit: fc.constantFrom('a', 'é', '日', '😀'), minLength: 20, maxLength: 40 }),
);

/** A string as JSON text, with the escapes and the plain characters that peers may write. */
export const stringText: fc.Arbitrary<string> = fc.array(piece, { maxLength: 4 }).map((parts) => `"${parts.join('')}"`);

/** A JSON value as text: any spacing, any escapes, any numbers. */
export const jsonText: fc.Arbitrary<string> = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom('null', 'true', 'false'),
    numberText,
    stringText,
    fc.array(fc.tuple(space, tie('value'), space), { maxLength: 4 }).map((items) => `[${list(items)}]`),
    objectMembers(tie('value')).map(objectText),
  ),
})).value;

/** A member as its pieces, in the order of the text: the odd ones are the key and the value, the others are space. */
export type MemberText = readonly [space: string, key: string, gap: string, value: string, space: string];

/** The members of an object, each of another name. */
export function objectMembers(value: fc.Arbitrary<string>): fc.Arbitrary<MemberText[]> {
  const gap = fc.tuple(space, space).map((spaces) => spaces.join(':'));
  return fc.uniqueArray(fc.tuple(space, stringText, gap, value, space), {
    selector: ([, key]) => JSON.parse(key),
    maxLength: 5,
  });
}

export function objectText(members: readonly MemberText[]): string {
  return `{${list(members)}}`;
}

function list(items: readonly (readonly string[])[]): string {
  return items.map((pieces) => pieces.join('')).join(',');
}
