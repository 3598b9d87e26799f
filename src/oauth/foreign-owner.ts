import type { ExternalIssuer } from '../config/settings.ts';
import type { Log } from '../log.ts';
import { createExternalVerifier } from './external.ts';
import { resourceMetadata, resourceMetadataUrl } from './metadata.ts';
import type { OAuthReply, OAuthRequest } from './reply.ts';
import { RESOURCE_SCOPES } from './scopes.ts';

export interface ForeignOwnerOptions {
  /** The public origin of the moment, without a slash at its end. */
  readonly origin: () => string;
  /** The paths of the MCP endpoints, of the moment; the first is the main one. */
  readonly resources: readonly string[];
  readonly external: ExternalIssuer;
  readonly log: Log;
}

/** Leaves it to somebody else's authorization server who may come in, and only says where that is. */
export function createForeignOwner({ origin, resources, external, log }: ForeignOwnerOptions) {
  const scopes = external.scopes.length > 0 ? external.scopes : RESOURCE_SCOPES;
  const about = { origin, resources, issuers: () => [external.issuer], scopesAt: () => scopes };
  return {
    verifier: createExternalVerifier({ ...external, log }),
    metadataUrl: (path: string) => resourceMetadataUrl(origin(), path),
    // What another issuer knows by our names is not known here.
    scopeAt: () => external.scopes.join(' '),
    pages: {
      serves: (path: string) => resourceMetadata(path, about) !== undefined,
      async handle({ method, path }: OAuthRequest): Promise<OAuthReply> {
        const reply = method === 'GET' ? resourceMetadata(path, about) : undefined;
        return reply ?? { status: 405, headers: { Allow: 'GET' }, body: '' };
      },
    },
  };
}
