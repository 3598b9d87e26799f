import { type Body, type Headers, type RawAnswer, rawRequest } from '../http.ts';

/** Sends a request to a URL as the client knows it, and waits for the end of the answer. */
export type Send = (method: string, url: string, headers?: Headers, body?: Body) => Promise<RawAnswer>;

/** Plays the tunnel that makes `origin` known as `publicOrigin`: the bridge gets plain HTTP, and the public name as its Host. */
export function throughTunnel(publicOrigin: string, origin: string): Send {
  const forwarded = {
    host: new URL(publicOrigin).host,
    'x-forwarded-for': '203.0.113.7',
    'x-forwarded-proto': 'https',
  };
  return async (method, url, headers, body) => {
    if (new URL(url).origin !== publicOrigin) throw new Error(`${url} does not lead to ${publicOrigin}.`);
    return rawRequest(method, origin + url.slice(publicOrigin.length), { ...headers, ...forwarded }, body);
  };
}
