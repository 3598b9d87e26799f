import fc from 'fast-check';
import { type Draft, TAGS } from './judge.ts';

/** Few names and values, so that keywords that speak of the same ones meet. `__proto__` is left to examples: Ajv does not see it. */
export const NAMES = ['a', 'b', 'kind', 'constructor', 'x[0]'];
const VALUES = [
  'a',
  'b',
  'ab',
  '',
  0,
  1,
  2,
  1.5,
  -1,
  null,
  true,
  false,
  [],
  ['a'],
  [1, 'a'],
  {},
  { a: 1 },
  { kind: 'a' },
];
const PATTERNS = ['^a', 'b$', '^(?!a)', '^[ab]*$', '^(?=.*b)a', '\\p{L}', '^(?!.*ab)', '(a)\\1', '^(?:x|a)'];

const name = fc.constantFrom(...NAMES);
const value = fc.constantFrom(...VALUES);
const count = fc.nat({ max: 3 });
const bound = fc.constantFrom(-1, 0, 1, 1.5, 2);
const type = fc.constantFrom('string', 'number', 'integer', 'boolean', 'null', 'array', 'object');

export interface Given {
  readonly draft: Draft;
  readonly schema: unknown;
}

type Keywords = Record<string, fc.Arbitrary<unknown>>;

/** The keywords of a draft, and what may stand under them. */
function keywordsOf(draft: Draft, schema: fc.Arbitrary<unknown>): Keywords[] {
  const schemas = fc.array(schema, { minLength: 1, maxLength: 3 });
  const members = fc.dictionary(name, schema, { maxKeys: 3 });
  const rest = fc.oneof(fc.boolean(), schema);
  const names = fc.uniqueArray(name, { maxLength: 2 });
  const lists = fc.dictionary(name, names, { maxKeys: 2 });
  const isOld = draft === '4' || draft === '7';
  const exclusive = draft === '4' ? fc.boolean() : bound;
  const references = fc.constantFrom(
    '#/$defs/one',
    '#/$defs/two',
    '#/definitions/one',
    '#',
    '#/properties/a',
    '#mark',
    'https://x.example/y',
  );
  return [
    { type: fc.oneof({ weight: 4, arbitrary: type }, fc.uniqueArray(type, { minLength: 1, maxLength: 3 })) },
    { enum: fc.array(value, { maxLength: 3 }) },
    draft === '4' ? {} : { const: value },
    { minLength: count, maxLength: count },
    { pattern: fc.constantFrom(...PATTERNS), format: fc.constantFrom('email', 'int64') },
    { minimum: bound, exclusiveMinimum: exclusive },
    { maximum: bound, exclusiveMaximum: exclusive },
    { multipleOf: fc.constantFrom(0.5, 1, 2) },
    { properties: members, required: names },
    { properties: members, additionalProperties: schema },
    {
      properties: members,
      patternProperties: fc.dictionary(fc.constantFrom('^a', '', 'b$', '^(?!a)', '(a+)+b'), schema, { maxKeys: 2 }),
    },
    { minProperties: count, maxProperties: count },
    draft === '4' ? {} : { propertyNames: schema },
    { items: schema, minItems: count, maxItems: count },
    draft === '2020'
      ? { prefixItems: schemas, items: rest, minItems: count }
      : { items: schemas, additionalItems: rest },
    { uniqueItems: fc.boolean() },
    draft === '4' ? {} : { contains: schema, ...(isOld ? {} : { minContains: count, maxContains: count }) },
    { allOf: schemas },
    { anyOf: schemas },
    { oneOf: schemas },
    { not: schema },
    draft === '4' ? {} : Object.fromEntries(['if', 'then', 'else'].map((keyword) => [keyword, schema])),
    isOld
      ? { dependencies: fc.dictionary(name, fc.oneof(names, schema), { maxKeys: 2 }) }
      : { dependentRequired: lists, dependentSchemas: members },
    isOld ? {} : { unevaluatedProperties: schema },
    isOld ? {} : { unevaluatedItems: schema },
    { $ref: references },
    draft === '2020' ? { $dynamicRef: fc.constant('#node'), $dynamicAnchor: fc.constant('node') } : {},
    isOld ? {} : { $anchor: fc.constant('mark') },
    { title: fc.constant('T'), default: value, $comment: fc.constant('c'), nullable: fc.boolean(), 'x-more': value },
  ];
}

const leaf: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 4, arbitrary: type.map((only) => ({ type: only })) },
  { weight: 2, arbitrary: value.map((only) => ({ enum: [only] })) },
  { weight: 1, arbitrary: fc.uniqueArray(type, { minLength: 2, maxLength: 3 }).map((types) => ({ type: types })) },
  { weight: 1, arbitrary: fc.constantFrom(true, false, {}) },
);

/** Schemas that use some groups of keywords, so many levels deep. */
function schemaOf(draft: Draft, selected: readonly number[], levels: number): fc.Arbitrary<unknown> {
  if (levels === 0) return leaf;
  const groups = keywordsOf(draft, schemaOf(draft, selected, levels - 1)).filter(
    (group) => Object.keys(group).length > 0,
  );
  const chosen = selected.map((index) => groups[index % groups.length] ?? {});
  const some = chosen.map((keywords) => fc.oneof(fc.record(keywords), fc.record(keywords, { requiredKeys: [] })));
  const node = fc
    .array(fc.oneof(...some), { minLength: 1, maxLength: 3 })
    .map((parts): unknown => Object.assign({}, ...parts));
  return fc.oneof({ weight: 1, arbitrary: leaf }, { weight: 2, arbitrary: node });
}

/** Few at a time, so that they meet each other. */
const selection = fc.uniqueArray(fc.nat({ max: 99 }), { minLength: 1, maxLength: 3 });

/** A whole schema of a tool, as a server of any age could have it. */
export const given: fc.Arbitrary<Given> = fc
  .tuple(fc.constantFrom<Draft>('4', '7', '2019', '2020'), selection)
  .chain(([draft, selected]) => {
    const schema = schemaOf(draft, selected, 2);
    const more = fc.option(schema, { freq: 3, nil: {} });
    const others = fc.dictionary(name, schema, { maxKeys: 2 });
    const definitions = fc.record({ one: schema, two: schema }, { requiredKeys: [] });
    const tag = TAGS[draft];
    return fc.tuple(more, schema, others, fc.boolean(), definitions).map(([odd, a, rest, isRequired, defs]) => ({
      draft,
      schema: {
        ...(tag !== undefined && { $schema: tag }),
        ...(typeof odd === 'object' ? odd : {}),
        type: 'object',
        properties: { ...rest, a },
        ...(isRequired && { required: ['a'] }),
        $defs: defs,
        definitions: defs,
      },
    }));
  });

/** Any value that has to do with the names and values of the schemas. */
export const anyValue: fc.Arbitrary<unknown> = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, depthSize: 'small' },
    value,
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(name, tie('value'), { maxKeys: 3 }),
  ),
})).value;

/** As arguments of one parameter alone, which is enough for most schemas: every value, and whatever a tuple of these may have become. */
export const everyValue: readonly object[] = [...VALUES, { item1: 'a' }, { item1: 1, item2: 'a' }].flatMap((each) => [
  { a: each },
  { b: each },
  { kind: each },
]);

export const anyArguments = fc.dictionary(fc.constantFrom(...NAMES, 'input', 'x_0'), anyValue, { maxKeys: 4 });

/** Schemas of arguments that remote clients take. */
export const strictSchema: fc.Arbitrary<Record<string, unknown>> = fc
  .letrec<{ schema: Record<string, unknown> }>((tie) => {
    const described = { description: fc.constant('D'), default: value, 'x-more': value };
    const of = (optional: Keywords, required: Keywords): fc.Arbitrary<Record<string, unknown>> =>
      fc
        .tuple(fc.record({ ...described, ...optional }, { requiredKeys: [] }), fc.record(required))
        .map(([some, all]) => ({ ...some, ...all }));
    const properties = fc.dictionary(name, tie('schema'), { maxKeys: 3 });
    return {
      schema: fc.oneof(
        { maxDepth: 3, depthSize: 'small' },
        of(
          { minLength: count, pattern: fc.constant('^a'), format: fc.constant('uri') },
          { type: fc.constant('string') },
        ),
        of({ minimum: bound, exclusiveMaximum: bound }, { type: fc.constantFrom('number', 'integer') }),
        of({}, { type: fc.constant('string'), enum: fc.constant(['a', 'b']) }),
        of({}, { type: fc.constant(['boolean', 'null']) }),
        of({ minItems: count, uniqueItems: fc.boolean() }, { type: fc.constant('array'), items: tie('schema') }),
        of(
          { additionalProperties: fc.oneof(fc.boolean(), tie('schema')) },
          { type: fc.constant('object'), properties },
        ),
        of({}, { anyOf: fc.array(tie('schema'), { minLength: 1, maxLength: 3 }) }),
      ),
    };
  })
  .schema.chain((schema) =>
    fc
      .dictionary(fc.constantFrom('a', 'b', 'c-d', 'e.f'), fc.constant(schema), { maxKeys: 3 })
      .map((properties) => ({ type: 'object', properties, required: Object.keys(properties).slice(0, 1) })),
  );
