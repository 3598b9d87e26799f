import { join } from 'node:path';
import type { Log } from '../log.ts';
import type { Principal } from '../protocol/principal.ts';
import { StateFile } from '../state/state-file.ts';
import { AuthorizationServer } from './authorization-server.ts';
import { ClientDocuments } from './client-document.ts';
import { Clients } from './clients.ts';
import { Codes } from './codes.ts';
import type { ToolCount } from './context.ts';
import { Grants, principalIdOf } from './grants.ts';
import { resourceMetadataUrl } from './metadata.ts';
import { Pairing } from './pairing.ts';
import { createSafeFetch } from './safe-fetch.ts';
import { scopeOf } from './scopes.ts';
import { EMPTY, type OAuthState, parseState } from './state.ts';
import { OAuthStore } from './store.ts';
import { TransactionSeal } from './transaction.ts';

export interface OwnerOptions {
  /** The public origin of the moment, without a slash at its end. */
  readonly origin: () => string;
  /** The paths of the MCP endpoints, of the moment; the first is the main one. */
  readonly resources: readonly string[];
  /** Whether all that is at a path is marked read-only. */
  isReadOnly(path: string): boolean;
  toolsOf(path: string): ToolCount | undefined;
  /** Where grants are kept. */
  readonly folder: string;
  /** Whether clients that are not known may be described by documents of their own. */
  readonly clientDocuments: boolean;
  readonly log: Log;
  /** Hears the ids of principals whose grant is no more. */
  onEnd(principalId: string): void;
}

/** The one owner of the bridge, who lets clients in: everything about their grants. */
export class Owner {
  readonly pairing: Pairing;
  readonly pages: AuthorizationServer;
  readonly #isReadOnly: (path: string) => boolean;
  readonly #origin: () => string;
  readonly #grants: Grants;
  readonly #store: OAuthStore;

  /** @throws BridgeError when the file with the grants cannot be used. */
  static async open(options: OwnerOptions): Promise<Owner> {
    return new Owner(options, await OAuthStore.open(grantsFile(options.folder)));
  }

  private constructor(
    { origin, resources, isReadOnly, toolsOf, clientDocuments, log, onEnd }: OwnerOptions,
    store: OAuthStore,
  ) {
    this.#origin = origin;
    this.#isReadOnly = isReadOnly;
    this.#store = store;
    this.#grants = new Grants(store);
    this.pairing = new Pairing(log);
    const documents = clientDocuments ? new ClientDocuments(createSafeFetch()) : undefined;
    this.pages = new AuthorizationServer({
      issuer: origin,
      resources,
      isReadOnly,
      toolsOf,
      clients: new Clients({ store, documents, log, now: Date.now }),
      codes: new Codes(),
      grants: this.#grants,
      pairing: this.pairing,
      seal: new TransactionSeal(),
      log,
    });
    store.listeners.add((grant) => onEnd(principalIdOf(grant)));
  }

  readonly verifier = {
    verify: (token: string, resource: string): Principal | undefined => this.#grants.verify(token, resource),
  };

  readonly metadataUrl = (path: string): string => resourceMetadataUrl(this.#origin(), path);

  /** What clients shall ask for at a path. */
  readonly scopeAt = (path: string): string => scopeOf({ readOnly: this.#isReadOnly(path) });

  /** Clients that are linked to this bridge where it can be reached now, and those that know it under another URL. */
  get linked(): { readonly here: number; readonly elsewhere: readonly string[] } {
    const origins = this.#grants.all.map(({ resource }) => new URL(resource).origin);
    const elsewhere = origins.filter((origin) => origin !== this.#origin());
    return { here: origins.length - elsewhere.length, elsewhere: [...new Set(elsewhere)] };
  }

  /** Whether a principal's grant is no more. */
  isOver(principalId: string): boolean {
    return this.#grants.isOver(principalId);
  }

  /** Twice without harm. */
  close(): void {
    this.pairing.close();
    this.#store.close();
  }
}

/** The file that all bridges of a user share. */
export function grantsFile(folder: string): StateFile<OAuthState> {
  return new StateFile({
    path: join(folder, 'grants.json'),
    what: 'the linked clients',
    empty: EMPTY,
    parse: parseState,
  });
}
