/** Somebody who may be linked: ChatGPT, Claude, an IDE. All are public clients (OAuth 2.1, section 2.1). */
export interface OAuthClient {
  /** The `client_id`: an URL for those that are described by a document, else made here. */
  readonly id: string;
  /** What people are shown. */
  readonly name: string;
  readonly redirectUris: readonly string[];
  /** Whether the name is vouched for: by the table of known clients, or by the origin of its document. */
  readonly isKnown: boolean;
}
