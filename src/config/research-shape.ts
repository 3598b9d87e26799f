import * as z from 'zod/mini';
import { MEMBER_PATH } from './catalog-kinds.ts';
import { TEXT } from './kinds.ts';
import { brought, of, optional, strict } from './shape.ts';

/** What both tools tell of each document. */
const DOCUMENT = {
  id: optional(MEMBER_PATH),
  title: optional(MEMBER_PATH),
  text: optional(MEMBER_PATH),
  url: optional(MEMBER_PATH),
  metadata: optional(MEMBER_PATH),
};

export const FOUND_FIELDS = strict({ results: optional(MEMBER_PATH), ...DOCUMENT });

export const FETCHED_FIELDS = strict(DOCUMENT);

const SOURCE = {
  tool: of(TEXT),
  parameter: optional(TEXT),
  arguments: z.exactOptional(z.record(z.string(), z.unknown())),
};

export const SEARCH = strict({ ...SOURCE, fields: z.exactOptional(FOUND_FIELDS) });

export const FETCH = strict({ ...SOURCE, fields: z.exactOptional(FETCHED_FIELDS) });

/** The tools for deep research. The name of a tool says all where nothing else has to be said. */
export const RESEARCH = strict({
  search: brought(asSource, SEARCH, [of(TEXT), SEARCH]),
  fetch: brought(asSource, FETCH, [of(TEXT), FETCH]),
});

export type ResearchOptions = z.output<typeof RESEARCH>;

function asSource(value: unknown): unknown {
  return typeof value === 'object' ? value : { tool: value };
}
