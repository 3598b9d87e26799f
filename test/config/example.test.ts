import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { DEFAULTS } from '../../src/config/defaults.ts';
import { parseFlags } from '../../src/config/flags.ts';
import { resolveSettings } from '../../src/config/resolve-settings.ts';
import { temporaryFolder } from './temporary-folder.ts';

const PROJECT = fileURLToPath(new URL('../..', import.meta.url));
const EXAMPLE = join(PROJECT, 'config.example.json');

describe('config.example.json', () => {
  it('runs servers that are installed, from any folder', async () => {
    const { upstreams } = await resolveExample(await temporaryFolder({}));
    expect(upstreams.map(({ name }) => name)).toEqual(['everything', 'files', 'memory']);
    for (const { args } of upstreams) for (const path of args) await access(path);
    expect(upstreams[1]?.args[1]).toBe(join(PROJECT, 'examples/notes'));
    expect(upstreams[2]?.env.MEMORY_FILE_PATH).toBe(join(PROJECT, 'node_modules/.memory.jsonl'));
  });

  it('shows the defaults', async () => {
    const { upstreams, configFile, ...bridge } = await resolveExample(PROJECT);
    // What these are resolved to on loopback.
    expect(bridge).toEqual({ ...DEFAULTS, auth: 'none', external: undefined });
    expect(configFile).toBe(EXAMPLE);
    for (const upstream of upstreams)
      expect(upstream).toMatchObject({ protocol: 'auto', isolation: 'auto', startTimeout: 120_000, callTimeout: 0 });
  });
});

async function resolveExample(cwd: string) {
  const flags = parseFlags(['--config', EXAMPLE]);
  if (flags.kind !== 'run') throw new Error(`parsed as ${flags.kind}`);
  const splitCommand = (line: string) => ({ command: line, args: [] });
  const { settings, warnings } = await resolveSettings({ flags, env: {}, cwd, splitCommand });
  expect(warnings).toEqual([]);
  return settings;
}
