import { isLoopbackUrl } from '../config/loopback.ts';
import { openProgram, urlOf } from './program.ts';
import type { OpenTunnel, TunnelTarget } from './tunnel.ts';

export interface CommandSettings {
  readonly command: string;
  /** `{port}` and `{origin}` (`http://127.0.0.1:PORT`) in them are replaced. */
  readonly args: readonly string[];
}

/**
 * A tunnel that any program makes: the first public URL it prints is the tunnel's. In lines that are JSON objects, only `url` and
 * `public_url` count.
 */
export function openCommand({ command, args }: CommandSettings): OpenTunnel {
  return (surroundings) => {
    const { target } = surroundings;
    const fill = (arg: string) => arg.replaceAll('{port}', String(target.port)).replaceAll('{origin}', urlOf(target));
    return openProgram(
      {
        name: command,
        command,
        args: args.map(fill),
        unready: 'printed no https URL (where you know it, start the program yourself and say --public-url)',
        connect: (output) => output.find((line) => urlsIn(line).find((url) => isWayIn(url, target))?.origin),
      },
      surroundings,
    );
  };
}

function urlsIn(line: string): URL[] {
  const { url, public_url } = parseObject(line) ?? { url: line };
  const text = [url, public_url].filter((value) => typeof value === 'string').join(' ');
  const found = [...text.matchAll(URL_IN_TEXT)].map(([url]) => url.replace(END_OF_SENTENCE, ''));
  return found.filter((url) => URL.canParse(url)).map((url) => new URL(url));
}

/** `http` on loopback only: elsewhere it would show tokens to whoever is in between. Programs like to say what they forward to, too. */
function isWayIn(url: URL, target: TunnelTarget): boolean {
  return url.protocol === 'https:' || (isLoopbackUrl(url) && url.port !== String(target.port));
}

const URL_IN_TEXT = /https?:\/\/[^\s"'<>|,)\]}]+/g;
/** `https://name.example.` is the same name, but not the same Host. */
const END_OF_SENTENCE = /[.:;!?*`]+$/;

function parseObject(line: string): Record<string, unknown> | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    return JSON.parse(line);
  } catch {
    return undefined; // Text that happens to start like an object.
  }
}
