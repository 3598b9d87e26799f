/** One parameter of a tool, for a person. */
export interface ParameterText {
  readonly name: string;
  /** In a few words: `array of string, required`. */
  readonly type: string;
  readonly description: string;
}

/** The parameters of a schema, one level deep. */
export function parametersIn(schema: unknown): ParameterText[] {
  const { properties, required } = asObject(schema);
  const needed = Array.isArray(required) ? required : [];
  return Object.entries(asObject(properties)).map(([name, property]) => {
    const { description, default: preset } = asObject(property);
    const facts = [
      typeOf(property),
      ...(needed.includes(name) ? ['required'] : []),
      ...(preset === undefined ? [] : [`default ${JSON.stringify(preset)}`]),
    ];
    return { name, type: facts.join(', '), description: typeof description === 'string' ? description : '' };
  });
}

function typeOf(schema: unknown): string {
  const { type, enum: values, const: value, items, anyOf, oneOf, $ref } = asObject(schema);
  if (Array.isArray(values)) return `one of ${values.map((each) => JSON.stringify(each)).join(', ')}`;
  if (value !== undefined) return JSON.stringify(value);
  if (type === 'array') return items === undefined ? 'array' : `array of ${typeOf(items)}`;
  if (typeof type === 'string') return type;
  if (Array.isArray(type)) return type.join(' or ');
  const choices = anyOf ?? oneOf;
  if (Array.isArray(choices)) return [...new Set(choices.map(typeOf))].join(' or ');
  return typeof $ref === 'string' ? $ref : 'anything';
}

function asObject(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
