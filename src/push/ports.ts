import type { KeptRecord } from '../records/index.ts';

/** How far somebody's files have been sent: bytes, by the name of the file. */
export type Place = Readonly<Record<string, number>>;

/** A record that is to be sent, and the place that is reached with it. */
export interface Waiting {
  /** Absent: it is about another FHIR server, and not for this one. */
  readonly record?: KeptRecord;
  readonly reaches: Place;
}

export type Refusal = { readonly kind: 'refused'; readonly status: number; readonly reason: string };

export type Outcome =
  | { readonly kind: 'sent' }
  /** For good: the same record would be refused again. */
  | Refusal
  /** It may do later. @property waitMs how long it wants to be left alone, where it says so */
  | { readonly kind: 'away'; readonly reason: string; readonly waitMs?: number };

/** One FHIR server, as records are sent to it. */
export interface Outlet {
  /** Sent twice is as good as once; what is there and newer stays. Never throws. */
  send(record: KeptRecord, signal: AbortSignal): Promise<Outcome>;
}

/** A record that a FHIR server has refused. */
export interface SetAside {
  readonly record: KeptRecord;
  readonly status: number;
  readonly reason: string;
  /** ISO 8601, UTC. */
  readonly at: string;
}

/** Since when a FHIR server cannot be reached, and why. */
export interface Trouble {
  /** ISO 8601, UTC. */
  readonly since: string;
  readonly reason: string;
}

/** What one FHIR server has been sent and not, outlasting every process; `archive/` implements it. */
export interface Track {
  /** Everybody of whom something may wait; looks at all there are. */
  everybody(): AsyncIterable<string>;
  /** What waits of somebody, in the order it was decided. */
  waitingOf(name: string): Promise<readonly Waiting[]>;
  reach(name: string, place: Place): Promise<void>;
  setAside(refused: SetAside): Promise<void>;
  aside(): Promise<readonly SetAside[]>;
  /** Asks for everything that was set aside to be tried once more; says how many these are. */
  askAgain(): Promise<number>;
  /** What was asked for and not tried yet. */
  askedAgain(): Promise<readonly SetAside[]>;
  /** It has been sent after all. */
  settle(refused: SetAside): Promise<void>;
  /** @param trouble `undefined`: it is over */
  note(trouble: Trouble | undefined): Promise<void>;
  trouble(): Promise<Trouble | undefined>;
}

/** Names of whom something was kept, put down by any process of this machine; `archive/` implements it. */
export interface Marks {
  take(): Promise<readonly string[]>;
}

export interface PushLog {
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
  error(details: object, message: string): void;
}
