import type { Config } from '../config/index.ts';

/** `fail`: weaker than it has to be. `warn`: for somebody to look at. */
export type Grade = 'pass' | 'warn' | 'fail';

/** One thing that was looked at. */
export interface Check {
  /** Stays what it is from one version to the next. */
  readonly id: string;
  readonly grade: Grade;
  /** What was found; never a secret. */
  readonly finding: string;
  /** What would be better; absent where nothing would. */
  readonly advice?: string;
  /** NIST SP 800-53 rev. 5 */
  readonly controls: readonly string[];
}

/** A signing key as it lies in the store. */
export interface KeyFact {
  readonly purpose: 'tokens' | 'records' | 'audit';
  readonly kid: string;
  readonly alg: string;
  readonly ageDays: number;
}

/** An app or a service. */
export interface ClientFact {
  readonly id: string;
  readonly authentication: string;
  readonly consent: string;
}

/** What was found besides the settings. */
export interface Facts {
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly runtime: { readonly node: string; readonly openssl: string; readonly isFips: boolean };
  /** What makes the store unsafe, in sentences. */
  readonly storeConcerns: readonly string[];
  readonly keys: readonly KeyFact[];
  readonly clients: readonly ClientFact[];
  readonly clock: {
    /** `system`: nobody confirms it. */
    readonly source: string;
    readonly offsetMs?: number;
    readonly skewMs?: number;
    /** Why it is not believed. */
    readonly wrong?: string;
  };
  readonly audit: {
    readonly chains: number;
    readonly records: number;
    /** Lines that nobody has signed yet. */
    readonly unsigned: number;
    /** What was changed in it. */
    readonly fault?: string;
  };
  /** Who is sent the audit log, as things stand on this machine. */
  readonly receivers: readonly {
    readonly id: string;
    /** ISO 8601; absent: it is reached. */
    readonly awaySince?: string;
    /** Events it has refused for good. */
    readonly aside: number;
  }[];
  /** Of the disk with the data, the part that is free: 0 to 1. */
  readonly disk: { readonly free: number };
}

export interface Looked {
  readonly config: Config;
  readonly facts: Facts;
}

/** What is found and what would be better, where it is not good. */
export type Finding = Pick<Check, 'grade' | 'finding' | 'advice'>;

export const pass = (finding: string): Finding => ({ grade: 'pass', finding });
export const warn = (finding: string, advice: string): Finding => ({ grade: 'warn', finding, advice });
export const fail = (finding: string, advice: string): Finding => ({ grade: 'fail', finding, advice });

/** One of several rows. */
export interface Rule {
  readonly id: string;
  readonly controls: readonly string[];
  readonly look: (looked: Looked) => Finding;
}
