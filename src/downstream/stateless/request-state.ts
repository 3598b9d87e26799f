import { createHash } from 'node:crypto';
import { canonical } from '../../protocol/canonical.ts';
import { INVALID_PARAMS, MessageError, type Request } from '../../protocol/message.ts';
import type { Principal } from '../../protocol/principal.ts';
import { RawJson } from '../../protocol/raw-json.ts';
import { Seal } from '../../protocol/seal.ts';

/** What a `requestState` of ours stands for: the one round that a call waits for here, or a server's own state. */
export type RequestState = { readonly call: string } | { readonly server: string };

/** What a state is good for, and until when. */
export interface Binding {
  /** Of the request, by {@link digestOf}. Not asked for unless the state was made here. */
  readonly digest: string;
  /** On whose behalf. */
  readonly principal: Principal;
}

/**
 * Seals what clients bring back with a retry (2026-07-28, basic/patterns/mrtr, "Server Requirements"): they cannot read more out of it than
 * it says, change it, use it for another request or for another principal, or keep it beyond its time.
 */
export class StateSeal {
  readonly #seal = new Seal();
  readonly #now: () => number;

  /** @param now milliseconds since 1970. */
  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** @param lifetime milliseconds. */
  seal(state: RequestState, { digest, principal }: Binding, lifetime: number): string {
    return this.#seal.seal({ ...state, digest, expires: this.#now() + lifetime }, holderOf(principal));
  }

  /** @throws MessageError -32602 when it is none of ours, or not for this request, or no longer. Another principal's is none of ours. */
  open(sealed: string, binding: Binding): RequestState {
    const payload = this.#seal.open<RequestState & Contents>(sealed, holderOf(binding.principal));
    if (!payload) throw refusal('was not made here');
    if (payload.digest !== binding.digest) throw refusal('belongs to another request');
    if (payload.expires < this.#now()) throw refusal('has expired');
    return payload;
  }
}

/** What else is sealed. */
interface Contents {
  readonly digest: string;
  /** Milliseconds since 1970. */
  readonly expires: number;
}

function holderOf({ id, readOnly }: Principal): string {
  return JSON.stringify([id, readOnly]);
}

/** Stands for a request as far as a retry has to repeat it: its method and params, without what a retry brings along. */
export function digestOf({ method, frame }: Request): string {
  const params = frame.raw('params') ?? RawJson.of({});
  const same = params.without('_meta', 'inputResponses', 'requestState').value;
  return createHash('sha256')
    .update(`${method}\n${canonical(same)}`)
    .digest('base64url');
}

function refusal(why: string): MessageError {
  return new MessageError(INVALID_PARAMS, `requestState ${why}; send the request again without it`);
}
