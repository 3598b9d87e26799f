import type { Log } from '../log.ts';
import type { Clients } from './clients.ts';
import type { Codes } from './codes.ts';
import type { Grants } from './grants.ts';
import type { Pairing } from './pairing.ts';
import type { TransactionSeal } from './transaction.ts';

/** How many tools there are to be seen: marked read-only, and others. */
export interface ToolCount {
  readonly read: number;
  readonly write: number;
}

/** What the endpoints of the authorization server work with. */
export interface OAuthContext {
  /** The public origin of the moment, without a slash at its end. */
  readonly issuer: () => string;
  /** The paths of the MCP endpoints, of the moment; the first is the one that is meant when a client names none. */
  readonly resources: readonly string[];
  /** Whether all that is at a path is marked read-only. */
  isReadOnly(path: string): boolean;
  /** `undefined` while that is not known. */
  toolsOf(path: string): ToolCount | undefined;
  readonly clients: Clients;
  readonly codes: Codes;
  readonly grants: Grants;
  readonly pairing: Pairing;
  readonly seal: TransactionSeal;
  readonly log: Log;
}
