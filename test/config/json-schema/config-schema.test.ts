import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv } from 'ajv';
import { parse } from 'jsonc-parser';
import { describe, expect, it } from 'vitest';
import { readConfigFile } from '../../../src/config/file.ts';
import { configSchema } from '../../../src/config/json-schema/config-schema.ts';
import { checkConfig } from '../../../src/config/schema.ts';
import { FIXTURES, folderWith, resolve } from '../resolve.ts';
import { CLASHING, WRONG } from '../wrong-configs.ts';

const PROJECT = fileURLToPath(new URL('../../..', import.meta.url));
const SCHEMA = configSchema();
// Types side by side, and what is required beside what is described, are how these schemas are written.
const isValid = new Ajv({ strict: true, allowUnionTypes: true, strictTypes: false, strictRequired: false }).compile(
  SCHEMA,
);

type Definition = { readonly properties: Readonly<Record<string, { description?: string; default?: unknown }>> };
const DEFINITIONS = Object.entries(SCHEMA.definitions as Record<string, Definition>);

describe('the published schema of config files', () => {
  it('is the one that scripts/config-schema.mjs writes', () => {
    expect(JSON.parse(read('mcp-bridge.schema.json'))).toEqual(SCHEMA);
  });

  it('explains every key', () => {
    const silent = DEFINITIONS.flatMap(([name, { properties = {} }]) =>
      Object.entries(properties)
        .filter(([, { description = '' }]) => !/^.{6,}[.]$/.test(description))
        .map(([key]) => `${name}.${key}`),
    );
    expect(silent).toEqual([]);
  });

  it('shows defaults that are those of the bridge', async () => {
    const server = { ...defaultsOf('server'), results: defaultsOf('results') };
    const bridge = { ...defaultsOf('bridge'), results: defaultsOf('results') };
    const bare = await settingsOf({}, {});
    expect(await settingsOf(server, {})).toEqual(bare);
    expect(await settingsOf({}, bridge)).toEqual(bare);
  });

  it.each(['config.example.json', 'README.md'])('accepts what %s shows', (file) => {
    const texts = file.endsWith('.md') ? blocksOf(read(file)) : [read(file)];
    expect(texts).not.toHaveLength(0);
    for (const text of texts) expectAccepted(parse(text, [], { allowTrailingComma: true }));
  });

  it.each(readdirSync(FIXTURES))('accepts the file of another client: %s', async (file) => {
    expectAccepted((await readConfigFile(file, FIXTURES)).data);
  });

  it.each([
    { $schema: './mcp-bridge.schema.json', _note: 'mine', 'x-id': 1, '//': '', mcpServers: {}, bridge: { _note: '' } },
    { mcpServers: { a: { tols: 1, disabled: true }, b: { url: 'https://mcp.example.com', frobnicate: 1 } } },
    { mcpServers: {}, preferences: {}, globalShortcut: '' },
    { bridge: { cors: true, healthEndpoint: '/a', tunnel: 'ngrok' } },
    { bridge: { cors: ['https://app.example.com'], healthEndpoint: ['/a', '/b'], tunnel: { provider: 'openai' } } },
    { bridge: { views: { a: { override: { files: { 'read_*': { description: 'x' } } } } } } },
    { bridge: { research: { search: { tool: 'query', fields: { results: 'data.items' } }, fetch: 'resources' } } },
    of({ tools: ['read'], env: { A: null, B: 1, C: true }, args: ['-p', 80] }),
    of({ tools: { read: { approval_mode: 'approve' } }, env_vars: ['A', { name: 'B', source: 'local' }] }),
    of({ override: { read: { name: 'cat', aliases: ['read.file'], description: { append: 'x' } } } }),
    of({ override: { read: { _meta: { a: null }, parameters: { path: { enum: ['a', 1, null] } } } } }),
  ])('accepts, as the bridge does: %j', (data) => {
    expect(() => checkConfig(data, 'mcp.json')).not.toThrow();
    expectAccepted(data);
  });

  it.each(WRONG)('refuses, as the bridge does: %j', (data) => {
    expect(isValid(data)).toBe(false);
  });

  it.each(CLASHING)('leaves to the bridge what it cannot see: %j', (data) => {
    expectAccepted(data);
  });
});

function read(path: string): string {
  return readFileSync(join(PROJECT, path), 'utf8');
}

/** The config files of a page: ours, and those of clients. */
function blocksOf(markdown: string): string[] {
  return [...markdown.matchAll(/^```jsonc? (?:config|client)\n(.*?)^```/gms)].map(([, text = '']) => text);
}

function of(keys: object) {
  return { mcpServers: { files: { command: 'x', ...keys } } };
}

function expectAccepted(data: unknown): void {
  isValid(data);
  expect(isValid.errors).toBeNull();
}

function defaultsOf(name: string): Record<string, unknown> {
  const { properties } = Object.fromEntries(DEFINITIONS)[name] ?? { properties: {} };
  const stated = Object.entries(properties).filter(([, member]) => 'default' in member);
  expect(stated).not.toHaveLength(0);
  return Object.fromEntries(stated.map(([key, member]) => [key, member.default]));
}

/** But for what depends on where the file is. */
async function settingsOf(server: object, bridge: object) {
  const cwd = await folderWith({ ...of(server), bridge });
  const { upstreams, configFile: _, ...settings } = (await resolve([], { cwd })).settings;
  return { ...settings, upstreams: upstreams.map((upstream) => ({ ...upstream, cwd: '' })) };
}
