import { randomBytes } from 'node:crypto';

/** So many endings are kept for who asks for them later. */
const MOST = 10_000;

/** What happened since a cursor. */
export interface News {
  /** To be shown at the next question. */
  readonly cursor: string;
  /** References of grants of which something ended, in order. */
  readonly ended: readonly string[];
  /** More may have happened than `ended` says: whatever is kept has to be forgotten. */
  readonly resync: boolean;
}

/** The last endings in order, in the memory of this process. */
export interface Ring {
  add(ref: string): void;
  /** What was kept before counts no more, for whoever asks from before. */
  resync(): void;
  cursor(): string;
  /** @param cursor of this process; any other, and one that is too old, gets a resync */
  since(cursor: string | undefined): News;
}

/** @param most how many are kept */
export function createRing(most = MOST): Ring {
  const instance = randomBytes(9).toString('base64url');
  let kept: string[] = [];
  /** How many there were ever. */
  let count = 0;
  const cursorAt = (place: number): string => `${instance}.${place}`;
  return {
    add(ref) {
      kept.push(ref);
      count += 1;
      if (kept.length > 2 * most) kept = kept.slice(-most);
    },
    resync() {
      kept = [];
      // A place of its own, so that who was told everything up to here is not told again.
      count += 1;
    },
    cursor: () => cursorAt(count),
    since(cursor = '') {
      const [theirs, place] = cursor.split('.');
      const from = /^\d{1,15}$/.test(place ?? '') ? Number(place) : -1;
      const isKnown = theirs === instance && from >= count - kept.length && from <= count;
      return {
        cursor: cursorAt(count),
        ended: isKnown ? kept.slice(kept.length - (count - from)) : [],
        resync: !isKnown,
      };
    },
  };
}
