// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these placeholders are what config files hold
import {
  ANNOTATIONS,
  PARAMETER,
  PROMPT_OVERRIDE,
  RESOURCE_OVERRIDE,
  RESULTS,
  TEXT_CHANGE,
  TOOL_FILTER,
  TOOL_OVERRIDE,
} from '../catalog-shapes.ts';
import { about } from './about.ts';

const TITLE = 'The name that people see.';
const DESCRIPTION = {
  text: "A text in place of the server's, or what is put before and after it.",
  examples: [{ prepend: 'Use this when ...' }],
};

export const ABOUT_RULES = [
  about('tools', TOOL_FILTER, {
    allow: { text: 'Globs over names of tools; only these are offered. Empty: all.', examples: [['read_*', 'list_*']] },
    deny: { text: 'Globs over names of tools that are hidden; wins over allow.', examples: [['delete_*']] },
    readOnly: 'true: only tools that are marked as reading only. false: only the others.',
    destructive:
      'true: only tools that may destroy something: all that write, and do not deny it. false: only the others.',
    openWorld: 'true: only tools that may reach the outside world: all that do not deny it. false: only the others.',
  }),
  about('override', TOOL_OVERRIDE, {
    name: 'The name, before any prefix. Only for one tool, not for a glob.',
    aliases: 'Names that it had formerly; calls under them are taken. Only for one tool, not for a glob.',
    title: TITLE,
    description: DESCRIPTION,
    annotations: 'Hints for clients. They are your word: nothing checks them.',
    parameters: 'What is said of parameters, by name.',
    arguments: {
      text: 'Always sent, whatever the client sends; clients do not see these parameters. Texts may hold ${VAR}.',
      examples: [{ limit: 10 }],
    },
    hidden: 'Parameters that clients do not see and cannot set.',
    _meta: 'Members for _meta; null takes one away.',
  }),
  about('prompt', PROMPT_OVERRIDE, {
    name: 'The name, before any prefix. Only for one prompt, not for a glob.',
    title: TITLE,
    description: DESCRIPTION,
  }),
  about('resource', RESOURCE_OVERRIDE, { name: 'The name.', title: TITLE, description: DESCRIPTION }),
  about('text', TEXT_CHANGE, {
    replace: "Takes the place of the server's text.",
    prepend: 'Comes before it.',
    append: 'Comes after it.',
  }),
  about('annotations', ANNOTATIONS, {
    title: TITLE,
    readOnlyHint: 'It changes nothing. ChatGPT asks its user before it calls any other.',
    destructiveHint: 'It may destroy something. Means nothing where readOnlyHint is true.',
    idempotentHint: 'Called again with the same arguments it changes nothing more.',
    openWorldHint: 'It may reach the outside world, such as the internet.',
  }),
  about('parameter', PARAMETER, { description: DESCRIPTION, enum: 'The values that clients may choose from.' }),
  about('results', RESULTS, {
    maxSize: {
      text: 'Longest result, at least 1kb; the rest of a longer one is a resource. 0 is no limit.',
      default: 0,
      examples: ['100kb'],
    },
    strip: {
      text: 'Kinds of content that are replaced by a note, since not every client can show them.',
      default: [],
      examples: [['image', 'audio']],
    },
  }),
];
