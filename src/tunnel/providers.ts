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
  const onProgress = (received: number, total = 0) =>
    owner.tellProgress(
      `downloading cloudflared: ${megabytes(received)}${total > 0 ? ` of ${megabytes(total)}` : ''} MB`,
    );
  return { folder, ask: (question: string) => owner.ask(question), onProgress };
}

function megabytes(bytes: number): string {
  return (bytes / 1_000_000).toFixed(1);
}
