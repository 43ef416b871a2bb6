import type { EpochSeconds } from '../oauth/index.ts';

/** What is kept may be so old: every ending is heeded within this (issue "a revocation is seen within a second"). */
const FRESH_MS = 1000;
/** Clocks of Gatehouse's nodes are within ten seconds of the store's, each its own way. */
const SKEW_SECONDS = 30;
/** So many endings are remembered, for tokens that are verified without asking. */
const MOST_ENDED = 20_000;

/** What is known of endings, and how well. Filled by the feed. */
export interface Knowledge {
  /** Is everything known that ended until a second ago? */
  isFresh(): boolean;
  /** Changes whenever all that is kept has to be forgotten. */
  generation(): number;
  /** Did something of this grant end after this moment (`performance.now()`)? */
  endedSince(ref: string, moment: number): boolean;
  /** Would we have heard of the end of a token that was issued then? */
  covers(ref: string, iat: EpochSeconds): boolean;
  /** Everything that ended before this moment (`performance.now()`) is known. */
  knownTo(moment: number): void;
  ended(ref: string): void;
  /** @param now by the clock that writes `iat` */
  resync(now: EpochSeconds): void;
  forget(): void;
}

export interface KnowledgeListener {
  readonly onEnded: (ref: string) => void;
  readonly onResync: () => void;
}

export function createKnowledge({ onEnded, onResync }: KnowledgeListener): Knowledge {
  const endings = new Map<string, number>();
  let freshUntil = -Infinity;
  let generation = 0;
  /** The last resync, by their clock and by ours; all endings after `from`, by ours, are remembered. */
  let since: { readonly theirs: EpochSeconds; readonly ours: number; readonly from: number } | undefined;
  return {
    isFresh: () => performance.now() < freshUntil,
    generation: () => generation,
    endedSince: (ref, moment) =>
      since === undefined || moment < since.from || (endings.get(ref) ?? -Infinity) >= moment,
    covers(ref, iat) {
      if (!since || endings.has(ref)) return false;
      return iat > since.theirs + (since.from - since.ours) / 1000 + SKEW_SECONDS;
    },
    knownTo(moment) {
      freshUntil = Math.max(freshUntil, moment + FRESH_MS);
    },
    ended(ref) {
      endings.delete(ref);
      endings.set(ref, performance.now());
      onEnded(ref);
      if (endings.size <= MOST_ENDED || !since) return;
      for (const [oldest, at] of endings) {
        endings.delete(oldest);
        since = { ...since, from: at };
        break;
      }
    },
    resync(now) {
      generation += 1;
      endings.clear();
      const ours = performance.now();
      // What was issued in the second of the resync may be from before it.
      since = { theirs: now + 1, ours, from: ours };
      onResync();
    },
    forget() {
      freshUntil = -Infinity;
    },
  };
}
