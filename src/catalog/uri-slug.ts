import { shortHash } from './short-hash.ts';

/** No `+`, so that the first one ends the slug; lower case, since URI parsers lower the scheme (RFC 3986, section 3.1). */
const PLAIN_SLUG = /^[a-z][a-z0-9.-]{0,39}$/;
const HASHED_SLUG = /-[0-9a-f]{10}$/;
const HASH_LENGTH = 10;
const READABLE_LENGTH = 29;
/** Of any slug, in characters. */
export const MAX_SLUG_LENGTH = READABLE_LENGTH + 1 + HASH_LENGTH;

/**
 * A server's name as the beginning of a URI scheme: `memory` in `memory+file:///a`. Names that are no legal scheme are cleaned and get a hash;
 * so does a name that ends like a hash, so that no two servers share a slug. At most 40 characters.
 */
export function uriSlug(server: string): string {
  if (PLAIN_SLUG.test(server) && !HASHED_SLUG.test(server)) return server;
  const readable = server
    .slice(0, READABLE_LENGTH)
    .toLowerCase()
    .replace(/[^a-z0-9.-]+/g, '-')
    .replace(/^[^a-z]+|-+$/g, '')
    .slice(0, READABLE_LENGTH);
  return `${readable || 'server'}-${shortHash([server], HASH_LENGTH)}`;
}
