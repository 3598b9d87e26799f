// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these placeholders are what config files hold
import { VIEW } from '../catalog-shapes.ts';
import { FETCH, FETCHED_FIELDS, FOUND_FIELDS, RESEARCH, SEARCH } from '../research-shape.ts';
import { about } from './about.ts';

const SOURCE_KEYS = {
  tool: 'A tool, by the name that clients see at /mcp; or resources, for those of all servers.',
  arguments: { text: 'Sent along with every call. Texts may hold ${VAR}.', examples: [{ limit: 10 }] },
  fields: 'Where in the result things are, as paths such as data.items. What is not said is looked for.',
};

const FIELD_KEYS = {
  id: 'What a document is fetched by.',
  title: 'Its title.',
  text: 'Its text.',
  url: 'Where people find it; it is cited.',
  metadata: 'More about it.',
};

export const ABOUT_VIEWS = [
  about('view', VIEW, {
    servers: 'Names of the servers that are shown. Default: all.',
    tools: { text: 'Which tools are offered; comes on top of all other filters.', examples: [{ readOnly: true }] },
    override: "What is said of tools, on top of the servers' own: by the server's name, then by globs.",
    prefix: "SERVER__ before names: auto (with several servers), server or none. Default: the bridge's.",
    schemas: "strict or original, for all servers of the view. Default: each server's.",
    research: { text: 'Whether the tools search and fetch are there.', default: false },
  }),
  about('research', RESEARCH, {
    search: 'What finds documents: the name of a tool, an object with more about it, or resources.',
    fetch: 'What fetches one of them: the name of a tool, an object with more about it, or resources.',
  }),
  about('search', SEARCH, {
    ...SOURCE_KEYS,
    parameter: 'Which parameter takes the query. Default: the only text that the tool requires, or its first.',
  }),
  about('fetch', FETCH, {
    ...SOURCE_KEYS,
    parameter: 'Which parameter takes the id. Default: the only text that the tool requires, or its first.',
  }),
  about('found', FOUND_FIELDS, { results: 'The list of what was found.', ...FIELD_KEYS }),
  about('fetched', FETCHED_FIELDS, FIELD_KEYS),
];
