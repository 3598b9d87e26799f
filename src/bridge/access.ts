import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Auth, Settings } from '../config/settings.ts';
import { Gate, type GateOptions, type Verifier } from '../http/gate.ts';
import type { Pages } from '../http/pages.ts';
import type { Log } from '../log.ts';
import type { Owner, OwnerOptions } from '../oauth/owner.ts';
import type { Pairing } from '../oauth/pairing.ts';
import { createSecret, isSame } from '../oauth/secret.ts';
import { keptSecret } from '../state/secrets.ts';
import { defaultStateFolder } from '../state/state-folder.ts';

/** Where the guarded endpoints are. */
export type Place = Pick<OwnerOptions, 'origin' | 'resources' | 'isReadOnly' | 'toolsOf'>;

/** What stands before the MCP endpoints. */
export interface Door {
  readonly gate: Gate;
  /** What clients are told, and owners are asked, on the way in; `undefined` where a token is all that helps. */
  readonly pages: Pages | undefined;
}

/** A secret that was made here, and where the owner finds it. */
export interface KeptSecret {
  readonly value: string;
  readonly file: string;
}

export interface AccessStatus {
  readonly auth: Auth;
  /** Whether a client can be linked now; `undefined` where clients are not linked. */
  readonly pairing: boolean | undefined;
  /** Clients that are linked; `undefined` where clients are not. */
  readonly linked: number | undefined;
  /** Other origins by which clients of this user know a bridge: they have to be linked anew if this was that bridge. */
  readonly elsewhere: readonly string[];
}

/** Who may use the tools: made of the settings, before anything listens. */
export class Access {
  readonly folder: string;
  readonly #settings: Settings;
  readonly #log: Log;
  /** The first segment of the MCP paths that nobody can guess; `undefined` where they have none. */
  readonly secretPath: KeptSecret | undefined;
  /** The bearer token that was made here; `undefined` where there is none, or the owner has named one. */
  readonly token: KeptSecret | undefined;
  /** What the bridge itself shows at its gate, for a tunnel that brings requests without a token. */
  readonly ownToken = createSecret();
  #owner: Owner | undefined;

  /** @throws BridgeError when what is kept in the state folder cannot be used. */
  static async open(settings: Settings, log: Log): Promise<Access> {
    const { auth, token, secretPath } = settings;
    const folder = stateFolderOf(settings);
    const keep = async (name: string) => ({ value: await keptSecret(folder, name), file: join(folder, name) });
    return new Access({
      settings,
      log,
      folder,
      secretPath: secretPath ? await keep('secret-path') : undefined,
      token: auth === 'token' && token === undefined ? await keep('token') : undefined,
    });
  }

  private constructor({
    settings,
    log,
    folder,
    secretPath,
    token,
  }: Pick<Access, 'folder' | 'secretPath' | 'token'> & { settings: Settings; log: Log }) {
    this.#settings = settings;
    this.#log = log;
    this.folder = folder;
    this.secretPath = secretPath;
    this.token = token;
  }

  /** What stands before the paths of the MCP endpoints. */
  get base(): string {
    return this.secretPath ? `/${this.secretPath.value}` : '';
  }

  get status(): AccessStatus {
    const { auth } = this.#settings;
    const { here, elsewhere = [] } = this.#owner?.linked ?? {};
    return { auth, pairing: this.pairing?.isOpen, linked: here, elsewhere };
  }

  /** Where the owner lets clients in; `undefined` where that is not how it is done. */
  get pairing(): Pairing | undefined {
    return this.#owner?.pairing;
  }

  /** Makes the door. `onEnd` hears the ids of principals whose grant is no more. */
  async createDoor(place: Place, onEnd: (principalId: string) => void): Promise<Door> {
    const { auth, external } = this.#settings;
    if (auth === 'oauth') return this.#oauthDoor(place, onEnd);
    if (auth === 'external' && external) return this.#externalDoor(place, external);
    return { gate: createGate(place, this.#staticTokens()), pages: undefined };
  }

  /** Whether a principal's grant is no more; of those who have none that is not known. */
  isOver(principalId: string): boolean {
    return this.#owner?.isOver(principalId) ?? false;
  }

  /** Twice without harm. */
  close(): void {
    this.#owner?.close();
  }

  async #oauthDoor(place: Place, onEnd: (principalId: string) => void): Promise<Door> {
    // Only bridges that need it pay for it.
    const { Owner } = await import('../oauth/owner.ts');
    const { clientDocuments } = this.#settings;
    this.#owner = await Owner.open({ ...place, folder: this.folder, clientDocuments, log: this.#log, onEnd });
    const { verifier, pages, metadataUrl, scopeAt } = this.#owner;
    return { gate: createGate(place, [verifier, ...this.#staticTokens()], { metadataUrl, scopeAt }), pages };
  }

  async #externalDoor(place: Place, external: NonNullable<Settings['external']>): Promise<Door> {
    const { createForeignOwner } = await import('../oauth/foreign-owner.ts');
    const { verifier, pages, metadataUrl, scopeAt } = createForeignOwner({ ...place, external, log: this.#log });
    return { gate: createGate(place, [verifier, ...this.#staticTokens()], { metadataUrl, scopeAt }), pages };
  }

  #staticTokens(): Verifier[] {
    const { auth, tunnel } = this.#settings;
    if (auth === 'none') return [];
    const token = this.token?.value ?? this.#settings.token;
    return [
      ...(token === undefined ? [] : [tokenVerifier('token', token)]),
      // Who may use it is decided at its other end.
      ...(tunnel?.provider === 'openai' ? [tokenVerifier('tunnel', this.ownToken)] : []),
    ];
  }
}

function tokenVerifier(id: string, token: string): Verifier {
  const principal = { id, readOnly: false };
  return { verify: (given) => (isSame(given, token) ? principal : undefined) };
}

/** Where grants and secrets are kept. */
export function stateFolderOf({ stateFolder }: { readonly stateFolder: string | undefined }): string {
  return stateFolder ?? defaultStateFolder({ env: process.env, platform: process.platform, home: homedir() });
}

function createGate(
  { origin }: Place,
  verifiers: readonly Verifier[],
  hints: Pick<GateOptions, 'metadataUrl' | 'scopeAt'> = { metadataUrl: () => undefined, scopeAt: () => '' },
): Gate {
  return new Gate({ verifiers, origin, ...hints });
}
