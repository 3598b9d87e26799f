import { posix, win32 } from 'node:path';
import type { ImportClient } from '../../config/subcommands.ts';
import type { Surroundings } from '../../state/state-folder.ts';

/** Where somebody stands who looks for the files of clients. */
export interface Place extends Surroundings {
  /** The project: absolute. */
  readonly cwd: string;
}

/** A file in which a client keeps its servers. */
export interface ClientFile {
  readonly client: ImportClient;
  /** Which program it is, more exactly. */
  readonly title: string;
  /** Absolute. A segment `*` stands for any folder. */
  readonly path: string;
  /** Where in it servers are: keys, from the outermost on. */
  readonly sections: readonly (readonly string[])[];
}

/**
 * The files of all clients, as their documentation names them; of each client, those of the project first. Where it says nothing
 * of Linux, `XDG_CONFIG_HOME` counts, as it does for Electron.
 */
export function clientFiles(place: Place): ClientFile[] {
  const { platform, env, home, cwd } = place;
  const { join } = platform === 'win32' ? win32 : posix;
  const settings = settingsFolder(place);
  const file = (client: ImportClient, title: string, folder: string, name: string, ...sections: string[][]) => {
    return { client, title, path: join(folder, name), sections };
  };
  const vscode = (title: string, folder: string) => [
    file('vscode', title, folder, 'mcp.json', ['servers']),
    // Before there was a file for them, servers were settings.
    file('vscode', title, folder, 'settings.json', ['mcp', 'servers']),
  ];
  const claudeCode = [...projectNames(place).map((name) => ['projects', name, 'mcpServers']), ['mcpServers']];
  const devin = join(platform === 'win32' ? settings : join(home, '.config'), 'devin');
  const files: ClientFile[] = [
    file('claude', 'Claude Code', env.CLAUDE_CONFIG_DIR || home, '.claude.json', ...claudeCode),
    file('claude', 'Claude Code', cwd, '.mcp.json', ['mcpServers']),
    ...claudeFolders(place).map((folder) => {
      return file('claude', 'Claude Desktop', folder, 'claude_desktop_config.json', ['mcpServers']);
    }),
    file('cursor', 'Cursor', join(cwd, '.cursor'), 'mcp.json', ['mcpServers']),
    file('cursor', 'Cursor', join(home, '.cursor'), 'mcp.json', ['mcpServers']),
    ...vscode('VS Code', join(cwd, '.vscode')),
    ...['Code', 'Code - Insiders'].flatMap((product) => {
      const title = product.replace('Code', 'VS Code').replace(' - ', ' ');
      const user = join(settings, product, 'User');
      return [...vscode(title, user), ...vscode(title, join(user, 'profiles', '*'))];
    }),
    file('codex', 'Codex', join(cwd, '.codex'), 'config.toml', ['mcp_servers']),
    file('codex', 'Codex', env.CODEX_HOME || join(home, '.codex'), 'config.toml', ['mcp_servers']),
    // Windsurf's name since June 2026.
    file('windsurf', 'Devin Desktop', join(cwd, '.devin'), 'mcp_config.json', ['mcpServers']),
    file('windsurf', 'Devin Desktop', devin, 'mcp_config.json', ['mcpServers']),
    file('windsurf', 'Windsurf', join(home, '.codeium', 'windsurf'), 'mcp_config.json', ['mcpServers']),
  ];
  // In the home folder, the project's file and the user's are the same.
  return files.filter(({ path }, index) => files.findIndex((each) => each.path === path) === index);
}

/** The segment `*` of a path. */
export const ANY_FOLDER = /(?<=[\\/])\*(?=[\\/])/;

/** Where programs keep the settings of a user. */
function settingsFolder({ platform, env, home }: Place): string {
  switch (platform) {
    case 'win32':
      return env.APPDATA || win32.join(home, 'AppData', 'Roaming');
    case 'darwin':
      return posix.join(home, 'Library', 'Application Support');
    default:
      return env.XDG_CONFIG_HOME || posix.join(home, '.config');
  }
}

/** On Windows, Claude Desktop is packaged, and then its folder is not where it believes it to be. */
function claudeFolders(place: Place): string[] {
  const { platform, env, home } = place;
  if (platform !== 'win32') return [posix.join(settingsFolder(place), 'Claude')];
  const local = env.LOCALAPPDATA || win32.join(home, 'AppData', 'Local');
  const packaged = win32.join(local, 'Packages', 'Claude_pzs8sxrjxfjjc', 'LocalCache', 'Roaming');
  return [packaged, settingsFolder(place)].map((folder) => win32.join(folder, 'Claude'));
}

/** How Claude Code names the project; on Windows with the one slash or the other, depending on its age. */
function projectNames({ platform, cwd }: Place): string[] {
  return platform === 'win32' ? [cwd.replaceAll('\\', '/'), cwd] : [cwd];
}
