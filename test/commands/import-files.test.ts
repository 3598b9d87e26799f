import { describe, expect, it } from 'vitest';
import { clientFiles, type Place } from '../../src/commands/import/client-files.ts';
import type { ImportClient } from '../../src/config/subcommands.ts';

const LINUX: Place = { platform: 'linux', env: {}, home: '/home/ada', cwd: '/projects/shop' };
const MAC: Place = { platform: 'darwin', env: {}, home: '/Users/ada', cwd: '/projects/shop' };
const WINDOWS: Place = { platform: 'win32', env: {}, home: 'C:\\Users\\Ada', cwd: 'D:\\projects\\shop' };

/** Paths and sections, as `PATH # KEY > KEY`. */
function filesOf(client: ImportClient, place: Place): string[] {
  return clientFiles(place)
    .filter((file) => file.client === client)
    .map(({ path, sections }) => `${path} # ${sections.map((keys) => keys.join(' > ')).join(', ')}`);
}

describe('the files of clients', () => {
  it.each([
    [
      'claude',
      LINUX,
      [
        '/home/ada/.claude.json # projects > /projects/shop > mcpServers, mcpServers',
        '/projects/shop/.mcp.json # mcpServers',
        '/home/ada/.config/Claude/claude_desktop_config.json # mcpServers',
      ],
    ],
    [
      'claude',
      MAC,
      [
        '/Users/ada/.claude.json # projects > /projects/shop > mcpServers, mcpServers',
        '/projects/shop/.mcp.json # mcpServers',
        '/Users/ada/Library/Application Support/Claude/claude_desktop_config.json # mcpServers',
      ],
    ],
    [
      'claude',
      WINDOWS,
      [
        'C:\\Users\\Ada\\.claude.json # projects > D:/projects/shop > mcpServers, projects > D:\\projects\\shop > mcpServers, mcpServers',
        'D:\\projects\\shop\\.mcp.json # mcpServers',
        'C:\\Users\\Ada\\AppData\\Local\\Packages\\Claude_pzs8sxrjxfjjc\\LocalCache\\Roaming\\Claude\\claude_desktop_config.json # mcpServers',
        'C:\\Users\\Ada\\AppData\\Roaming\\Claude\\claude_desktop_config.json # mcpServers',
      ],
    ],
    ['cursor', MAC, ['/projects/shop/.cursor/mcp.json # mcpServers', '/Users/ada/.cursor/mcp.json # mcpServers']],
    [
      'cursor',
      WINDOWS,
      ['D:\\projects\\shop\\.cursor\\mcp.json # mcpServers', 'C:\\Users\\Ada\\.cursor\\mcp.json # mcpServers'],
    ],
    ['codex', LINUX, ['/projects/shop/.codex/config.toml # mcp_servers', '/home/ada/.codex/config.toml # mcp_servers']],
    [
      'windsurf',
      MAC,
      [
        '/projects/shop/.devin/mcp_config.json # mcpServers',
        '/Users/ada/.config/devin/mcp_config.json # mcpServers',
        '/Users/ada/.codeium/windsurf/mcp_config.json # mcpServers',
      ],
    ],
    [
      'windsurf',
      WINDOWS,
      [
        'D:\\projects\\shop\\.devin\\mcp_config.json # mcpServers',
        'C:\\Users\\Ada\\AppData\\Roaming\\devin\\mcp_config.json # mcpServers',
        'C:\\Users\\Ada\\.codeium\\windsurf\\mcp_config.json # mcpServers',
      ],
    ],
  ] as const)('of %s are those that its documentation names: %o', (client, place, expected) => {
    expect(filesOf(client, place)).toEqual(expected);
  });

  it.each([
    [LINUX, '/home/ada/.config/', '/'],
    [MAC, '/Users/ada/Library/Application Support/', '/'],
    [WINDOWS, 'C:\\Users\\Ada\\AppData\\Roaming\\', '\\'],
  ])('of vscode are those of its project, its user, and each of its profiles: %o', (place, settings, slash) => {
    const folders = ['Code/User', 'Code/User/profiles/*', 'Code - Insiders/User', 'Code - Insiders/User/profiles/*'];
    const project = place === WINDOWS ? 'D:\\projects\\shop\\.vscode' : '/projects/shop/.vscode';
    expect(filesOf('vscode', place)).toEqual(
      [project, ...folders.map((folder) => settings + folder.replaceAll('/', slash))].flatMap((folder) => [
        `${folder}${slash}mcp.json # servers`,
        `${folder}${slash}settings.json # mcp > servers`,
      ]),
    );
  });

  it.each([
    ['claude', LINUX, { XDG_CONFIG_HOME: '/x' }, '/x/Claude/claude_desktop_config.json'],
    ['claude', LINUX, { CLAUDE_CONFIG_DIR: '/x' }, '/x/.claude.json'],
    ['claude', WINDOWS, { APPDATA: 'R:\\' }, 'R:\\Claude\\claude_desktop_config.json'],
    ['claude', WINDOWS, { LOCALAPPDATA: 'R:\\' }, 'R:\\Packages\\Claude_pzs8sxrjxfjjc\\LocalCache\\Roaming\\Claude'],
    ['vscode', LINUX, { XDG_CONFIG_HOME: '/x' }, '/x/Code/User/mcp.json'],
    ['codex', MAC, { CODEX_HOME: '/x' }, '/x/config.toml'],
  ] as const)('of %s move with their variables: %o %o', (client, place, env, expected) => {
    const usual = filesOf(client, place);
    const moved = filesOf(client, { ...place, env }).filter((file) => !usual.includes(file));
    expect(moved).toContainEqual(expect.stringContaining(expected));
    // An empty variable says nothing.
    expect(filesOf(client, { ...place, env: Object.fromEntries(Object.keys(env).map((name) => [name, ''])) })).toEqual(
      usual,
    );
  });

  it('are each there once, also for whoever stands in the home folder', () => {
    const paths = clientFiles({ ...LINUX, cwd: LINUX.home }).map(({ path }) => path);
    expect(new Set(paths).size).toBe(paths.length);
    expect(paths).toContain('/home/ada/.cursor/mcp.json');
  });
});
