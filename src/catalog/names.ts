import { shortHash } from './short-hash.ts';

/** Whose tool or prompt it is, and what that server itself calls it. */
export interface NameTarget {
  readonly server: string;
  readonly name: string;
}

/** What every exposed name looks like; several clients refuse a whole catalog for one name that does not. */
const LEGAL = /^[A-Za-z0-9_-]{1,64}$/;
const MAX_LENGTH = 64;
const SEPARATOR = '__';
/** Single inner underscores only: then the first `__` of a plain name is where its server ends. */
const PLAIN_SERVER = /^[A-Za-z0-9-]+(?:_[A-Za-z0-9-]+)*$/;
/** 64 bits: a server cannot search for a name that lands on another server's. */
const HASH_LENGTH = 16;
const HASHED = /_[0-9a-f]{16}$/;
const READABLE_LENGTH = MAX_LENGTH - HASH_LENGTH - 1;
/** Leaves 14 characters to the tool when a long name is cut. */
const SERVER_LENGTH = 31;

/**
 * The name under which clients see a tool or prompt: `server__name`, or `name` alone when no server is given.
 * Always matches `^[A-Za-z0-9_-]{1,64}$` and depends on nothing but the arguments. A name that is illegal, too long or ambiguous is cleaned, cut
 * and given a hash of the original. A plain name that ends like a hashed one is hashed as well, so the two kinds never meet.
 */
export function exposedName(name: string, server?: string): string {
  const plain = server === undefined ? name : server + SEPARATOR + name;
  const splits = server === undefined || PLAIN_SERVER.test(server);
  return splits && isLegalName(plain) && !HASHED.test(plain) ? plain : hashedName([name], server);
}

/** The name of a tool or prompt whose usual one is given to something else. It is nobody's usual one. */
export function evadingName(name: string, server?: string): string {
  return hashedName([name, ''], server);
}

/** Whether some tool or prompt could be exposed under this name. */
export function isLegalName(exposed: string): boolean {
  return LEGAL.test(exposed);
}

/** Reads a plain `server__name` back; `undefined` for a name that `exposedName` never makes, or makes only with a hash. */
export function splitName(exposed: string): NameTarget | undefined {
  const end = exposed.indexOf(SEPARATOR);
  if (end === -1 || !isLegalName(exposed)) return undefined;
  const target = { server: exposed.slice(0, end), name: exposed.slice(end + SEPARATOR.length) };
  return exposedName(target.name, target.server) === exposed ? target : undefined;
}

/** What all prefixed names of a server begin with, for people and models to read: `server__`, or less when the server's name had to be cut. */
export function namePrefix(server: string): string {
  const readable = clean(server) || 'server';
  return readable.length > SERVER_LENGTH ? readable.slice(0, SERVER_LENGTH) : readable + SEPARATOR;
}

/** @param own the name, and what else tells it from others. */
function hashedName(own: readonly [name: string, ...more: string[]], server: string | undefined): string {
  const readableName = clean(own[0]) || 'unnamed';
  // Without a prefix the server's name is no part of the hash: renaming the only server in the config renames none of its tools.
  const [readable, hashed] =
    server === undefined
      ? [readableName, own]
      : [(clean(server) || 'server').slice(0, SERVER_LENGTH) + SEPARATOR + readableName, [server, ...own]];
  return `${readable.slice(0, READABLE_LENGTH)}_${shortHash(hashed, HASH_LENGTH)}`;
}

function clean(text: string): string {
  return text
    .slice(0, MAX_LENGTH)
    .replace(/[^A-Za-z0-9_-]+/g, '_')
    .replace(/^_+|_+$/g, '');
}
