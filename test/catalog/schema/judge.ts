import { Ajv, type AnySchema, type Options, type ValidateFunction } from 'ajv';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { Ajv2020 } from 'ajv/dist/2020.js';

/** The drafts that there is a judge for. Draft 4 is read as draft 7, which differs in one keyword. */
export type Draft = '4' | '7' | '2019' | '2020';

export const TAGS: Readonly<Record<Draft, string | undefined>> = {
  '4': 'http://json-schema.org/draft-04/schema#',
  '7': 'http://json-schema.org/draft-07/schema#',
  '2019': 'https://json-schema.org/draft/2019-09/schema',
  // As MCP has it: who does not say means this one.
  '2020': undefined,
};

const OPTIONS: Options = {
  strict: false,
  validateSchema: false,
  // Annotations, as JSON Schema has it.
  validateFormats: false,
  ownProperties: true,
  logger: false,
  addUsedSchema: false,
};

/** Whether a value satisfies a schema, in the eyes of Ajv; `undefined` where Ajv cannot read the schema, or never comes back from it. */
export type Judge = (value: unknown) => boolean | undefined;

export function judgeOf(schema: unknown, draft: Draft): Judge {
  const validate = compiled(schema, draft);
  return (value) => {
    try {
      return validate?.(value) as boolean | undefined;
    } catch {
      // References that go round in circles end with the stack.
      return undefined;
    }
  };
}

function compiled(schema: unknown, draft: Draft): ValidateFunction | undefined {
  // Ajv loses count of what was evaluated where a reference leads back to itself.
  const text = JSON.stringify(schema);
  if (text.includes('"unevaluated') && /"\$\w*[rR]ef"/.test(text)) return undefined;
  const ajv = draft === '2020' ? new Ajv2020(OPTIONS) : draft === '2019' ? new Ajv2019(OPTIONS) : new Ajv(OPTIONS);
  try {
    return ajv.compile(withoutTag(draft === '4' ? inDraft7(schema) : schema) as AnySchema);
  } catch {
    // Not every nonsense that an arbitrary invents has a meaning.
    return undefined;
  }
}

/** Which draft it is was said already, and Ajv does not know all of their names. */
function withoutTag(schema: unknown): unknown {
  if (typeof schema !== 'object' || schema === null || Array.isArray(schema)) return schema;
  const { $schema, ...rest } = schema as Record<string, unknown>;
  return rest;
}

/** Draft 4 says with a flag what later drafts say with a number. */
function inDraft7(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inDraft7);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).map(([key, member]) => [key, inDraft7(member)] as const);
  const schema: Record<string, unknown> = Object.fromEntries(members);
  for (const bound of ['minimum', 'maximum']) {
    const flag = `exclusive${bound[0]?.toUpperCase()}${bound.slice(1)}`;
    const isExclusive = schema[flag] === true && typeof schema[bound] === 'number';
    if (typeof schema[flag] !== 'boolean') continue;
    delete schema[flag];
    if (!isExclusive) continue;
    schema[flag] = schema[bound];
    delete schema[bound];
  }
  return schema;
}
