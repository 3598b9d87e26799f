import type { ContentType, Schemas } from './catalog-settings.ts';
import { type Kind, matching, oneOf, SIZE, textOf } from './kinds.ts';

export const SCHEMAS = oneOf<Schemas>(['strict', 'original']);
export const CONTENT_TYPE = oneOf<ContentType>(['text', 'image', 'audio', 'resource', 'resource_link']);

/** What makes a glob match more than the name that it is. */
export const WILDCARD = /[*?[\]{}()|\\]/;

/** What several clients demand of names; they refuse a whole server for one that is different. */
export const LEGAL_NAME = matching('a name of 1 to 64 letters, digits, _ and -', /^[A-Za-z0-9_-]{1,64}$/);

/** One segment of a URL's path, as it stands there. */
export const VIEW_NAME = matching('a name of letters, digits and ._-', /^(?!\.{1,2}$)[\w.-]+$/);

/** Less would leave no room for the note that something is missing. */
const SMALLEST_RESULT = 1_000;

/** Bytes, or 0 for "no limit". */
export const RESULT_SIZE: Kind<number> = {
  accepts: 'a size such as 100kb or 1MiB, at least 1kb, or 0 for none',
  parse: (text) => {
    if (text === '0') return 0;
    const size = SIZE.parse(text);
    return size !== undefined && size >= SMALLEST_RESULT ? size : undefined;
  },
  json: {
    anyOf: [
      { const: 0 },
      textOf(/^[1-9]\d*(?:\.\d+)? ?[kKmMgG][iI]?[bB]$/),
      { type: 'integer', minimum: SMALLEST_RESULT },
    ],
  },
};

export const MEMBER_PATH = matching('a path such as data.items', /^[^.]+(?:\.[^.]+)*$/);
