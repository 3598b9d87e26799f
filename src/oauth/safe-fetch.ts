import { lookup } from 'node:dns/promises';
import { request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { isPublicAddress } from './public-address.ts';

/** Resolves with what a JSON document holds. Rejects with an Error that says, for the owner, why there is none. */
export type FetchJson = (url: string) => Promise<unknown>;

export interface SafeFetchOptions {
  /** Milliseconds for all of it, from the name's look-up to the last byte. Default 3 s: a person waits. */
  readonly timeout?: number;
  /** Finds all addresses of a name. Default: as the system does. */
  readonly resolve?: (name: string) => Promise<readonly Address[]>;
  /** Which addresses are connected to. Default: those of the public internet. */
  readonly isAllowed?: (address: string) => boolean;
  /** The one origin that is exempt from the rules for URLs. For tests, which have neither a certificate nor a public address. */
  readonly exemptOrigin?: string;
}

export interface Address {
  readonly address: string;
  readonly family: number;
}

/**
 * Creates what fetches JSON documents from URLs that strangers name. It is not to be turned against the owner's network or
 * anybody else's: https on its usual port, public addresses only, which are checked as the connection is made; no redirects, no
 * proxy, no credentials, 16 KiB at most (draft-ietf-oauth-client-id-metadata-document-00, section 6).
 */
export function createSafeFetch({
  timeout = 3000,
  resolve = resolveAll,
  isAllowed = isPublicAddress,
  exemptOrigin,
}: SafeFetchOptions = {}): FetchJson {
  const checked = checkedLookup(resolve, isAllowed);
  return async (text) => {
    const url = new URL(text);
    if (url.origin !== exemptOrigin) checkUrl(url, isAllowed);
    const signal = AbortSignal.timeout(timeout);
    try {
      return await readJson(await answerTo(url, { signal, lookup: checked }));
    } catch (error) {
      if (signal.aborted) throw new Error(`${url.host} took longer than ${timeout} ms`, { cause: error });
      throw error;
    }
  };
}

/** Bytes. Real documents have about 1 KiB. */
const LARGEST = 16 * 1024;

const HEADERS = { Accept: 'application/json', 'Accept-Encoding': 'identity', 'User-Agent': 'mcp-bridge' };

function checkUrl(
  { protocol, port, username, password, hostname }: URL,
  isAllowed: (address: string) => boolean,
): void {
  if (protocol !== 'https:') throw new Error('only https URLs are fetched');
  // On other ports there are services that nobody outside is meant to reach through this machine.
  if (port !== '') throw new Error('only the usual port of https is fetched from');
  if (username !== '' || password !== '') throw new Error('URLs with a user name or password are not fetched');
  // An address is not looked up, so the look-up cannot refuse it.
  const address = hostname.replace(/^\[|\]$/g, '');
  if (isIP(address) !== 0 && !isAllowed(address)) throw new Error(`${hostname} is not on the public internet`);
}

/** Node connects to what this hands on and looks nothing up again, so no name leads elsewhere after the check (DNS rebinding). */
function checkedLookup(
  resolve: Required<SafeFetchOptions>['resolve'],
  isAllowed: (address: string) => boolean,
): LookupFunction {
  return (name, { all }, callback) => {
    resolve(name).then(
      (found) => {
        const addresses = found.filter(({ address }) => isAllowed(address));
        const [first] = addresses;
        if (!first) callback(new Error('it has no address on the public internet'), '');
        else if (all) callback(null, addresses);
        else callback(null, first.address, first.family);
      },
      (error) => callback(error, ''),
    );
  };
}

function resolveAll(name: string): Promise<Address[]> {
  return lookup(name, { all: true });
}

function answerTo(url: URL, options: RequestOptions): Promise<IncomingMessage> {
  const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    // An agent of its own: one that keeps no connections and was told of no proxy.
    const request = send(url, { ...options, agent: false, headers: HEADERS });
    request.once('response', resolve);
    request.on('error', (error: NodeJS.ErrnoException) => {
      // Where several addresses were tried, there is a code and no message.
      const why = error.message || error.code;
      reject(new Error(`${url.host} cannot be reached: ${why}`, { cause: error }));
    });
    request.end();
  });
}

async function readJson(response: IncomingMessage): Promise<unknown> {
  try {
    checkHead(response);
    return parseJson(await readBody(response));
  } finally {
    // What is left of an answer that was refused is not waited for.
    response.destroy();
  }
}

function checkHead({ statusCode, headers }: IncomingMessage): void {
  // A redirect could lead where the URL itself must not.
  if (statusCode !== 200) throw new Error(`the answer was ${statusCode}, not 200`);
  const type = headers['content-type']?.split(';', 1)[0]?.trim() ?? '';
  if (!/^application\/(?:[\w.-]+\+)?json$/i.test(type))
    throw new Error(`the answer is ${type || 'of no type'}, not JSON`);
}

async function readBody(response: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > LARGEST) throw new Error(`the answer is larger than ${LARGEST / 1024} KiB`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch (cause) {
    throw new Error('the answer is not well-formed JSON', { cause });
  }
}
