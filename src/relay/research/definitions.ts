import { cut } from '../../catalog/research/title.ts';
import { RawJson } from '../../protocol/raw-json.ts';
import type { Source } from './source.ts';

export const SEARCH = 'search';
export const FETCH = 'fetch';

/** The definition of `search`. ChatGPT compares the input schema with its own (developers.openai.com/api/docs/mcp). */
export function searchDefinition(source: Source): RawJson {
  return RawJson.of({
    name: SEARCH,
    title: 'Search',
    description:
      'Use this first, to find documents that bear on a question. Give a few specific words, or one short question; if little comes of it, ' +
      'search again with other words. Returns results with an id, a title and a URL each. They hold no text: read those that look ' +
      `promising with \`${FETCH}\`, by their ids.${aboutOf(source)}`,
    inputSchema: inputSchema('query', 'What to look for, in plain words.'),
    outputSchema: objectSchema({
      results: {
        type: 'array',
        description: 'What was found, the best first. Empty when there is nothing.',
        items: objectSchema({ id: ID, title: TITLE, url: CITED }),
      },
    }),
    annotations: annotationsOf(source),
  });
}

/** The definition of `fetch`. */
export function fetchDefinition(source: Source): RawJson {
  return RawJson.of({
    name: FETCH,
    title: 'Fetch',
    description:
      `Use this to read a document in full, by an id that \`${SEARCH}\` has returned. Returns its text, and the title and URL to cite it ` +
      `by.${aboutOf(source)}`,
    inputSchema: inputSchema('id', `The id of a result of \`${SEARCH}\`, exactly as it was returned.`),
    outputSchema: objectSchema(
      {
        id: ID,
        title: TITLE,
        text: { type: 'string', description: 'The whole text.' },
        url: CITED,
        metadata: { type: 'object', description: 'What else is known of it.', additionalProperties: true },
      },
      ['id', 'title', 'text', 'url'],
    ),
    annotations: annotationsOf(source),
  });
}

const ID = { type: 'string', description: `What \`${FETCH}\` takes.` };
const TITLE = { type: 'string' };
const CITED = { type: 'string', description: 'For citation. Empty when there is none.' };

function inputSchema(name: string, description: string): object {
  return objectSchema({ [name]: { type: 'string', description } });
}

function objectSchema(properties: Record<string, object>, required = Object.keys(properties)): object {
  return { type: 'object', properties, required, additionalProperties: false };
}

function aboutOf({ about, tool }: Source): string {
  if (!tool) return ` ${about}`;
  return about === ''
    ? ''
    : `\n\nWhat it does this with, \`${tool.definition.string('name')}\`, says of itself: ${cut(about, LONGEST_ABOUT)}`;
}

/** Characters. The beginning says what there is to be found; the rest is mostly of parameters, which are not here. */
const LONGEST_ABOUT = 600;

/**
 * What the tool behind says of its effects, and nothing that it does not say. To read a resource changes nothing: the specification has a
 * server's resources as data that it shares, and tools for what has effects (server/resources).
 */
function annotationsOf({ tool }: Source): object | undefined {
  if (!tool) return { readOnlyHint: true };
  const annotations = tool.definition.raw('annotations');
  // Receivers disagree on what a repeated key says.
  if (!annotations || tool.definition.repeatedKey !== undefined || annotations.repeatedKey !== undefined)
    return undefined;
  const hints = HINTS.filter((hint) => typeof annotations.get(hint) === 'boolean');
  return hints.length === 0 ? undefined : Object.fromEntries(hints.map((hint) => [hint, annotations.get(hint)]));
}

const HINTS = ['readOnlyHint', 'destructiveHint', 'idempotentHint', 'openWorldHint'];
