import { WILDCARD } from '../config/catalog-kinds.ts';
import { BridgeError, messageOf } from '../errors.ts';

export type GlobCompiler = (glob: string, options: GlobOptions) => (name: string) => boolean;

export interface GlobOptions {
  /** What it is, as the error about one that cannot be read begins: `The deny glob`. */
  readonly what: string;
  /** Whether upper and lower case are the same. */
  readonly nocase: boolean;
}

/** Globs backtrack, and names come from servers: the specification wants at most 128 characters, so twice that is no tool. */
export const MAX_NAME_LENGTH = 256;

/** Whether a glob means one name and no other, and is that name. It is compiled without the glob library. The empty text is no name. */
export function isPlainName(glob: string): boolean {
  return glob !== '' && !WILDCARD.test(glob);
}

/**
 * Loads what compiles these globs (`*`, `?`, `[a-z]`, `[!a]`, `{a,b}`, `!(a|b)`). Names are no paths: `*` matches slashes and dots as well.
 * The compiler is for these alone, and throws a BridgeError `CONFIG` for a glob that cannot be read. What it returns backtracks: it is for
 * short names.
 */
export async function loadGlobCompiler(globs: readonly string[]): Promise<GlobCompiler> {
  const globPattern = globs.every(isPlainName) ? namePattern : await loadPatterns();
  return (glob, { what, nocase }) => {
    try {
      const toPattern = isPlainName(glob) ? namePattern : globPattern;
      // Line breaks are characters like any other.
      const pattern = toPattern(glob, nocase ? 'is' : 's');
      return (name) => pattern.test(asPlainName(name));
    } catch (error) {
      const message = `${what} ${JSON.stringify(glob)} cannot be read: ${messageOf(error)}. Correct it or take it out.`;
      throw new BridgeError('CONFIG', message, { cause: error });
    }
  };
}

type ToPattern = (glob: string, flags: string) => RegExp;

function namePattern(name: string, flags: string): RegExp {
  return new RegExp(`^${asPlainName(name).replaceAll(/[+^$]/g, '\\$&')}$`, flags);
}

/** Loaded on demand: most bridges have no glob, and a start should not wait for it. */
async function loadPatterns(): Promise<ToPattern> {
  const { default: picomatch } = await import('picomatch');
  return (glob, flags) =>
    picomatch.makeRe(asPlainGlob(glob), {
      // A leading `!` in an allow list would allow nearly everything; it is taken literally, and reported as matching nothing.
      nonegate: true,
      // These two turn what cannot be read into an error instead of a glob that never matches.
      strictBrackets: true,
      debug: true,
      // `[!a]` as in a shell.
      posix: true,
      keepQuotes: true,
      flags,
    });
}

const SLASH = '\ue000';
const DOT = '\ue001';

/** Takes slashes and dots away, and with them every rule that globs have for paths, hidden files and parent folders. */
function asPlainName(name: string): string {
  return name.replaceAll('/', SLASH).replaceAll('.', DOT);
}

/** The same for a glob, but for the dots of a range (`{1..3}`). Without slashes a run of stars means what one does. */
function asPlainGlob(glob: string): string {
  return glob
    .replaceAll('/', SLASH)
    .replaceAll(/(\{\w+\.\.\w+\})|\./g, (_, range?: string) => range ?? DOT)
    .replaceAll(/(?<!\\)\*{2,}(?!\()/g, '*');
}
