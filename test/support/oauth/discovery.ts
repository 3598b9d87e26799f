import type { RawAnswer } from '../http.ts';
import type { Send } from './tunnel.ts';

/** The parameters of `WWW-Authenticate: Bearer` (RFC 6750, section 3; RFC 9728, section 5.1). */
export interface Challenge {
  readonly resource_metadata: string;
  readonly scope?: string;
  readonly error?: string;
  readonly error_description?: string;
}

/** RFC 9728, section 2. */
export interface ResourceMetadata {
  readonly resource: string;
  readonly authorization_servers: readonly string[];
  readonly scopes_supported?: readonly string[];
}

/** RFC 8414, section 2. */
export interface ServerMetadata {
  readonly issuer: string;
  readonly authorization_endpoint: string;
  readonly token_endpoint: string;
  readonly registration_endpoint?: string;
  readonly revocation_endpoint?: string;
  readonly scopes_supported?: readonly string[];
  readonly response_types_supported: readonly string[];
  readonly code_challenge_methods_supported?: readonly string[];
  readonly token_endpoint_auth_methods_supported?: readonly string[];
  readonly client_id_metadata_document_supported?: boolean;
  readonly authorization_response_iss_parameter_supported?: boolean;
}

/** @throws Error when the answer is no challenge that leads to metadata. */
export function readChallenge({ status, headers, text }: RawAnswer): Challenge {
  const header = headers['www-authenticate'] ?? '';
  const [, parameters] = /^Bearer (.+)$/.exec(header) ?? [];
  if (status !== 401 || parameters === undefined) throw new Error(`No challenge (${status}, "${header}"): ${text}`);
  const pairs = [...parameters.matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [name, value]);
  const challenge = Object.fromEntries(pairs) as Partial<Challenge>;
  const { resource_metadata } = challenge;
  if (resource_metadata === undefined || !URL.canParse(resource_metadata))
    throw new Error(`The challenge names no absolute URL of metadata: ${header}`);
  return { ...challenge, resource_metadata };
}

/** @throws Error when the answer is not a JSON object with status 200. */
export async function getJson<T extends object>(send: Send, url: string): Promise<T> {
  const { status, headers, text } = await send('GET', url, { accept: 'application/json' });
  if (status !== 200 || !headers['content-type']?.startsWith('application/json'))
    throw new Error(`No JSON at ${url} (${status}): ${text}`);
  return JSON.parse(text);
}
