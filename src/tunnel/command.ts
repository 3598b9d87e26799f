import { openProgram, urlOf } from './program.ts';
import type { OpenTunnel } from './tunnel.ts';

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
    // Programs like to say what they forward to; that is not where the tunnel comes out.
    const connect = (line: string) => {
      const origin = readOrigin(line);
      return origin === urlOf(target) ? undefined : origin;
    };
    return openProgram(
      { name: command, command, args: args.map(fill), connect: (output) => output.find(connect) },
      surroundings,
    );
  };
}

function readOrigin(line: string): string | undefined {
  const fields = parseObject(line);
  if (fields === undefined) return originsIn(line)[0];
  return [fields.url, fields.public_url].flatMap((value) => (typeof value === 'string' ? originsIn(value) : []))[0];
}

function originsIn(text: string): string[] {
  return [...text.matchAll(URL_IN_TEXT)].flatMap(([url]) => originOf(url) ?? []);
}

/** `http` counts on loopback only: anywhere else it would show tokens to whoever is in between. */
function originOf(text: string): string | undefined {
  const { protocol, hostname, origin } = URL.canParse(text) ? new URL(text) : {};
  return protocol === 'https:' || (hostname !== undefined && LOOPBACK.test(hostname)) ? origin : undefined;
}

const URL_IN_TEXT = /https?:\/\/[^\s"'<>|,)\]}]+/g;
const LOOPBACK = /^(?:localhost|127(?:\.\d+){3})$/;

function parseObject(line: string): Record<string, unknown> | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    return JSON.parse(line);
  } catch {
    return undefined; // Text that happens to start like an object.
  }
}
