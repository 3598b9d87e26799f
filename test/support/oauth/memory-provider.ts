import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type {
  OAuthDiscoveryState,
  StoredOAuthClientInformation,
  StoredOAuthTokens,
} from '@modelcontextprotocol/client';
import type { Identity } from './connection.ts';
import { PUBLIC_CLIENT, REDIRECT_URI } from './endpoints.ts';
import { type GuardedBridge, letIn } from './owner.ts';

/** What both SDKs want of an `OAuthClientProvider`; their types differ, their words do not. */
export interface MemoryProvider {
  readonly redirectUrl: string;
  readonly clientMetadata: { redirect_uris: string[]; client_name: string } & typeof PUBLIC_CLIENT;
  readonly clientMetadataUrl?: string;
  state(): string;
  clientInformation(): StoredOAuthClientInformation | undefined;
  saveClientInformation(information: StoredOAuthClientInformation): void;
  tokens(): StoredOAuthTokens | undefined;
  saveTokens(tokens: StoredOAuthTokens): void;
  redirectToAuthorization(url: URL): Promise<void>;
  saveCodeVerifier(verifier: string): void;
  codeVerifier(): string;
  discoveryState(): OAuthDiscoveryState | undefined;
  saveDiscoveryState(discovery: OAuthDiscoveryState): void;
  invalidateCredentials(scope: 'all' | 'client' | 'tokens' | 'verifier' | 'discovery'): void;
  /** What its user was sent back with. */
  callback(): URLSearchParams;
}

/**
 * An SDK's memory of one server, with the owner in front of its browser.
 * @param document who it is; without one it registers, for which a window has to be open.
 */
export function createMemoryProvider(bridge: GuardedBridge, document?: Identity): MemoryProvider {
  const redirectUrl = document?.redirectUri ?? REDIRECT_URI;
  const state = randomUUID();
  const kept: {
    client?: StoredOAuthClientInformation;
    tokens?: StoredOAuthTokens;
    verifier?: string;
    discovery?: OAuthDiscoveryState;
  } = {};
  let callback = new URLSearchParams();
  return {
    redirectUrl,
    clientMetadata: { redirect_uris: [redirectUrl], client_name: 'An SDK', ...PUBLIC_CLIENT },
    ...(document && { clientMetadataUrl: document.clientId }),
    state: () => state,
    clientInformation: () => kept.client,
    saveClientInformation(information) {
      kept.client = information;
    },
    tokens: () => kept.tokens,
    saveTokens(tokens) {
      kept.tokens = tokens;
    },
    async redirectToAuthorization(url) {
      const browse = await letIn(bridge);
      callback = new URL(await browse(url.href)).searchParams;
      assert.equal(callback.get('state'), state);
    },
    saveCodeVerifier(verifier) {
      kept.verifier = verifier;
    },
    codeVerifier: () => kept.verifier ?? '',
    discoveryState: () => kept.discovery,
    saveDiscoveryState(discovery) {
      kept.discovery = discovery;
    },
    invalidateCredentials(scope) {
      for (const name of ['client', 'tokens', 'verifier', 'discovery'] as const)
        if (scope === name || scope === 'all') delete kept[name];
    },
    callback: () => callback,
  };
}
