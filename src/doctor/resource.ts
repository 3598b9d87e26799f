import { isLoopbackUrl } from '../config/loopback.ts';
import { failed, listed, type Outcome, ok, warning } from './finding.ts';
import { isObject, type Json, textsIn } from './json.ts';
import { NoAnswer } from './send.ts';
import type { Check, Visit } from './visit.ts';

/** What a guarded endpoint says of itself (RFC 9728). */
export const RESOURCE: readonly Check[] = [
  { name: 'resource-metadata', title: 'Resource metadata', look: readMetadata },
  { name: 'resource', title: 'Resource', look: compareResource },
  { name: 'well-known', title: 'Well-known places', look: tryWellKnown },
];

const WELL_KNOWN = '/.well-known/oauth-protected-resource';

async function readMetadata(visit: Visit): Promise<Outcome | undefined> {
  const { chart, url } = visit;
  if (!chart.isGuarded) return undefined;
  const named = chart.challenge?.resource_metadata;
  const place = named !== undefined && URL.canParse(named) ? named : url.origin + pathOf(url);
  const document = await readDocument(visit, place);
  if (!isObject(document)) {
    if (named === undefined) return undefined; // The challenge was judged for that already.
    return failed(`there is none: ${document}`, 'Serve it as JSON, without a token (RFC 9728, section 3).');
  }
  chart.resource = document;
  return ok(place);
}

function compareResource({ chart, address }: Visit): Outcome | undefined {
  if (!chart.resource) return undefined;
  const { resource } = chart.resource;
  if (resource === address) return ok('it is the URL, byte for byte');
  return failed(
    `it is ${JSON.stringify(resource)}, and the URL ${address}`,
    'Name the URL exactly as clients are given it (here with --public-url), or give them that one: they refuse, or get tokens that do not fit.',
  );
}

async function tryWellKnown(visit: Visit): Promise<Outcome | undefined> {
  const { chart, url } = visit;
  if (!chart.resource) return undefined;
  const own = await readDocument(visit, url.origin + pathOf(url));
  if (!isObject(own))
    return failed(
      own,
      'Serve the metadata there as well: several clients look nowhere else, and take the host for the issuer.',
    );
  const root = await readDocument(visit, url.origin + WELL_KNOWN);
  if (!isObject(root)) return warning(root, 'Serve the metadata there as well, for clients that leave out the path.');
  return ok(`${listed([...new Set([pathOf(url), WELL_KNOWN])])}`);
}

function pathOf({ pathname }: URL): string {
  return WELL_KNOWN + (pathname === '/' ? '' : pathname);
}

/**
 * Reads a JSON object that the server has named a place for; a text says why there is none. What a stranger names is only asked
 * where its own address is: on the internet, or on this machine.
 */
export async function readDocument({ url, send }: Visit, place: string): Promise<Json | string> {
  const objection = objectionTo(place, url);
  if (objection !== undefined) return objection;
  try {
    const { status, messages } = await send({ method: 'GET', url: place, headers: { Accept: 'application/json' } });
    const [document] = messages;
    if (status === 200 && isObject(document)) return document;
    return `${place} answers ${status}${status === 200 ? ' without a JSON object' : ''}`;
  } catch (error) {
    if (error instanceof NoAnswer) return `${place}: ${error.message}`;
    throw error;
  }
}

/** Why clients would not follow a URL that they find there; `undefined` when they would. */
export function objectionTo(place: string, from: URL): string | undefined {
  if (!URL.canParse(place)) return `${place} is no absolute URL`;
  const to = new URL(place);
  if (to.protocol !== 'https:' && !(to.protocol === 'http:' && isLoopbackUrl(to) && isLoopbackUrl(from)))
    return `${place} is not https`;
  return isLoopbackUrl(to) && !isLoopbackUrl(from) ? `${place} is on the machine of whoever follows it` : undefined;
}

/** The first of the issuers that the resource names. */
export function issuerOf({ chart }: Visit): string | undefined {
  return textsIn(chart.resource?.authorization_servers)[0];
}
