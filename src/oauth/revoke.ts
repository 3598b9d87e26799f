import type { OAuthContext } from './context.ts';
import { Parameters } from './parameters.ts';
import type { OAuthReply, OAuthRequest } from './reply.ts';

/** `POST /revoke` (RFC 7009): whichever of its tokens a client gives back, it is not linked any more. */
export async function revoke(request: OAuthRequest, { grants, log }: OAuthContext): Promise<OAuthReply> {
  const parameters = Parameters.ofForm(request);
  const token = parameters.required('token');
  if (await grants.revoke(token, parameters.optional('client_id'))) log.info('a client has ended its link');
  // Unknown tokens as well (section 2.2).
  return { status: 200, headers: { 'Cache-Control': 'no-store' }, body: '' };
}
