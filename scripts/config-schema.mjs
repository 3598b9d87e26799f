// Writes mcp-bridge.schema.json, by which editors complete and check config files. To be run after a change of what they may hold; a test tells.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const TARGET = 'mcp-bridge.schema.json';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));

// Bundled, since not every version of Node that is supported runs TypeScript.
const { outputFiles } = await build({
  entryPoints: ['src/config/json-schema/config-schema.ts'],
  bundle: true,
  write: false,
  format: 'esm',
  platform: 'node',
  mainFields: ['module', 'main'],
});
const [{ contents }] = outputFiles;
const { configSchema } = await import(`data:text/javascript;base64,${Buffer.from(contents).toString('base64')}`);
writeFileSync(TARGET, JSON.stringify(configSchema()));
execFileSync(process.execPath, ['node_modules/@biomejs/biome/bin/biome', 'format', '--write', TARGET], {
  stdio: 'inherit',
});
