import * as z from 'zod/mini';
import type { OAuthContext } from './context.ts';
import { jsonReply, OAuthError } from './oauth-error.ts';
import { displayName } from './pages/display-name.ts';
import { redirectProblem } from './redirect-uri.ts';
import type { OAuthReply, OAuthRequest } from './reply.ts';

/** What is taken of a client's words about itself (RFC 7591, section 2); the rest means nothing here. */
const METADATA = z.object({
  redirect_uris: z.array(z.string()).check(z.minLength(1), z.maxLength(10)),
  client_name: z.optional(z.string()),
});

/** `POST /register` (RFC 7591, section 3). */
export async function register(request: OAuthRequest, { clients, pairing, log }: OAuthContext): Promise<OAuthReply> {
  if (!pairing.isOpen)
    throw new OAuthError('access_denied', 'Pairing is closed. Run "mcp-bridge pair" on the computer, then try again');
  const { redirect_uris: redirectUris, client_name: given } = readMetadata(request.body);
  const problem = redirectUris.map(redirectProblem).find((each) => each !== undefined);
  if (problem !== undefined) throw new OAuthError('invalid_redirect_uri', problem);
  if (!pairing.register())
    throw new OAuthError('temporarily_unavailable', 'Too many clients have registered. Run "mcp-bridge pair" again');
  const client = await clients.register({ name: displayName(given ?? ''), redirectUris });
  log.debug('client registered', { client: client.id });
  return jsonReply(201, {
    client_id: client.id,
    client_id_issued_at: Math.floor(client.createdAt / 1000),
    client_name: client.name,
    redirect_uris: client.redirectUris,
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    token_endpoint_auth_method: 'none',
  });
}

function readMetadata(body: string): z.output<typeof METADATA> {
  const refused = (why: string) => new OAuthError('invalid_client_metadata', why);
  let data: unknown;
  try {
    data = JSON.parse(body);
  } catch {
    throw refused('The metadata is not JSON');
  }
  const result = z.safeParse(METADATA, data);
  if (result.success) return result.data;
  throw refused('redirect_uris has to be a list of one to ten texts, and client_name a text');
}
