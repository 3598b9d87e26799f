/** Where a command puts what it has found. */
export interface CommandOutput {
  write(text: string): void;
  /** Whether a person reads it. */
  readonly isTerminal: boolean;
}
