import type { RawJson } from '../../protocol/raw-json.ts';
import { LooseRecord } from './record.ts';
import { indexOf, levelsOf, membersOf } from './values.ts';

/**
 * The list of what was found, in a result that nobody has described: one that is called so, else the result itself if that is what was
 * found, else the first list of objects. `undefined` when there is nothing of the kind.
 */
export function listIn(value: RawJson): readonly RawJson[] | undefined {
  if (value.isArray) return value.items();
  const objects = [...levelsOf(value)].flat();
  const named = objects.flatMap((object) => namedListOf(object) ?? [])[0];
  if (named) return named.items();
  if (new LooseRecord(value).isOne) return [value];
  const lists = objects.flatMap(membersOf).filter((member) => member.isArray);
  const items = lists.map((list) => list.items());
  return items.find((each) => each.some((item) => item.isObject)) ?? items.find((each) => each.length === 0);
}

function namedListOf(object: RawJson): RawJson | undefined {
  const index = indexOf(object);
  const name = LIST_NAMES.find((each) => index.get(each)?.isArray);
  return name === undefined ? undefined : index.get(name);
}

/** Names as `plain` writes them, the most telling first. */
const LIST_NAMES = [
  ...['results', 'result', 'searchresults', 'items', 'hits', 'matches', 'documents', 'docs', 'data', 'records'],
  ...[
    'entries',
    'entities',
    'nodes',
    'edges',
    'rows',
    'pages',
    'files',
    'paths',
    'articles',
    'list',
    'values',
    'value',
  ],
  ...['content'],
];
