import type { ResearchFields } from '../../config/catalog-settings.ts';
import { RawJson } from '../../protocol/raw-json.ts';
import { firstLine } from './title.ts';
import { indexOf, levelsOf, plain, scalarOf, textOf, valueAt } from './values.ts';

/**
 * A thing that was found, or a document: an object of a server's. Nobody has agreed on what its members are called, so they are looked
 * for under the usual names, unless the owner has said where they are. Nothing is found in what is no object.
 */
export class LooseRecord {
  readonly #json: RawJson;
  readonly #fields: ResearchFields;
  readonly #own: ReadonlyMap<string, RawJson>;

  constructor(json: RawJson, fields: ResearchFields = {}) {
    this.#json = json;
    this.#fields = fields;
    this.#own = indexOf(json);
  }

  /** What it is fetched by. `wanted` is what the tool that fetches calls that. */
  id(wanted: readonly string[] = []): string | undefined {
    const { id } = this.#fields;
    if (id !== undefined) return this.#at(id, scalarOf);
    const byName = (names: readonly string[]) => this.#find(names, scalarOf);
    return byName(wanted.map(plain)) ?? byName(ID_NAMES) ?? this.#likeAnId() ?? byName(LAST_ID_NAMES);
  }

  title(): string | undefined {
    const { title } = this.#fields;
    const asText = (value: RawJson) => textOf(value, '');
    const said = title === undefined ? undefined : this.#at(title, asText);
    const text = said ?? this.#find(TITLE_NAMES, asText) ?? this.#titleBelow() ?? this.#find(LAST_TITLE_NAMES, asText);
    return text === undefined ? undefined : firstLine(text) || undefined;
  }

  /** Where a person can open it. Only the owner can know of URLs that are none of the web's. */
  url(): string | undefined {
    const { url } = this.#fields;
    return url === undefined ? this.#find(URL_NAMES, webUrlOf) : this.#at(url, scalarOf);
  }

  /** All of its text, rather than a summary. */
  text(): string | undefined {
    const { text } = this.#fields;
    const asText = (value: RawJson) => textOf(value, '\n');
    const said = text === undefined ? undefined : this.#at(text, asText);
    return said ?? this.#find(TEXT_NAMES, asText);
  }

  metadata(): RawJson | undefined {
    const found = valueAt(this.#json, this.#fields.metadata ?? 'metadata');
    try {
      // Of a server's large answer only the structure was checked, and this goes out as it is.
      return found?.isObject ? RawJson.parse(found.text) : undefined;
    } catch {
      return undefined; // No JSON that every client can read.
    }
  }

  /** Whether this is a record itself, rather than what holds some. */
  get isOne(): boolean {
    const has = (names: readonly string[]) => names.some((name) => this.#own.has(name));
    return has(ID_NAMES) && (has(TITLE_NAMES) || has(TEXT_NAMES));
  }

  #at<T>(path: string, read: (value: RawJson) => T | undefined): T | undefined {
    const value = valueAt(this.#json, path);
    return value && read(value);
  }

  #find<T>(names: readonly string[], read: (value: RawJson) => T | undefined): T | undefined {
    for (const layer of this.#layers()) {
      for (const name of names) {
        const member = layer.get(name);
        const found = member && read(member);
        if (found !== undefined) return found;
      }
    }
    return undefined;
  }

  /** Its own members, then those of what it merely wraps. */
  *#layers(): Generator<ReadonlyMap<string, RawJson>, void> {
    yield this.#own;
    for (const name of WRAPPERS) {
      const inner = this.#own.get(name);
      if (inner?.isObject) yield indexOf(inner);
    }
  }

  #likeAnId(): string | undefined {
    const key = this.#json.keys.find(isLikeAnId);
    const member = key === undefined ? undefined : this.#json.raw(key);
    return member && scalarOf(member);
  }

  /** Pages of Notion have their title among their properties, and call that one as they like. */
  #titleBelow(): string | undefined {
    for (const level of levelsOf(this.#json)) {
      for (const object of level) {
        const title = object.raw('title');
        const text = title && textOf(title, '');
        if (text !== undefined) return text;
      }
    }
    return undefined;
  }
}

/** Whether something of this name says what a record is called, or where it is. */
export function isTelling(name: string): boolean {
  return TELLING.has(plain(name)) || isLikeAnId(name);
}

/** Whether something of this name looks like an id of some kind: `pageId`, or `Library ID`. */
export function isLikeAnId(name: string): boolean {
  return LIKE_AN_ID.test(name);
}

/** A URL that any browser opens: what ChatGPT cites has to be one (developers.openai.com/api/docs/mcp). */
export function webUrl(text: string): string | undefined {
  return /^https?:\/\/\S+$/i.test(text) && URL.canParse(text) ? text : undefined;
}

function webUrlOf(value: RawJson): string | undefined {
  return webUrl(scalarOf(value)?.trim() ?? '');
}

/** Names as {@link plain} writes them, the most telling first. */
const ID_NAMES = ['id', 'uuid', 'uri', 'url', 'link', 'href', 'path', 'filepath', 'file', 'key', 'slug'];
const LAST_ID_NAMES = ['name', 'filename'];
const TITLE_NAMES = ['title', 'name', 'displayname', 'fullname', 'headline', 'subject', 'label', 'filename'];
/** `heading`: what the text of a server has above the rest. */
const LAST_TITLE_NAMES = ['heading'];
/** That of a page comes before that of an API. */
const URL_NAMES = [
  ...['htmlurl', 'weburl', 'permalink', 'webviewlink', 'canonicalurl', 'url', 'link', 'href', 'sourceurl', 'pageurl'],
  ...['source', 'uri', 'id'],
];
const TEXT_NAMES = [
  ...['text', 'content', 'body', 'markdown', 'fulltext', 'pagecontent', 'rawcontent', 'rawmarkdown', 'transcript'],
  ...['observations', 'html'],
];
/** What holds a record and little more: a score, an edge of a graph, a hit of an index. */
const WRAPPERS = [
  ...['node', 'item', 'document', 'doc', 'page', 'resource', 'source', 'record', 'data', 'payload', 'attributes'],
  ...['properties', 'fields', 'metadata'],
];
const LIKE_AN_ID = /(?:[\s_-][iI][dD]|[\p{Ll}\d](?:Id|ID))$/u;
const TELLING: ReadonlySet<string> = new Set([...ID_NAMES, ...TITLE_NAMES, ...URL_NAMES]);
