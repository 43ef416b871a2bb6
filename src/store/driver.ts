import type { Count } from '../limits/index.ts';
import type { EpochSeconds } from '../oauth/index.ts';
import type { StoreClock } from '../time/index.ts';

/** One value to write. `ttlSeconds` absent: kept until removed. */
export interface Put {
  readonly key: string;
  readonly value: Uint8Array;
  readonly ttlSeconds?: number;
}

/** A put for {@link StoreDriver.putIfAbsent}. */
export interface Marker extends Put {
  /** Small and soon gone: written also by a store that is out of memory and has room for little else. Default: no. */
  readonly evenWhenFull?: boolean;
}

/**
 * What one request does to one grant, decided and written in one step (ARCHITECTURE §3.5).
 *
 *     issue   dead? ──yes──▶ 'revoked'      nothing is written
 *               │ no
 *             `expect` is not what is there? ──yes──▶ 'conflict'   nothing is written
 *               │ no
 *             a marker of `consume` exists? ──yes──▶ 'lost'   the grant dies: reuse ends it
 *               │ no
 *             markers, puts, removes are written ──▶ 'committed'
 *
 *     revoke  the tombstone and removes are written ──▶ 'committed'
 *
 * What revokes, removes or `tells` is told to watchers.
 *
 * Every key lies in the same Redis Cluster slot.
 */
export interface Commit {
  readonly mode: 'issue' | 'revoke';
  /** The grant's tombstone: while it exists, nothing of the grant lives. */
  readonly deadKey: string;
  /** How long a tombstone is kept: at least as long as anything of the grant could live. */
  readonly deadTtlSeconds: number;
  /** Values that must still be there as they were read (`undefined`: must be absent), to the byte. */
  readonly expect?: readonly Expectation[];
  /** Markers that must not exist yet; written by the winner. */
  readonly consume: readonly { readonly key: string; readonly ttlSeconds: number }[];
  readonly puts: readonly Put[];
  readonly removes: readonly string[];
  /** Watchers are told of it, as of what ends: who keeps something of the grant in memory has to ask anew. */
  readonly tells?: boolean;
  /** Keys that stay as this commit left them, or as somebody has changed them since, where it is taken back. */
  readonly kept?: readonly string[];
  /** It is right on as many replicas as have it: where too few have, it is not taken back. Default: it is. */
  readonly stays?: boolean;
}

export interface Expectation {
  readonly key: string;
  readonly value: Uint8Array | undefined;
}

export type CommitOutcome = 'committed' | 'lost' | 'revoked' | 'conflict';

/** One thing a store holds, as it lies there: what is sealed stays sealed. Times are absolute. */
export type Row = ValueRow | MemberRow;

export interface ValueRow {
  readonly key: string;
  readonly value: Uint8Array;
  /** Milliseconds since 1970; absent: kept until removed. */
  readonly expiresMs?: number;
}

export interface MemberRow {
  readonly index: string;
  readonly member: string;
  /** Absent: there until removed. */
  readonly expiresAt?: EpochSeconds;
}

/**
 * Somebody who is told what ends while it is away from the store (see {@link StoreDriver.watch}). Whoever keeps something in
 * memory may use it as long as {@link Watcher.upTo} stays recent.
 */
export interface Watcher {
  /**
   * Something of a grant ended, or what every node keeps in memory changed: the name of the tombstone, or of what was
   * announced. May come more than once, and also when nothing ended after all.
   */
  ended(name: string): void;
  /** Some of it may have been missed: nothing that is kept counts any more. */
  missed(): void;
  /**
   * Everything that ended before this moment (`performance.now()`) has been told. Four times a second while the store can be
   * reached; when it does not come, nobody knows.
   */
  upTo(moment: number): void;
}

/** What every name of ours begins with; a Redis may hold what others keep there. */
export const NAME_PREFIX = 'gh:';

/**
 * The one door to storage. Two drivers stand behind it, `embedded` and `redis`, and pass one contract suite.
 *
 * Values are opaque bytes; sealing happens above. Every method rejects with {@link StoreUnavailable} when the
 * store cannot answer, and never answers "absent" instead.
 */
export interface StoreDriver {
  readonly name: 'embedded' | 'redis';
  /** For people: a file path, or host and port. Never a password. */
  readonly location: string;
  /** Reads keys of one slot in one round trip; expired keys are absent. */
  getMany(keys: readonly string[]): Promise<readonly (Uint8Array | undefined)[]>;
  /**
   * As {@link getMany}, for introspection only: over a connection of its own, which no write holds up and where questions
   * that come together are sent together.
   */
  lookUp(keys: readonly string[]): Promise<readonly (Uint8Array | undefined)[]>;
  put(put: Put): Promise<void>;
  /** Writes, and in the same step tells every watcher the name of the key. */
  announce(put: Put): Promise<void>;
  /** Writes unless the key exists. Of concurrent callers exactly one gets `true`. */
  putIfAbsent(put: Marker): Promise<boolean>;
  /** Returns the value and forgets it in one step: of concurrent callers, exactly one gets it. */
  take(key: string): Promise<Uint8Array | undefined>;
  /** Removes keys of one slot; absent ones are no error. */
  remove(keys: readonly string[]): Promise<void>;
  commit(commit: Commit): Promise<CommitOutcome>;
  /**
   * Resolves when everything written so far to the slot of this key is as safe as a commit has to be: for who finds out
   * by reading that a commit was written.
   */
  assure(near: string): Promise<void>;
  /** Adds to an index until `expiresAt` (absent: for good). Indexes are hints: readers check what they point to. */
  addMember(index: string, member: string, expiresAt?: EpochSeconds): Promise<void>;
  removeMember(index: string, member: string): Promise<void>;
  /** Members that have not expired, in no promised order. */
  members(index: string): Promise<readonly string[]>;
  /**
   * Adds to a counter in one step: of concurrent callers each gets a total of its own. The window begins with the first
   * addition, and the counter is gone when it ends. `by` may be negative, and never leads below 0; 0 only reads. A
   * counter may be lost when the machine fails: it is no promise to anybody.
   */
  count(key: string, by: number, windowSeconds: number): Promise<Count>;
  /**
   * Every row whose name begins with {@link NAME_PREFIX}, some hundred at a time. Embedded it is what the store held at
   * one instant; of Redis, what is written meanwhile may be there or not, and a row may come twice.
   */
  dump(): AsyncIterable<readonly Row[]>;
  /**
   * Writes what is not there yet and has not expired, and changes nothing that is there. Takes a batch as
   * {@link dump} gives it; not one step, except when embedded.
   *
   * @returns how many rows were written
   */
  restore(rows: readonly Row[]): Promise<number>;
  /** What makes this store unsafe for production, in sentences; empty when nothing does. */
  concerns(): Promise<readonly string[]>;
  /** Changes whenever the connection was made anew: what is behind it may be another store now. */
  readonly connection: number;
  /** Hash tags that together lie on every primary; none where there is one primary. */
  readonly tags: readonly string[];
  /**
   * What has all that was ever acknowledged has always the same; it changes where a write may have been lost: when a
   * primary was replaced, or was restarted without having written everything. `undefined`: cannot be told now.
   */
  lineage(): Promise<string | undefined>;
  /**
   * Resolves when all connections lead to the same server: one made anew may lead to another than those that were there,
   * where a name or an address was moved. Where they do not, all are made anew.
   */
  sameEverywhere(): Promise<void>;
  /**
   * Tells what ends from now on, wherever it is ended: every tombstone that is written, and every commit that removes
   * something. It is told in the step that writes it, so nothing is written and not told.
   *
   * @returns stops it
   */
  watch(watcher: Watcher): () => void;
  /** The clock of each server that takes writes; none where the store has no clock but ours. */
  clocks(): Promise<readonly StoreClock[]>;
  /** While `isRight` says so our clock counts, however far that of the store is from it. */
  vouch(isRight: () => boolean): void;
  /** Resolves when the store answers. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

/** The store could not answer. Callers answer 503 and nothing else: not "not found", not `active: false`. */
export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable';
  /** How the store stands is known: nothing is left to be found out or taken back. Default: it is not. */
  readonly isSettled: boolean;
  constructor(message: string, options: ErrorOptions & { readonly isSettled?: boolean } = {}) {
    super(message, options);
    this.isSettled = options.isSettled ?? false;
  }
}

/** Is this the store being away, told directly or as the cause of an error in somebody else's words? */
export function isStoreUnavailable(error: unknown): boolean {
  return (
    error instanceof StoreUnavailable || (error instanceof Error && error.cause instanceof StoreUnavailable)
  );
}
