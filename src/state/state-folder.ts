import { posix, win32 } from 'node:path';

export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
  /** The user's home folder. */
  readonly home: string;
}

/** Where the bridge keeps what outlives it, unless told: an absolute path, which need not exist. */
export function defaultStateFolder({ env, platform, home }: Surroundings): string {
  switch (platform) {
    case 'win32':
      return win32.join(env.LOCALAPPDATA || win32.join(home, 'AppData', 'Local'), NAME);
    case 'darwin':
      return posix.join(home, 'Library', 'Application Support', NAME);
    default:
      return posix.join(xdgStateHome(env.XDG_STATE_HOME) ?? posix.join(home, '.local', 'state'), NAME);
  }
}

const NAME = 'mcp-bridge';

/** A relative one is invalid and to be ignored: XDG Base Directory Specification 0.8. */
function xdgStateHome(folder = ''): string | undefined {
  return posix.isAbsolute(folder) ? folder : undefined;
}
