import { describe, expect, it } from 'vitest';
import { defaultStateFolder } from '../../src/state/state-folder.ts';

describe('the state folder', () => {
  it.each([
    ['linux', {}, '/home/ann', '/home/ann/.local/state/mcp-bridge'],
    ['linux', { XDG_STATE_HOME: '/var/ann' }, '/home/ann', '/var/ann/mcp-bridge'],
    ['linux', { XDG_STATE_HOME: '' }, '/home/ann', '/home/ann/.local/state/mcp-bridge'],
    ['freebsd', {}, '/home/ann', '/home/ann/.local/state/mcp-bridge'],
    ['darwin', { XDG_STATE_HOME: '/var/ann' }, '/Users/ann', '/Users/ann/Library/Application Support/mcp-bridge'],
    ['win32', { LOCALAPPDATA: 'D:\\Ann\\Local' }, 'C:\\Users\\ann', 'D:\\Ann\\Local\\mcp-bridge'],
    ['win32', {}, 'C:\\Users\\ann', 'C:\\Users\\ann\\AppData\\Local\\mcp-bridge'],
  ] as const)('is, on %s with %j and the home %s, %s', (platform, env, home, expected) => {
    expect(defaultStateFolder({ env, platform, home })).toBe(expected);
  });

  it('does not depend on the working folder: a relative XDG_STATE_HOME is ignored', () => {
    const folder = defaultStateFolder({ env: { XDG_STATE_HOME: 'state' }, platform: 'linux', home: '/home/ann' });
    expect(folder).toBe('/home/ann/.local/state/mcp-bridge');
  });
});
