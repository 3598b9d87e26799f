import type { TunnelSettings } from '../config/settings.ts';
import type { OpenTunnel } from './tunnel.ts';

/** What some providers need besides their settings. */
export interface ProviderNeeds {
  /** The state folder. */
  readonly folder: string;
  /** The path of the bridge's Streamable HTTP endpoint, and what that wants to see as bearer token. */
  readonly path: string;
  readonly endpointToken: string;
  /** Who can be asked whether to download a program. */
  readonly owner: { ask(question: string): Promise<boolean>; tellProgress(text: string): void };
}

/** What opens the tunnel that was asked for. Only its own code is loaded. */
export async function openerOf(settings: TunnelSettings, needs: ProviderNeeds): Promise<OpenTunnel> {
  switch (settings.provider) {
    case 'cloudflared':
      return (await import('./cloudflared.ts')).openCloudflared({ ...settings, ...askingOf(needs) });
    case 'ngrok':
      return (await import('./ngrok.ts')).openNgrok(settings);
    case 'ssh':
      return (await import('./ssh.ts')).openSsh(settings);
    case 'pipenet':
      return (await import('./pipenet.ts')).openPipenet(settings);
    case 'tailscale':
      return (await import('./tailscale.ts')).openTailscale(settings);
    case 'command':
      return (await import('./command.ts')).openCommand(settings);
    case 'openai':
      return (await import('./openai.ts')).openOpenAi({ ...settings, ...needs });
  }
}

function askingOf({ folder, owner }: ProviderNeeds) {
  const onProgress = (received: number, total?: number) =>
    owner.tellProgress(`downloading cloudflared  ${progressBar(received, total)}`);
  return { folder, ask: (question: string) => owner.ask(question), onProgress };
}

/** How much of something has come, in bytes; the whole is not always known. */
function progressBar(received: number, total: number | undefined): string {
  const [done, all] = [received, total].map((bytes) => bytes && (bytes / 1_000_000).toFixed(1));
  if (!total) return `${done} MB`;
  const filled = Math.round((received / total) * BAR_WIDTH);
  return `${'━'.repeat(filled)}${'─'.repeat(BAR_WIDTH - filled)}  ${done} of ${all} MB`;
}

const BAR_WIDTH = 24;
