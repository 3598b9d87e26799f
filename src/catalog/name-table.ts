import type { Prefix } from '../config/catalog-settings.ts';
import { evadingName, exposedName, isLegalName, type NameTarget, namePrefix, splitName } from './names.ts';
import { remember } from './remember.ts';

/** Translates names between the servers and the clients. One table for tools, another for prompts: their names are apart. */
export interface NameTable {
  /**
   * Takes in names that a server listed. Names add up, since the processes of one server may list different tools, and since an exposed name
   * should not come to mean another server's tool while clients hold on to old lists. Per server the 10,000 listed last are kept.
   * A server the table was not made for is ignored.
   */
  learn(server: string, names: Iterable<string>): void;
  /** The exposed name; learn what is listed first. */
  expose(server: string, name: string): string;
  /**
   * Whose name it is: the exact inverse of `expose`. Plain names are found without having been learned; hashed ones, and all names of several
   * servers without prefixes, only after.
   */
  lookup(exposed: string): NameTarget | undefined;
  /** What the exposed names of a server begin with, for people and models to read; empty when nothing is prefixed. */
  prefixOf(server: string): string;
}

export interface NameTableOptions {
  /** Names of the servers that are shown together. */
  servers: readonly string[];
  prefix: Prefix;
  /** The owner's names for what servers call otherwise, by server and own name. A tool of that very name has to evade. Default: none. */
  given?: GivenNames;
  /** Exposed names that are not for the servers' tools. Default: none. */
  reserved?: readonly string[];
}

export type GivenNames = ReadonlyMap<string, ReadonlyMap<string, string>>;

interface Claim extends NameTarget {
  readonly exposed: string;
  readonly prefixed: boolean;
}

interface Resolved {
  readonly byExposed: ReadonlyMap<string, Claim>;
  readonly byServer: ReadonlyMap<string, ReadonlyMap<string, Claim>>;
}

/** Per server; far more tools than any client takes, and little enough memory. */
const MAX_LEARNED = 10_000;

/**
 * Creates the table of the servers that are shown together. With prefixes, or with one server, a name depends on the configuration
 * alone; without prefixes, names that several servers share take them.
 */
export function createNameTable({ servers, prefix, given = new Map(), reserved = [] }: NameTableOptions): NameTable {
  const naming = createNaming(given, new Set(reserved));
  const several = servers.length > 1;
  const prefixed = prefix === 'server' || (prefix === 'auto' && several);
  const mayCollide = several && !prefixed;
  const learned = new Map(servers.map((server) => [server, new Map<string, Claim>()]));
  let resolved: Resolved | undefined;

  const current = () => {
    resolved ??= resolveClaims(
      [...learned.values()].flatMap((claims) => [...claims.values()]),
      naming,
    );
    return resolved;
  };
  const split = (exposed: string): NameTarget | undefined => {
    if (prefixed) return splitName(exposed);
    const [only] = servers;
    if (mayCollide || only === undefined || !isLegalName(exposed)) return undefined;
    return { server: only, name: exposed };
  };
  const unlearned = (exposed: string): NameTarget | undefined => {
    const target = split(exposed);
    if (target === undefined) return undefined;
    const { server } = target;
    const name = naming.ownName(server, target.name);
    return naming.exposed(server, name, prefixed) === exposed ? { server, name } : undefined;
  };

  return {
    learn(server, names) {
      const claims = learned.get(server);
      if (!claims) return;
      for (const name of names) {
        const claim = () => ({ server, name, exposed: naming.exposed(server, name, prefixed), prefixed });
        if (remember(claims, name, claim, MAX_LEARNED)) resolved = undefined;
      }
    },
    expose(server, name) {
      const claim = current().byServer.get(server)?.get(name);
      return claim?.exposed ?? naming.exposed(server, name, prefixed || mayCollide);
    },
    lookup(exposed) {
      const claim = current().byExposed.get(exposed);
      if (claim) return { server: claim.server, name: claim.name };
      const target = unlearned(exposed);
      return target && learned.has(target.server) ? target : undefined;
    },
    prefixOf: (server) => (prefixed ? namePrefix(server) : ''),
  };
}

/** What a name becomes, and what it was. */
interface Naming {
  exposed(server: string, name: string, prefixed: boolean): string;
  /** The server's own name for what is given this one. */
  ownName(server: string, name: string): string;
}

function createNaming(given: GivenNames, reserved: ReadonlySet<string>): Naming {
  const inverse = new Map(
    [...given].map(([server, names]) => [server, new Map([...names].map(([own, name]) => [name, own]))]),
  );
  return {
    exposed(server, own, prefixed) {
      const owner = prefixed ? server : undefined;
      const name = given.get(server)?.get(own);
      const exposed = exposedName(name ?? own, owner);
      const isTaken = reserved.has(exposed) || (name === undefined && inverse.get(server)?.has(own));
      return isTaken ? evadingName(own, owner) : exposed;
    },
    ownName: (server, name) => inverse.get(server)?.get(name) ?? name,
  };
}

/**
 * Gives each claim a name of its own: where several meet on one, all that can still take their prefix do, until none meet. Whole groups
 * move at once, so order does not matter; each step lengthens a name, so 64 characters end it soon.
 */
function resolveClaims(claims: readonly Claim[], naming: Naming): Resolved {
  const byExposed = new Map<string, Claim>();
  const colliding = new Set<Claim>();
  for (const claim of claims) {
    const other = byExposed.get(claim.exposed);
    if (other) colliding.add(other).add(claim);
    else byExposed.set(claim.exposed, claim);
  }
  const moves = (claim: Claim) => colliding.has(claim) && !claim.prefixed;
  const withPrefix = ({ server, name }: Claim) => {
    return { server, name, exposed: naming.exposed(server, name, true), prefixed: true };
  };
  if (claims.some(moves))
    return resolveClaims(
      claims.map((claim) => (moves(claim) ? withPrefix(claim) : claim)),
      naming,
    );
  return { byExposed, byServer: groupByServer(claims) };
}

function groupByServer(claims: readonly Claim[]): Map<string, Map<string, Claim>> {
  const groups = new Map<string, Map<string, Claim>>();
  for (const claim of claims) {
    const group = groups.get(claim.server) ?? new Map<string, Claim>();
    groups.set(claim.server, group.set(claim.name, claim));
  }
  return groups;
}
