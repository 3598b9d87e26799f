import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Bridge, type BridgeOptions, CLI, startBridge } from '../bridge.ts';
import { rawRequest } from '../http.ts';
import {
  authorizePage,
  authorizeUrl,
  type Decision,
  pkce,
  REDIRECT_URI,
  redeem,
  redirectOf,
  register,
  type Site,
  submit,
  type Tokens,
  tokensOf,
} from './endpoints.ts';
import { throughTunnel } from './tunnel.ts';

export interface GuardedOptions extends BridgeOptions {
  /** The origin of a tunnel in front of the bridge. Default none: clients use the bridge's own address. */
  readonly publicUrl?: string;
  /** Kept when the bridge has ended. Default a new one that is not. */
  readonly stateFolder?: string;
}

/** A bridge that only its owner's clients may use. */
export interface GuardedBridge extends Bridge, Site {
  /** The URL of the merged catalog, as clients know it. */
  readonly resource: string;
  readonly stateFolder: string;
  /** Runs `mcp-bridge pair`: opens a window, and resolves with its code. */
  pair(): Promise<string>;
  /** Runs another command of the owner's on the same state, and resolves with what it printed. Rejects when it fails. */
  command(...args: string[]): Promise<string>;
}

/** Starts a bridge with `--auth oauth`. */
export async function startGuardedBridge(
  args: readonly string[],
  { publicUrl, stateFolder: kept, ...options }: GuardedOptions = {},
): Promise<GuardedBridge> {
  const stateFolder = kept ?? (await mkdtemp(join(tmpdir(), 'mcp-bridge-state-')));
  const remove = async (): Promise<void> => {
    if (kept === undefined) await rm(stateFolder, { recursive: true, force: true });
  };
  const flags = ['--auth', 'oauth', '--state-folder', stateFolder, ...(publicUrl ? ['--public-url', publicUrl] : [])];
  const bridge = await startBridge([...flags, ...args], options).catch(async (error: unknown) => {
    await remove();
    throw error;
  });
  const issuer = publicUrl ?? bridge.origin;
  const command: GuardedBridge['command'] = (...words) => runCommand(...words, '--state-folder', stateFolder);
  return {
    ...bridge,
    issuer,
    resource: `${issuer}/mcp`,
    stateFolder,
    send: publicUrl === undefined ? rawRequest : throughTunnel(publicUrl, bridge.origin),
    pair: async () => JSON.parse(await command('pair')).code,
    command,
    [Symbol.asyncDispose]: async () => {
      await bridge.stop();
      await remove();
    },
  };
}

async function runCommand(...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [CLI, ...args]);
  return stdout;
}

/** A browser with somebody in front of it: gets the URL that a client opens, resolves with the one it is sent back to. */
export type Browse = (authorizeUrl: string) => Promise<string>;

/** Opens a window, and plays the owner who types its code and allows whoever asks next. */
export async function letIn(bridge: GuardedBridge, choice: Pick<Decision, 'access'> = {}): Promise<Browse> {
  const code = await bridge.pair();
  return async (url) => {
    const page = await authorizePage(bridge, url);
    return redirectOf(await submit(bridge, page, { ...choice, code })).href;
  };
}

export interface LinkOptions {
  readonly bridge: GuardedBridge;
  /** Default one that is registered for this. */
  readonly clientId?: string;
  /** Default {@link REDIRECT_URI}. */
  readonly redirectUri?: string;
  /** Default the merged catalog. */
  readonly resource?: string;
  /** What the client asks for. Default `mcp`. */
  readonly scope?: string;
  /** What the owner chooses. Default what the page has selected. */
  readonly access?: 'all' | 'read';
}

export interface Link {
  readonly clientId: string;
  readonly redirectUri: string;
  readonly resource: string;
  readonly tokens: Tokens;
}

/** Links a client, step by step and without any client's own checks. */
export async function linkByHand(options: LinkOptions): Promise<Link> {
  const { bridge, redirectUri = REDIRECT_URI, resource = bridge.resource, scope = 'mcp', access } = options;
  const browse = await letIn(bridge, access && { access });
  const clientId = options.clientId ?? (await registerAt(bridge, redirectUri));
  const { verifier, challenge } = pkce();
  const asked = { client_id: clientId, redirect_uri: redirectUri, resource };
  const url = authorizeUrl(bridge, { ...asked, scope, state: 'by hand', code_challenge: challenge });
  const code = new URL(await browse(url)).searchParams.get('code') ?? undefined;
  const tokens = tokensOf(await redeem(bridge, { ...asked, code, code_verifier: verifier }));
  return { clientId, redirectUri, resource, tokens };
}

async function registerAt(bridge: GuardedBridge, redirectUri: string): Promise<string> {
  const { status, text } = await register(bridge, { redirect_uris: [redirectUri] });
  if (status !== 201) throw new Error(`The client was not registered (${status}): ${text}`);
  return JSON.parse(text).client_id;
}
