import { OAuthError } from './oauth-error.ts';
import type { OAuthRequest } from './reply.ts';

/** Reads parameters of which none may come twice (RFC 6749, section 3.1). An empty one is as good as none. */
export class Parameters {
  readonly #values: URLSearchParams;

  constructor(values: URLSearchParams) {
    this.#values = values;
  }

  /** The fields of a form. @throws OAuthError when the body is none. */
  static ofForm({ headers, body }: OAuthRequest): Parameters {
    const [type] = String(headers['content-type'] ?? '').split(';', 1);
    if (type?.trim().toLowerCase() !== 'application/x-www-form-urlencoded')
      throw new OAuthError('invalid_request', 'Send the parameters as application/x-www-form-urlencoded');
    return new Parameters(new URLSearchParams(body));
  }

  /** @throws OAuthError when it comes more than once. */
  optional(name: string): string | undefined {
    const values = this.#values.getAll(name);
    if (values.length > 1) throw new OAuthError('invalid_request', `The parameter ${name} comes more than once`);
    return values[0] || undefined;
  }

  /** @throws OAuthError when it is missing or comes more than once. */
  required(name: string): string {
    const value = this.optional(name);
    if (value === undefined) throw new OAuthError('invalid_request', `The parameter ${name} is missing`);
    return value;
  }
}
