import { describe, expect, it } from 'vitest';
import { fixedChanges } from '../../src/bridge/fixed-changes.ts';
import { parseFlags, type RunFlags } from '../../src/config/flags.ts';
import { resolveSettings } from '../../src/config/resolve-settings.ts';
import type { Settings } from '../../src/config/settings.ts';
import { splitCommand } from '../../src/process/command-line.ts';
import { upstreamSettings } from '../upstream/support.ts';

async function settingsOf(...args: string[]): Promise<Settings> {
  const flags = parseFlags([...args, '--', 'server']) as RunFlags;
  const { settings } = await resolveSettings({ flags, env: {}, cwd: '/', splitCommand });
  return settings;
}

describe('the settings that only count from the start', () => {
  it('are none where all is the same, whoever has read it', async () => {
    const args = ['--port', '1', '--cors', 'https://a.example', '--auth', 'token', '--token', 'x'.repeat(32)];
    expect(fixedChanges(await settingsOf(...args), await settingsOf(...args))).toEqual([]);
  });

  it.each([
    ['port', ['--port', '2']],
    ['auth', ['--auth', 'oauth']],
    ['cors', ['--cors', 'https://b.example']],
    ['healthEndpoint', ['--health-endpoint', '/healthz']],
    ['logLevel', ['--log-level', 'debug']],
    ['maxSessions', ['--max-sessions', '2']],
    ['publicUrl', ['--public-url', 'https://b.example']],
    ['tunnel', ['--tunnel', 'cloudflared', '--auth', 'oauth']],
  ])('are called by their names: %s', async (name, args) => {
    const [before, after] = [await settingsOf(), await settingsOf(...args)];
    expect(fixedChanges(before, after)).toContain(name);
    expect(fixedChanges(after, before)).toContain(name);
  });

  it('are named in the order of the settings', async () => {
    const before = await settingsOf();
    expect(fixedChanges(before, { ...before, maxSessions: 1, port: 1, host: '::1' })).toEqual([
      'host',
      'port',
      'maxSessions',
    ]);
  });

  it('are none of those that make the catalog', async () => {
    const before = await settingsOf();
    const after: Settings = {
      ...before,
      upstreams: [upstreamSettings()],
      prefix: 'none',
      tools: { allow: ['a'], deny: [], readOnly: true },
      views: [
        { name: 'v', origin: 'x', servers: [], tools: { allow: [], deny: [] } } as unknown as Settings['views'][0],
      ],
      research: { origin: 'x' } as Settings['research'],
      personalMeta: !before.personalMeta,
    };
    expect(fixedChanges(before, after)).toEqual([]);
  });
});
