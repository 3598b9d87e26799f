import { askForConsent, takeConsent } from './authorize.ts';
import type { OAuthContext } from './context.ts';
import { ENDPOINTS, resourceMetadata, serverMetadata } from './metadata.ts';
import { errorReply, OAuthError } from './oauth-error.ts';
import { noticePage } from './pages/notice-page.ts';
import { register } from './register.ts';
import type { OAuthReply, OAuthRequest } from './reply.ts';
import { revoke } from './revoke.ts';
import { RESOURCE_SCOPES, SCOPE_READ } from './scopes.ts';
import { issueTokens } from './token.ts';

type Handler = (request: OAuthRequest, context: OAuthContext) => Promise<OAuthReply>;

/** The bridge's own authorization server, for one owner (OAuth 2.1; MCP, basic/authorization). Its endpoints are files of their own. */
export class AuthorizationServer {
  readonly #context: OAuthContext;
  readonly #handlers: Readonly<Record<string, Readonly<Record<string, Handler>>>> = {
    [ENDPOINTS.authorize]: { GET: withPages(askForConsent), POST: withPages(takeConsent) },
    [ENDPOINTS.token]: { POST: issueTokens },
    [ENDPOINTS.register]: { POST: register },
    [ENDPOINTS.revoke]: { POST: revoke },
  };

  constructor(context: OAuthContext) {
    this.#context = context;
  }

  /** Whether it is the one to answer at a path. */
  serves(path: string): boolean {
    return Object.hasOwn(this.#handlers, path) || this.#metadata(path) !== undefined;
  }

  /** Answers a request at one of its paths. Never rejects with what a stranger has done wrong. */
  async handle(request: OAuthRequest): Promise<OAuthReply> {
    const { method, path } = request;
    const handlers = Object.hasOwn(this.#handlers, path) ? this.#handlers[path] : undefined;
    const allowed = handlers ? Object.keys(handlers) : ['GET'];
    if (!allowed.includes(method))
      return { status: 405, headers: { Allow: allowed.join(', '), 'Cache-Control': 'no-store' }, body: '' };
    const handler = handlers?.[method];
    if (!handler) return this.#metadata(path) ?? { status: 404, headers: {}, body: '' };
    try {
      return await handler(request, this.#context);
    } catch (error) {
      if (error instanceof OAuthError) return errorReply(error);
      throw error;
    }
  }

  #metadata(path: string): OAuthReply | undefined {
    const { issuer, resources, isReadOnly } = this.#context;
    const scopesAt = (resource: string) => (isReadOnly(resource) ? [SCOPE_READ] : RESOURCE_SCOPES);
    const about = { origin: issuer, resources, issuers: () => [issuer()], scopesAt };
    return resourceMetadata(path, about) ?? serverMetadata(path, this.#context);
  }
}

/** People read pages, not JSON. */
function withPages(handler: Handler): Handler {
  return async (request, context) => {
    try {
      return await handler(request, context);
    } catch (error) {
      if (!(error instanceof OAuthError)) throw error;
      return noticePage({ title: 'This cannot be done', lines: [`${error.message}.`] }, error.status);
    }
  };
}
