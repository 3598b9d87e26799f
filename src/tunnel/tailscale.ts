import { BridgeError } from '../errors.ts';
import { openProgram, readProgram, urlOf } from './program.ts';
import type { OpenTunnel, TunnelSurroundings } from './tunnel.ts';

export interface TailscaleSettings {
  /** Of the machine's public name. Funnel has these three. */
  readonly port: 443 | 8443 | 10000;
}

/** A tunnel of Tailscale Funnel. In the foreground: tailscaled takes it back when the program is gone, however it went. */
export function openTailscale({ port }: TailscaleSettings): OpenTunnel {
  return async (surroundings) => {
    const origin = new URL(`https://${await findName(surroundings)}:${port}`).origin;
    return openProgram(
      {
        ...TAILSCALE,
        args: ['funnel', `--https=${port}`, urlOf(surroundings.target)],
        connect: (output) => output.find((line) => (isUp(line) ? origin : undefined)),
      },
      surroundings,
    );
  };
}

const TAILSCALE = {
  name: 'tailscale',
  command: 'tailscale',
  remedy:
    'Install Tailscale (https://tailscale.com/download); on a Mac, its settings have a switch for the command line.',
  explain,
};

/** What is used of `tailscale status --json`. */
interface Status {
  readonly BackendState?: string;
  readonly Self?: { readonly DNSName?: string };
}

/** The machine's name in its tailnet, which is its name on the internet too. */
async function findName(surroundings: TunnelSurroundings): Promise<string> {
  const status = parseStatus(
    await readProgram({ ...TAILSCALE, args: ['status', '--json', '--peers=false'] }, surroundings),
  );
  if (status.BackendState !== 'Running')
    throw new BridgeError('TUNNEL', `tailscale is not connected (${status.BackendState}). Log in: tailscale up`);
  const name = status.Self?.DNSName?.replace(/\.$/, '');
  if (!name)
    throw new BridgeError(
      'TUNNEL',
      'tailscale: this machine has no name. Turn on MagicDNS: https://login.tailscale.com/admin/dns',
    );
  return name;
}

function parseStatus(text: string): Status {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new BridgeError(
      'TUNNEL',
      'tailscale: its status cannot be read. Is it 1.52 or newer? See: tailscale version',
      { cause },
    );
  }
}

/** Throws when it waits for the owner instead. */
function isUp(line: string): boolean {
  const [page] = ENABLE.exec(line) ?? [];
  if (page !== undefined)
    throw new BridgeError('TUNNEL', `tailscale: Funnel is not enabled for this machine. Enable it: ${page}`);
  return line.startsWith('Available on the internet');
}

const ENABLE = /https:\/\/login\.tailscale\.com\/f\/\S+/;

function explain(words: string): string | undefined {
  if (/failed to connect to local [Tt]ailscale/.test(words))
    return 'its service does not run. Start it: sudo systemctl start tailscaled';
  if (/denied/.test(words))
    return 'it lets only root do this. Allow it to yourself: sudo tailscale set --operator=$USER';
  if (/listener already exists|already in use/.test(words))
    return 'something else is on that port of Funnel. See what: tailscale funnel status; or take another: 8443, 10000';
  return undefined;
}
