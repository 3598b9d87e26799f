import type { ResearchFields } from '../../config/catalog-settings.ts';
import type { RawJson } from '../../protocol/raw-json.ts';
import { jsonIn, plainTextOf, resourcesIn } from './content.ts';
import { listIn } from './list.ts';
import { LooseRecord, webUrl } from './record.ts';
import { isIdentifier, labelledRecords, listedPaths, markdownLinks, saysNothing } from './text.ts';
import { titleFor } from './title.ts';
import { plain, scalarOf, valueAt } from './values.ts';

/** One result of `search`. */
export interface Found {
  readonly id: string;
  readonly title: string;
  /** Empty where there is nothing that a person could open: ChatGPT then cites nothing (developers.openai.com/api/docs/mcp). */
  readonly url: string;
}

export interface FindingOptions {
  readonly fields: ResearchFields;
  /** What the tool that fetches calls the id. Servers often use the same word where they list. */
  readonly idNames: readonly string[];
  /** Whether plain text is an answer, rather than a list. */
  readonly isProse: boolean;
}

/**
 * What a tool's result has found, each once. It is looked for where the owner says it is; else in structured content, in JSON that is
 * written as text, in linked resources, and in plain text: lines of labels, paths, or links. `undefined` when it says something, and none of
 * this can be made out.
 */
export function foundIn(result: RawJson, options: FindingOptions): readonly Found[] | undefined {
  const { fields, isProse } = options;
  const { structured, texts } = jsonIn(result);
  const { results } = fields;
  if (results !== undefined) {
    const items = listsIn(structured, results) ?? listsIn(texts, results);
    return items && read(items, options);
  }
  for (const list of [structured, texts]) {
    const items = listsIn(list, undefined);
    const found = items && read(items, options);
    if (found && (items.length === 0 || found.length > 0)) return found;
  }
  const linked = read(resourcesIn(result), options);
  if (linked.length > 0) return linked;
  const text = plainTextOf(result);
  if (saysNothing(text)) return [];
  const listed = isProse ? [] : foundInText(text.slice(0, LONGEST_LIST), options);
  return listed.length > 0 ? listed : undefined;
}

/** The items of all lists, be they one by one in several texts. `undefined` when there is no list. */
function listsIn(values: readonly RawJson[], path: string | undefined): RawJson[] | undefined {
  const lists = values.flatMap((value) => {
    const list = path === undefined ? listIn(value) : listAt(value, path);
    return list ? [list] : [];
  });
  return lists.length === 0 ? undefined : lists.flat();
}

/** What stands where the owner says that the list is. One thing is a list of it. */
function listAt(value: RawJson, path: string): readonly RawJson[] | undefined {
  const list = valueAt(value, path);
  return list && (list.isArray ? list.items() : [list]);
}

function foundInText(text: string, options: FindingOptions): readonly Found[] {
  const labelled = read(labelledRecords(text), options).filter(({ id }) => isIdentifier(id));
  if (labelled.length > 0) return labelled;
  const paths = read(listedPaths(text), options);
  if (paths.length > 0 || !options.idNames.some((name) => LINK_NAMES.has(plain(name)))) return paths;
  return read(markdownLinks(text), options);
}

/** Characters of plain text that are looked through for a list. */
const LONGEST_LIST = 1_000_000;
/** How parameters are called that take what a link leads to. */
const LINK_NAMES: ReadonlySet<string> = new Set(['url', 'link', 'href']);

function read(items: readonly RawJson[], { fields, idNames }: FindingOptions): readonly Found[] {
  const found = new Map<string, Found>();
  for (const item of items) {
    const record = new LooseRecord(item, fields);
    const id = item.isObject ? record.id(idNames) : scalarOf(item);
    if (id === undefined || found.has(id)) continue;
    if (found.size === MOST_RESULTS) break;
    const title = record.title() ?? titleFor(id, record.text());
    found.set(id, { id, title, url: record.url() ?? webUrl(id) ?? '' });
  }
  return [...found.values()];
}

/** Far more than anybody reads. */
const MOST_RESULTS = 1000;
