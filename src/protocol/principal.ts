/** On whose behalf a client acts, as far as it had to prove that. */
export interface Principal {
  /** Stands for a grant of the owner's, a token, or a subject of an issuer. Empty: nobody was asked who they are. */
  readonly id: string;
  /** Whether only tools that are marked read-only may be seen and called. */
  readonly readOnly: boolean;
}

/** Whoever can reach the bridge, where it asks for nothing. */
export const ANYONE: Principal = { id: '', readOnly: false };
