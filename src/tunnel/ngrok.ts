import { BridgeError, messageOf } from '../errors.ts';
import { inTime } from './in-time.ts';
import { loadPackage } from './optional-package.ts';
import { bracket } from './program.ts';
import type { OpenTunnel } from './tunnel.ts';

export interface NgrokSettings {
  /** The account's authtoken. */
  readonly token: string;
  /** A domain of the account's. Default: the one it has for free. */
  readonly domain?: string;
}

/** What is used of the package. */
interface Ngrok {
  forward(options: { addr: string; authtoken: string; domain?: string }): Promise<Listener>;
}

interface Listener {
  url(): string | null;
  close(): Promise<void>;
}

/** A tunnel of ngrok, whose package brings its own program. It connects again by itself. */
export function openNgrok({ token, domain }: NgrokSettings): OpenTunnel {
  return async ({ target: { host, port }, signal }) => {
    const { forward } = (await loadPackage('@ngrok/ngrok')) as unknown as Ngrok;
    const addr = `${bracket(host)}:${port}`;
    const opening = forward({ addr, authtoken: token, ...(domain !== undefined && { domain }) });
    const listener = await inTime(opening, signal, (late) => late.close()).catch((error) => {
      throw new BridgeError('TUNNEL', explain(messageOf(error)), { cause: error });
    });
    let settle = (_: string) => {};
    const closed = new Promise<string>((resolve) => {
      settle = resolve;
    });
    return {
      origin: new URL(listener.url() ?? '').origin,
      closed,
      async close() {
        await listener.close();
        settle('it was closed');
      },
    };
  };
}

/** Its errors have codes, and a page for each. */
function explain(message: string): string {
  const [code] = /ERR_NGROK_\d+/.exec(message) ?? [];
  const [line = ''] = message.split('\n');
  return code === undefined ? `ngrok: ${line}` : `ngrok: ${line} (https://ngrok.com/docs/errors/${code.toLowerCase()})`;
}
