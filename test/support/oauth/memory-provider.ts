import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { PUBLIC_CLIENT, REDIRECT_URI } from './endpoints.ts';
import type { Browse } from './owner.ts';

/** What both SDKs want of an `OAuthClientProvider`; their types differ, their words do not. */
export interface MemoryProvider<Information, Tokens> {
  readonly redirectUrl: string;
  readonly clientMetadata: { redirect_uris: string[]; client_name: string } & typeof PUBLIC_CLIENT;
  readonly clientMetadataUrl?: string;
  state(): string;
  clientInformation(): Information | undefined;
  saveClientInformation(information: Information): void;
  tokens(): Tokens | undefined;
  saveTokens(tokens: Tokens): void;
  redirectToAuthorization(url: URL): Promise<void>;
  saveCodeVerifier(verifier: string): void;
  codeVerifier(): string;
  /** Where the user was sent back to. */
  callback(): URLSearchParams;
  /** What was saved so far, the newest last. */
  readonly saved: readonly Tokens[];
}

export interface MemoryProviderOptions {
  /** A `client_id` that is the URL of a document, and the redirect URI in it. Default: it registers. */
  readonly document?: { readonly clientId: string; readonly redirectUri: string };
}

/** An SDK's memory of one server, with the owner in front of its browser. */
export function createMemoryProvider<Information, Tokens>(
  browse: Browse,
  { document }: MemoryProviderOptions = {},
): MemoryProvider<Information, Tokens> {
  const redirectUrl = document?.redirectUri ?? REDIRECT_URI;
  const state = randomUUID();
  const saved: Tokens[] = [];
  let information: Information | undefined;
  let verifier = '';
  let callback = new URLSearchParams();
  return {
    redirectUrl,
    clientMetadata: { redirect_uris: [redirectUrl], client_name: 'An SDK', ...PUBLIC_CLIENT },
    ...(document && { clientMetadataUrl: document.clientId }),
    state: () => state,
    clientInformation: () => information,
    saveClientInformation(registered) {
      information = registered;
    },
    tokens: () => saved.at(-1),
    saveTokens: (tokens) => void saved.push(tokens),
    async redirectToAuthorization(url) {
      callback = new URL(await browse(url.href)).searchParams;
      assert.equal(callback.get('state'), state);
    },
    saveCodeVerifier(secret) {
      verifier = secret;
    },
    codeVerifier: () => verifier,
    callback: () => callback,
    saved,
  };
}
