import { type JsonSchema, TEXT } from '../kinds.ts';
import { SECTIONS } from '../schema.ts';
import { COMMENT } from '../shape.ts';
import { BRIDGE, SERVER } from '../shapes.ts';
import { ABOUT_BRIDGE } from './about-bridge.ts';
import { ABOUT_RULES } from './about-rules.ts';
import { ABOUT_SERVER } from './about-server.ts';
import { ABOUT_VIEWS } from './about-views.ts';
import { ABOUT_WAYS_IN } from './about-ways-in.ts';
import { define, type Names, schemaOf } from './of-shape.ts';

/**
 * The JSON Schema of config files, for editors: draft-07, which they know best. It is made of the shapes by which files are checked, and refuses
 * nothing but unusual spellings that they accept. What it cannot see is left to them: variables, what names stand for and whether two of them
 * clash, the largest of durations and sizes.
 */
export function configSchema(): JsonSchema {
  const known = ['bridge', 'inputs', ...SECTIONS];
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Config file of mcp-bridge',
    description: 'Which MCP servers are bridged, and how. The config files of most MCP clients are fine as they are.',
    type: 'object',
    properties: {
      ...Object.fromEntries(SECTIONS.map((section) => [section, { $ref: '#/definitions/servers' }])),
      bridge: { description: 'How they are served, and defaults for all of them.', allOf: [schemaOf(BRIDGE, NAMES)] },
      inputs: {
        description:
          'What VS Code asks for: the input `api-key` is the variable INPUT_API_KEY here, or its default where that is not set.',
      },
    },
    anyOf: [...SECTIONS, 'bridge'].map((key) => ({ required: [key] })),
    // What else another client's file holds is none of our business.
    if: { required: ['bridge'] },
    // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
    then: { propertyNames: { anyOf: [{ enum: known }, { pattern: COMMENT.source }] } },
    definitions: { servers: SERVERS, ...Object.fromEntries(ABOUT.map((about) => [about.name, define(about, NAMES)])) },
  };
}

const ABOUT = [ABOUT_SERVER, ABOUT_BRIDGE, ...ABOUT_RULES, ...ABOUT_VIEWS, ...ABOUT_WAYS_IN];
const NAMES: Names = new Map(ABOUT.map(({ shape, name }) => [shape, name]));

/** Servers behind a URL, and those that are switched off, are not looked at any closer. */
const LEFT_OUT = {
  anyOf: [
    ...['url', 'serverUrl', 'httpUrl'].map((key) => ({ required: [key] })),
    ...[
      { key: 'disabled', is: true },
      { key: 'enabled', is: false },
      { key: 'isActive', is: false },
    ].map(({ key, is }) => ({ required: [key], properties: { [key]: { const: is } } })),
  ],
};

const SERVERS = {
  description: 'The servers, by name.',
  type: 'object',
  propertyNames: TEXT.json,
  additionalProperties: { type: 'object', if: LEFT_OUT, else: schemaOf(SERVER, NAMES) },
};
