import { createHash } from 'node:crypto';
import type { OAuthContext } from './context.ts';
import type { Tokens } from './grants.ts';
import { jsonReply, OAuthError } from './oauth-error.ts';
import { Parameters } from './parameters.ts';
import type { OAuthReply, OAuthRequest } from './reply.ts';
import { asksToReadOnly, scopeOf } from './scopes.ts';
import { isSame } from './secret.ts';

/** `POST /token` (OAuth 2.1, section 3.2). */
export async function issueTokens(request: OAuthRequest, context: OAuthContext): Promise<OAuthReply> {
  checkNoClientSecret(request);
  const parameters = Parameters.ofForm(request);
  const kind = parameters.required('grant_type');
  if (kind === 'authorization_code') return tokenReply(await redeem(parameters, context));
  if (kind === 'refresh_token') return tokenReply(await refresh(parameters, context));
  throw new OAuthError('unsupported_grant_type', 'Served are authorization_code and refresh_token');
}

async function redeem(parameters: Parameters, context: OAuthContext): Promise<Tokens> {
  const { codes, grants, log } = context;
  const code = parameters.required('code');
  const clientId = readClientId(parameters, context);
  const redirectUri = parameters.optional('redirect_uri');
  const resource = parameters.optional('resource');
  const verifier = parameters.required('code_verifier');
  const grant = codes.take(code);
  if (!grant) {
    if (await grants.revokeCode(code)) log.warn('an authorization code came twice; its client is not linked any more');
    throw new OAuthError('invalid_grant', 'The code is not good, or not any more; start again');
  }
  if (grant.client.id !== clientId || (redirectUri ?? grant.redirectUri) !== grant.redirectUri)
    throw new OAuthError('invalid_grant', 'The code was issued to another client, or for another redirect_uri');
  if (resource !== undefined && resource !== grant.resource)
    throw new OAuthError('invalid_target', 'The code was issued for another resource');
  if (!isVerifier(verifier, grant.challenge))
    throw new OAuthError('invalid_grant', 'The code_verifier does not belong to the code_challenge');
  const tokens = await grants.create(grant, code);
  log.info(`${grant.client.name} is linked`);
  return tokens;
}

async function refresh(parameters: Parameters, context: OAuthContext): Promise<Tokens> {
  return context.grants.refresh({
    token: parameters.required('refresh_token'),
    clientId: readClientId(parameters, context),
    resource: parameters.optional('resource'),
    readOnly: asksToReadOnly(parameters.optional('scope')),
  });
}

/**
 * Whose registration is gone has to hear of that (RFC 6749, section 5.2): told `invalid_grant`, it would come back to be asked about
 * under an id that nobody knows, instead of registering again.
 */
function readClientId(parameters: Parameters, { clients }: OAuthContext): string {
  const id = parameters.required('client_id');
  if (clients.isForgotten(id))
    throw new OAuthError('invalid_client', 'This client is not registered here, or not any more; register again');
  return id;
}

/** RFC 7636, sections 4.1 and 4.6. */
function isVerifier(verifier: string, challenge: string): boolean {
  if (!/^[\w.~-]{43,128}$/.test(verifier)) return false;
  return isSame(createHash('sha256').update(verifier).digest('base64url'), challenge);
}

/** No client has a secret here. One that sends one takes us for somebody else. */
function checkNoClientSecret({ headers, body }: OAuthRequest): void {
  if (headers.authorization !== undefined || new URLSearchParams(body).has('client_secret'))
    throw new OAuthError('invalid_client', 'Clients have no secrets here: send client_id alone, among the parameters');
}

function tokenReply({ accessToken, refreshToken, expiresIn, readOnly }: Tokens): OAuthReply {
  return jsonReply(200, {
    access_token: accessToken,
    token_type: 'Bearer',
    expires_in: expiresIn,
    refresh_token: refreshToken,
    scope: scopeOf({ readOnly }),
  });
}
