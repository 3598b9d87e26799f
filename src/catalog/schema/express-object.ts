import { type Core, extrasOf, isAnything, Never, type Part, propertyOf } from './core.ts';
import type { Expressed, Expresser } from './expresser.ts';
import { pathOf } from './reducer.ts';
import { without } from './schema.ts';
import { type Translate, translateMembers } from './translate.ts';

/** Objects. What may not be there is not described, and then nothing may be there that is not described. */
export function expressObject(core: Core, at: string, expresser: Expresser): Expressed | Never {
  const properties = new Map<string, Expressed>();
  let isClosed = core.additionalProperties === false;
  for (const [name, part] of describedIn(core)) {
    if (!Object.hasOwn(core.properties ?? {}, name)) expresser.note(`described ${name}, which is required`, at);
    const path = pathOf(at, `properties.${name}`);
    const property = expresser.express(part, path);
    if (!(property instanceof Never)) {
      properties.set(name, property);
    } else if (core.required?.includes(name)) {
      return property.foundAt(path);
    } else {
      const consequence = isClosed ? '' : ', and with it all others,';
      expresser.note(`left out ${name}${consequence} since ${property.reason}`, at);
      isClosed = true;
    }
  }
  const others = isClosed ? undefined : expressOthers(core, at, expresser);
  const members = [...properties].flatMap(([name, { translate }]) => (translate ? [[name, translate] as const] : []));
  const schema = {
    ...without(core, 'properties', 'additionalProperties'),
    ...(core.properties || properties.size > 0 ? { properties: schemasOf(properties) } : {}),
    ...(others?.keyword !== undefined || isClosed ? { additionalProperties: others?.keyword ?? false } : {}),
  };
  return { schema, translate: translateMembers(new Map(members), new Set(properties.keys()), others?.translate) };
}

/** The properties, those included that are only required. */
function describedIn(core: Core): [name: string, part: Part][] {
  const { properties = {}, required = [] } = core;
  const names = new Set([...Object.keys(properties), ...required]);
  return [...names].map((name) => [name, propertyOf(core, name)]);
}

function schemasOf(properties: ReadonlyMap<string, Expressed>): object {
  return Object.fromEntries([...properties].map(([name, { schema }]) => [name, schema]));
}

interface Others {
  readonly keyword: unknown;
  readonly translate: Translate | undefined;
}

function expressOthers(core: Core, at: string, expresser: Expresser): Others {
  const { additionalProperties } = core;
  if (typeof additionalProperties !== 'object') return { keyword: additionalProperties, translate: undefined };
  const extras = extrasOf(core);
  if (isAnything(extras)) return { keyword: true, translate: undefined };
  const others = expresser.express(extras, pathOf(at, 'additionalProperties'));
  if (others instanceof Never) return { keyword: false, translate: undefined };
  return { keyword: others.schema, translate: others.translate };
}
