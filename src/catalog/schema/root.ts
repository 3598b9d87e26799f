import type { Expressed } from './expresser.ts';
import { PARAMETER_NAME } from './profile.ts';
import { isObject, type Schema, typesOf } from './schema.ts';
import { type Translate, translateNames, translateWrapped } from './translate.ts';

/** The parameter under which arguments are asked for that no list of parameters describes. */
const WRAPPER = 'input';

/** A schema of objects as one of arguments: no alternatives, and parameters that can be called by their names. */
export function asParameters(expressed: Expressed, note: (change: string, at: string) => void): Expressed {
  const { translate } = expressed;
  const schema = typesOf(expressed.schema) ? { ...expressed.schema, type: 'object' } : expressed.schema;
  if (['anyOf', 'enum', 'const'].some((keyword) => Object.hasOwn(schema, keyword))) {
    note(`asks for the arguments as one parameter, ${WRAPPER}`, '');
    return { schema: wrapped(schema), translate: translateWrapped(WRAPPER, translate) };
  }
  if (!isObject(schema.properties)) note('added properties', '');
  const properties = isObject(schema.properties) ? schema.properties : {};
  const names = Object.keys(properties);
  const odd = names.filter((name) => !PARAMETER_NAME.test(name));
  if (odd.length === 0) return { schema: { ...schema, properties }, translate };
  return renamed({ ...schema, properties }, namesFor(odd, names), translate, note);
}

function wrapped(schema: Schema): Schema {
  return { type: 'object', properties: { [WRAPPER]: schema }, required: [WRAPPER], additionalProperties: false };
}

/** Nothing else may be given then: it could be what a parameter was called before. */
function renamed(
  schema: Schema & { readonly properties: Schema },
  names: ReadonlyMap<string, string>,
  translate: Translate | undefined,
  note: (change: string, at: string) => void,
): Expressed {
  const nameOf = (name: unknown) => names.get(String(name)) ?? name;
  for (const [name, other] of names) note(`renamed ${JSON.stringify(name)} to ${other}`, '');
  const entries = Object.entries(schema.properties).map(([name, property]) => [nameOf(name), property] as const);
  const required = Array.isArray(schema.required) ? { required: schema.required.map(nameOf) } : {};
  const originals = new Map([...names].map(([name, other]) => [other, name]));
  return {
    schema: { ...schema, properties: Object.fromEntries(entries), ...required, additionalProperties: false },
    translate: translateNames(originals, translate),
  };
}

/** A legal name for each odd one that is nobody else's: `filter[id]` is `filter_id`. */
function namesFor(odd: readonly string[], taken: readonly string[]): ReadonlyMap<string, string> {
  const used = new Set(taken);
  // Where many names are cleaned to one, to count from the start for each would take the square of the time.
  const counts = new Map<string, number>();
  const names = new Map<string, string>();
  for (const name of odd) {
    const readable =
      name
        .replaceAll(/[^A-Za-z0-9.-]+/g, '_')
        .replaceAll(/^_+|_+$/g, '')
        .slice(0, 56) || 'parameter';
    let legal = readable;
    let count = counts.get(readable) ?? 2;
    for (; used.has(legal); count += 1) legal = `${readable}_${count}`;
    counts.set(readable, count);
    used.add(legal);
    names.set(name, legal);
  }
  return names;
}
