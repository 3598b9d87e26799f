import type { Outcome } from './finding.ts';
import type { Json } from './json.ts';
import type { Send } from './send.ts';

/** What is examined, and how. */
export interface Visit {
  /** As clients are given it, byte for byte. */
  readonly address: string;
  readonly url: URL;
  /** What lets a client in; `undefined` when there is none to try. */
  readonly token: string | undefined;
  /** Whether a client may be registered, which leaves a trace. */
  readonly register: boolean;
  readonly send: Send;
  /** Whether requests go straight to where the URL leads, so that its name and certificate are of interest. */
  readonly isDirect: boolean;
  readonly signal: AbortSignal;
  readonly chart: Chart;
}

/** What the checks have learnt, for those after them. */
export interface Chart {
  /** Set when there is nothing that could be examined further. */
  isOver: boolean;
  /** Whether requests without a token are refused. */
  isGuarded: boolean;
  challenge: Challenge | undefined;
  /** RFC 9728. */
  resource: Json | undefined;
  /** RFC 8414. */
  server: Json | undefined;
  /** Whether it is spoken to in 2026-07-28. */
  isStateless: boolean;
  /** What was agreed on in the era with sessions. */
  revision: string;
  /** Sessions that were opened, the newest last. */
  readonly sessions: string[];
  /** Whether requests without a session are refused. */
  needsSession: boolean;
  tools: readonly Json[] | undefined;
  /** Of an answer that came as a stream: milliseconds between its headers and its first event. */
  eventDelay: number | undefined;
}

/** The parameters of `WWW-Authenticate: Bearer` (RFC 6750, section 3). */
export type Challenge = Readonly<Record<string, string>>;

/** One thing to look at. */
export interface Check {
  /** The same in every version. */
  readonly name: string;
  readonly title: string;
  /** `undefined` where it does not apply. May reject with `NoAnswer`. */
  look(visit: Visit): Promise<Outcome | undefined> | Outcome | undefined;
}

export function newChart(): Chart {
  return {
    isOver: false,
    isGuarded: false,
    challenge: undefined,
    resource: undefined,
    server: undefined,
    isStateless: false,
    revision: '',
    sessions: [],
    needsSession: false,
    tools: undefined,
    eventDelay: undefined,
  };
}
