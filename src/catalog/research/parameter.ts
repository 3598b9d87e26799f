import type { ResearchSource } from '../../config/catalog-settings.ts';
import { RawJson } from '../../protocol/raw-json.ts';

/** The parameter of a tool that takes a query, or an id. */
export interface ResearchParameter {
  readonly name: string;
  readonly form: Form;
}

type Form = 'text' | 'texts' | 'number';

/**
 * The parameter that the owner has named; else the first that the tool requires and that can take what there is, else the first at all. What
 * the owner has set is left as it is. Only ids may be numbers.
 */
export function parameterOf(
  tool: RawJson,
  { parameter, arguments: preset }: Pick<ResearchSource, 'parameter' | 'arguments'>,
  takes: 'query' | 'id',
): ResearchParameter | undefined {
  const schema = tool.raw('inputSchema');
  const properties = schema?.raw('properties');
  if (parameter !== undefined) return { name: parameter, form: formOf(properties?.raw(parameter)) ?? 'text' };
  const open = (properties?.keys ?? []).filter((name) => !Object.hasOwn(preset, name));
  const able = open.flatMap((name) => {
    const form = formOf(properties?.raw(name));
    return form && (form !== 'number' || takes === 'id') ? [{ name, form }] : [];
  });
  const required = [schema?.get('required')].flat();
  return able.find(({ name }) => required.includes(name)) ?? able[0];
}

/** The arguments of a call: those that the owner has set, and this one. */
export function argumentsFor(
  { name, form }: ResearchParameter,
  value: string,
  { arguments: preset }: Pick<ResearchSource, 'arguments'>,
): RawJson {
  const isNumber = form === 'number' && /^-?(?:0|[1-9]\d*)$/.test(value);
  const written = isNumber ? RawJson.verbatim(value) : form === 'texts' ? [value] : value;
  return RawJson.of({ ...preset, [name]: written });
}

/** What the results of the tool that searches may call what this parameter takes: `issue_number`, and `number`. */
export function idNamesOf({ name, form }: ResearchParameter): readonly string[] {
  const one = form === 'texts' ? name.replace(/s$/i, '') : name;
  const [lastWord = one] = /(?:\p{Lu}+|\p{Lu}?[\p{Ll}\d]+)$/u.exec(one) ?? [];
  return [...new Set([one, lastWord])];
}

function formOf(schema: RawJson | undefined): Form | undefined {
  if (!schema || schema.has('enum') || schema.has('const')) return undefined;
  const alternatives = ['anyOf', 'oneOf'].flatMap((key) => schema.raw(key)?.items() ?? []);
  const forms = [schema, ...alternatives].map(ownFormOf);
  return FORMS.find((form) => forms.includes(form));
}

function ownFormOf(schema: RawJson): Form | undefined {
  const types = typesOf(schema);
  if (types.includes('string')) return 'text';
  if (types.includes('array') && typesOf(schema.raw('items')).includes('string')) return 'texts';
  return types.includes('integer') || types.includes('number') ? 'number' : undefined;
}

function typesOf(schema: RawJson | undefined): unknown[] {
  return [schema?.get('type')].flat();
}

/** The best first, where a parameter takes several. */
const FORMS = ['text', 'texts', 'number'] as const;
