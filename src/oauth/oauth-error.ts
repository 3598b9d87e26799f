import type { OAuthReply } from './reply.ts';

/** What is wrong with a request, in the words of RFC 6749 (sections 4.1.2.1 and 5.2), RFC 7591 (section 3.2.2) and RFC 8707 (section 2). */
export type OAuthErrorCode =
  | 'access_denied'
  | 'invalid_client'
  | 'invalid_client_metadata'
  | 'invalid_grant'
  | 'invalid_redirect_uri'
  | 'invalid_request'
  | 'invalid_target'
  | 'server_error'
  | 'temporarily_unavailable'
  | 'unsupported_grant_type'
  | 'unsupported_response_type';

/** A request that is refused. Its message is for strangers: it says what to do, and nothing they do not know. */
export class OAuthError extends Error {
  override readonly name = 'OAuthError';
  readonly code: OAuthErrorCode;
  readonly status: number;

  constructor(code: OAuthErrorCode, message: string, status = STATUSES[code] ?? 400) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

const STATUSES: Partial<Record<OAuthErrorCode, number>> = {
  access_denied: 403,
  invalid_client: 401,
  server_error: 500,
  temporarily_unavailable: 503,
};

export function errorReply({ code, message, status }: OAuthError): OAuthReply {
  return jsonReply(status, { error: code, error_description: message });
}

/** Nothing of it may be kept anywhere on the way (RFC 6749, section 5.1). */
export function jsonReply(status: number, body: object): OAuthReply {
  return {
    status,
    headers: { 'Content-Type': 'application/json', 'Cache-Control': 'no-store', Pragma: 'no-cache' },
    body: JSON.stringify(body),
  };
}
