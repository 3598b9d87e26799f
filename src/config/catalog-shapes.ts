import * as z from 'zod/mini';
import { CONTENT_TYPE, LEGAL_NAME, RESULT_SIZE, SCHEMAS, VIEW_NAME, WILDCARD } from './catalog-kinds.ts';
import { PREFIX, TEXT, YES_OR_NO } from './kinds.ts';
import { brought, keyed, of, optional, optionalList, someOf, strict } from './shape.ts';

export const TOOL_FILTER = strict({
  allow: optionalList(TEXT),
  deny: optionalList(TEXT),
  readOnly: optional(YES_OR_NO),
  destructive: optional(YES_OR_NO),
  openWorld: optional(YES_OR_NO),
});

export const TEXT_CHANGE = strict({ replace: optional(TEXT), prepend: optional(TEXT), append: optional(TEXT) });

/** A text alone takes the place of the server's. */
const description = z.exactOptional(brought(asReplacement, TEXT_CHANGE, [of(TEXT), TEXT_CHANGE]));

export const ANNOTATIONS = strict({
  title: optional(TEXT),
  readOnlyHint: optional(YES_OR_NO),
  destructiveHint: optional(YES_OR_NO),
  idempotentHint: optional(YES_OR_NO),
  openWorldHint: optional(YES_OR_NO),
});

export const PARAMETER = strict({ description, enum: z.exactOptional(someOf(z.unknown())) });

/** Whatever JSON can hold. */
const values = z.exactOptional(z.record(z.string(), z.unknown()));

export const TOOL_OVERRIDE = strict({
  name: optional(LEGAL_NAME),
  // Formerly they may have been of any form.
  aliases: optionalList(TEXT),
  title: optional(TEXT),
  description,
  annotations: z.exactOptional(ANNOTATIONS),
  parameters: z.exactOptional(z.record(z.string(), PARAMETER)),
  arguments: values,
  hidden: optionalList(TEXT),
  _meta: values,
});

export const PROMPT_OVERRIDE = strict({ name: optional(LEGAL_NAME), title: optional(TEXT), description });

export const RESOURCE_OVERRIDE = strict({ name: optional(TEXT), title: optional(TEXT), description });

export type ToolOverrideOptions = z.output<typeof TOOL_OVERRIDE>;
export type PromptOverrideOptions = z.output<typeof PROMPT_OVERRIDE>;
export type ResourceOverrideOptions = z.output<typeof RESOURCE_OVERRIDE>;

/** What is for one thing only. That it is, is checked where there is more to be said about it. */
const ONE_ONLY = {
  allOf: [{ patternProperties: { [WILDCARD.source]: { properties: { name: false, aliases: false } } } }],
};

/** By globs. */
const TOOL_OVERRIDES = keyed(TEXT, TOOL_OVERRIDE, ONE_ONLY);

export const RESULTS = strict({ maxSize: optional(RESULT_SIZE), strip: optionalList(CONTENT_TYPE) });

/** What may be said for one server and for all. */
export const COMMON_RULES = {
  schemas: optional(SCHEMAS),
  results: z.exactOptional(RESULTS),
};

/** What may be said of the tools, prompts and resources of one server, by their names. */
export const SERVER_RULES = {
  override: z.exactOptional(TOOL_OVERRIDES),
  overridePrompts: z.exactOptional(keyed(TEXT, PROMPT_OVERRIDE, ONE_ONLY)),
  overrideResources: z.exactOptional(keyed(TEXT, RESOURCE_OVERRIDE)),
};

export const VIEW = strict({
  servers: z.exactOptional(someOf(of(TEXT))),
  tools: z.exactOptional(TOOL_FILTER),
  override: z.exactOptional(keyed(TEXT, TOOL_OVERRIDES)),
  prefix: optional(PREFIX),
  schemas: optional(SCHEMAS),
  research: optional(YES_OR_NO),
});

export const VIEWS = keyed(VIEW_NAME, VIEW);

export type ViewsOptions = z.output<typeof VIEWS>;

function asReplacement(value: unknown): unknown {
  return typeof value === 'object' ? value : { replace: value };
}
