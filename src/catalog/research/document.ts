import type { ResearchFields } from '../../config/catalog-settings.ts';
import { RawJson } from '../../protocol/raw-json.ts';
import { jsonIn, plainTextOf } from './content.ts';
import { listIn } from './list.ts';
import { LooseRecord, webUrl } from './record.ts';
import { headingOf, titleFor } from './title.ts';

/** What `fetch` brings. */
export interface ResearchDocument {
  readonly id: string;
  readonly title: string;
  readonly text: string;
  /** Empty where there is nothing that a person could open. */
  readonly url: string;
  readonly metadata: RawJson | undefined;
}

/** The document that a tool's result is. Where it has no member that is clearly its text, all that the result says is the text. */
export function documentIn(result: RawJson, id: string, fields: ResearchFields): ResearchDocument {
  const { structured, texts } = jsonIn(result);
  const record = recordAmong([...structured, ...texts], id, fields);
  const text = record.text() ?? plainTextOf(result);
  return {
    id,
    title: record.title() ?? headingOf(text) ?? titleFor(id, undefined),
    text,
    url: record.url() ?? webUrl(id) ?? '',
    metadata: record.metadata(),
  };
}

/** The object that holds the document: the result's own, or the one of its list that is meant, or else none. */
function recordAmong(values: readonly RawJson[], id: string, fields: ResearchFields): LooseRecord {
  const records = values.map((value) => new LooseRecord(value, fields));
  const own = records.find((record) => record.text() !== undefined);
  if (own) return own;
  for (const value of values) {
    const items = (listIn(value) ?? []).map((item) => new LooseRecord(item));
    const meant = items.length === 1 ? items[0] : items.find((item) => item.id() === id);
    if (meant?.text() !== undefined) return meant;
  }
  return records[0] ?? NONE;
}

const NONE = new LooseRecord(RawJson.of({}));
