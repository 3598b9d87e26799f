import { describe, expect, it } from 'vitest';
import { repairInput } from '../../../src/catalog/schema/repair.ts';
import { RawJson } from '../../../src/protocol/raw-json.ts';
import { parameterOf, repaired, repairOf, withParameter } from './support.ts';

const TEXT = { type: 'string' };
const HEADER = { 'x-mcp-header': 'Region' };
/** Not in the profile, so that what it is in is repaired. */
const ODD = { $comment: 'odd' };

/** Clients leave out a tool whose schema asks for a header that cannot be sent ("Schema Extension"). */
describe('the header of a parameter', () => {
  it.each([
    [{ ...TEXT, ...HEADER }],
    [{ type: 'integer', ...HEADER }],
    [{ type: 'boolean', ...HEADER }],
    [{ ...TEXT, ...HEADER, enum: ['eu', 'us'] }],
    [withParameter({ ...TEXT, ...HEADER })],
    [withParameter(withParameter({ type: 'integer', ...HEADER }))],
  ])('stays where the rest of a schema is repaired: %j', (schema) => {
    const { $comment, ...shown } = { ...ODD, ...schema };
    expect(parameterOf({ ...ODD, ...schema })).toEqual(shown);
  });

  it('stays in its place, as all that is fine does', () => {
    const fine = { ...withParameter({ ...TEXT, ...HEADER }), title: 'T', required: ['a'] };
    expect(JSON.stringify(repaired({ ...ODD, ...fine }).schema)).toBe(JSON.stringify(fine));
  });

  it('stays with a parameter that gets another name', () => {
    const region = { ...TEXT, ...HEADER };
    const { schema } = repaired({ type: 'object', properties: { 'filter[region]': region } });
    expect(schema).toMatchObject({ properties: { filter_region: region } });
  });

  it('stays with a parameter of one type that has alternatives, and is in none of them', () => {
    const anyOf = [{ format: 'ipv4' }, { format: 'ipv6' }];
    expect(parameterOf({ ...TEXT, ...HEADER, anyOf })).toEqual({
      ...TEXT,
      ...HEADER,
      anyOf: anyOf.map((each) => ({ ...TEXT, ...each })),
    });
  });

  it.each([
    ['two types', { ...TEXT, nullable: true }, { type: ['string', 'null'] }],
    ['a type that is no integer', { type: 'number', ...ODD }, { type: 'number' }],
    ['no value to repeat', { ...withParameter(TEXT), ...ODD }, withParameter(TEXT)],
    ['a list', { type: 'array', items: TEXT, ...ODD }, { type: 'array', items: TEXT }],
  ])('goes with %s', (_title, schema, shown) => {
    expect(parameterOf({ ...schema, ...HEADER })).toEqual(shown);
  });

  it('goes where anything is taken', () => {
    expect(parameterOf(HEADER)).toEqual(parameterOf({}));
  });

  it.each([
    [
      { type: 'array', items: { ...TEXT, ...ODD, ...HEADER } },
      { type: 'array', items: TEXT },
    ],
    [
      { type: 'array', items: withParameter({ ...TEXT, ...ODD, ...HEADER }) },
      { type: 'array', items: withParameter(TEXT) },
    ],
    [
      { type: 'object', additionalProperties: { ...TEXT, ...ODD, ...HEADER } },
      { type: 'object', additionalProperties: TEXT },
    ],
    [
      {
        anyOf: [
          { ...TEXT, ...ODD, ...HEADER },
          { type: 'array', items: TEXT },
        ],
      },
      { anyOf: [TEXT, { type: 'array', items: TEXT }] },
    ],
  ])('goes where no chain of properties leads: %j', (schema, shown) => {
    expect(parameterOf(schema)).toEqual(shown);
  });

  it('goes where the repair makes alternatives of what was none', () => {
    const either = { ...withParameter({ ...TEXT, ...HEADER }), dependentRequired: { a: ['b'] } };
    for (const schema of [either, withParameter(either)]) {
      const { schema: shown } = repaired(schema);
      expect(JSON.stringify(shown)).toContain('"anyOf"');
      expect(JSON.stringify(shown)).not.toContain('x-mcp-header');
    }
  });

  it('goes at the root', () => {
    expect(repaired({ ...withParameter(TEXT), ...ODD, ...HEADER }).schema).toEqual(withParameter(TEXT));
  });

  it('is not what a parameter is called, nor what data looks like', () => {
    const schema = {
      type: 'object',
      properties: { 'x-mcp-header': TEXT, a: { type: ['object', 'null'], default: HEADER } },
    };
    expect(repaired({ ...schema, ...ODD }).schema).toEqual(schema);
  });

  it.each([['Re gion'], [''], ['Größe'], ['a:b'], [true], [null]])('goes when it is called %j', (name) => {
    expect(parameterOf({ ...TEXT, 'x-mcp-header': name })).toEqual(TEXT);
  });

  it('goes when one before it is called the same, in whatever case', () => {
    const properties = {
      a: { ...TEXT, ...HEADER },
      b: withParameter({ ...TEXT, 'x-mcp-header': 'REGION' }),
      c: { ...TEXT, 'x-mcp-header': 'Other' },
    };
    const { schema, notes } = repaired({ type: 'object', properties });
    expect(schema).toEqual({ type: 'object', properties: { ...properties, b: withParameter(TEXT) } });
    expect(notes).toEqual(['left out x-mcp-header at properties.b.properties.a']);
  });

  it.each([
    ['two types', { type: ['string', 'null'] }],
    ['a type that is no integer', { type: 'number' }],
    ['no value to repeat', withParameter(TEXT)],
  ])('goes with %s where nothing else is repaired', (_title, schema) => {
    expect(parameterOf({ ...schema, ...HEADER })).toEqual(schema);
  });

  it.each([
    `{"type":"object", "properties":{"a":{"x-mcp-header":"Region" ,"type":"string"}}}`,
    `{"properties":{"a":{"type":"object","properties":{"b":{"type":"integer","x-mcp-header":"B"}}}},"type":"object"}`,
  ])('is left to a schema that is fine: %s', (text) => {
    expect(repairInput(RawJson.parse(text))).toEqual({ kind: 'fine' });
    expect(repairOf(JSON.parse(text))).toEqual({ kind: 'fine' });
  });
});
