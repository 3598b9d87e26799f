import { request } from 'node:http';
import { Readable } from 'node:stream';

type Fetch = typeof globalThis.fetch;

/** Plays the tunnel that makes `origin` known as `publicOrigin`: plain HTTP with the public name as its Host, which fetch would not send. */
export function tunnelFetch(publicOrigin: string, origin: string): Fetch {
  return (input, { method = 'GET', headers, body, signal } = {}) =>
    new Promise((resolve, reject) => {
      const url = origin + String(input).slice(publicOrigin.length);
      const forwarded = { host: new URL(publicOrigin).host, 'x-forwarded-proto': 'https' };
      const sent = { ...Object.fromEntries(new Headers(headers)), ...forwarded };
      const outgoing = request(url, { method, headers: sent, agent: false, ...(signal && { signal }) }, (response) => {
        const { statusCode: status = 0, headers: received } = response;
        const pairs = Object.entries(received).map(([name, value]): [string, string] => [name, String(value)]);
        resolve(new Response(bodyOf(response, status), { status, headers: pairs }));
      });
      outgoing.once('error', reject);
      outgoing.end(body ?? undefined);
    });
}

/** Answers of some kinds must have none. */
function bodyOf(response: Readable, status: number): ReadableStream | null {
  if (status !== 204 && status !== 304) return Readable.toWeb(response) as ReadableStream;
  response.resume();
  return null;
}
