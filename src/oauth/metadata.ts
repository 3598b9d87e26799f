import type { OAuthContext } from './context.ts';
import { jsonReply } from './oauth-error.ts';
import type { OAuthReply } from './reply.ts';
import { SCOPES } from './scopes.ts';

export const PROTECTED_RESOURCE = '/.well-known/oauth-protected-resource';
/** Of RFC 8414, and of OpenID Connect Discovery, which some clients ask for instead. */
const SERVER_METADATA = ['/.well-known/oauth-authorization-server', '/.well-known/openid-configuration'];

export const ENDPOINTS = { authorize: '/authorize', token: '/token', register: '/register', revoke: '/revoke' };

/** Where the metadata of a resource is (RFC 9728, section 3.1). */
export function resourceMetadataUrl(issuer: string, path: string): string {
  return `${issuer}${PROTECTED_RESOURCE}${path === '/' ? '' : path}`;
}

/** What protected resources say of themselves, and where that is found. */
export interface ResourceMetadata {
  /** The public origin of the moment, without a slash at its end. */
  readonly origin: () => string;
  /** The paths of the MCP endpoints, of the moment; the first is the main one. */
  readonly resources: readonly string[];
  /** Who issues tokens for them. */
  readonly issuers: () => readonly string[];
  /** What may be asked for at a resource, given by its path. */
  scopesAt(resource: string): readonly string[];
}

/** Answers at a well-known path of RFC 9728; `undefined` at any other. */
export function resourceMetadata(
  path: string,
  { origin, resources, issuers, scopesAt }: ResourceMetadata,
): OAuthReply | undefined {
  const own = resources.find((each) => path === resourceMetadataUrl('', each));
  // Clients that do not name a resource mean the main one.
  const resource = own ?? (path === PROTECTED_RESOURCE ? resources[0] : undefined);
  if (resource === undefined) return undefined;
  return jsonReply(200, {
    resource: origin() + resource,
    authorization_servers: issuers(),
    scopes_supported: scopesAt(resource),
    bearer_methods_supported: ['header'],
    resource_name: 'mcp-bridge',
  });
}

/** Answers at a well-known path of the bridge's own authorization server; `undefined` at any other. */
export function serverMetadata(path: string, { issuer, resources }: OAuthContext): OAuthReply | undefined {
  // The issuer has no path, but clients that know only the resource's URL look around that.
  const isOurs = ['', ...resources].some((each) =>
    SERVER_METADATA.some((place) => path === place + each || path === each + place),
  );
  return isOurs ? jsonReply(200, authorizationServer(issuer())) : undefined;
}

/** RFC 8414, section 2. */
function authorizationServer(issuer: string) {
  return {
    issuer,
    authorization_endpoint: issuer + ENDPOINTS.authorize,
    token_endpoint: issuer + ENDPOINTS.token,
    registration_endpoint: issuer + ENDPOINTS.register,
    revocation_endpoint: issuer + ENDPOINTS.revoke,
    scopes_supported: SCOPES,
    response_types_supported: ['code'],
    response_modes_supported: ['query'],
    grant_types_supported: ['authorization_code', 'refresh_token'],
    code_challenge_methods_supported: ['S256'],
    token_endpoint_auth_methods_supported: ['none'],
    revocation_endpoint_auth_methods_supported: ['none'],
    authorization_response_iss_parameter_supported: true,
    client_id_metadata_document_supported: true,
  };
}
