import { setTimeout as delay } from 'node:timers/promises';

import { StoreUnavailable, type Commit, type CommitOutcome, type Put, type StoreDriver } from './driver.ts';
import { undoing } from './undoing.ts';

/** A lost connection is made anew within this, as a rule. */
const LOOK_SOON_MS = 50;
/** The last look begins no later than this after the commit was sent: with it the answer is still within two seconds. */
const LOOK_UNTIL_MS = 1000;
const LOOK_AGAIN_MS = 250;
/**
 * After so long there is an answer to every commit, or word that there is none: it is looked for a second, the last look
 * and making sure of it take 800 ms each at most.
 */
export const SETTLED_WITHIN_MS = 2600;
/** So long after it was sent no store writes a commit any more: its deadline is long past. */
const WRITTEN_BY_MS = 3000;
/** Longer than a store takes to come back or to work off what it was sent; then nobody waits for it any more. */
const GIVE_UP_MS = 60_000;

/** How a commit is taken back that came to light when nobody was waiting for it any more. */
export interface Undoing {
  /** What lay at its keys before. */
  readonly before: readonly Put[];
  /** Keys that stay as it left them. */
  readonly kept: readonly string[];
  /**
   * Is what lies there ours, with a mark that somebody else has put on it? That mark may be taken back in turn, and then it
   * is for us to go on. Absent: nobody puts marks on it.
   */
  readonly isMarked?: (found: Uint8Array) => boolean;
}

/**
 * Commits, and finds out what became of it when the answer does not come: it may have been written (faults F02, F05).
 *
 * @param undo absent: it is left as it is, whatever became of it
 */
export async function commitAndSettle(
  driver: StoreDriver,
  commit: Commit,
  undo?: Undoing,
): Promise<CommitOutcome> {
  const sent = performance.now();
  try {
    return await driver.commit(commit);
  } catch (cause) {
    if (!(cause instanceof StoreUnavailable) || cause.isSettled || commit.puts.length === 0) throw cause;
    do {
      if (await isSafelyWritten(driver, commit)) return 'committed';
      await delay(LOOK_SOON_MS);
    } while (performance.now() - sent < LOOK_UNTIL_MS);
    // The client is told 503 and has nothing. What it wanted to redeem must be good for its next try.
    if (undo) goOn(driver, undoLater(driver, commit, undo, sent));
    throw cause;
  }
}

async function isSafelyWritten(driver: StoreDriver, commit: Commit): Promise<boolean> {
  try {
    if ((await stateOf(driver, commit)) !== 'written') return false;
    await driver.assure(commit.deadKey);
    return true;
  } catch (error) {
    if (error instanceof StoreUnavailable) return false;
    throw error;
  }
}

async function stateOf(
  driver: StoreDriver,
  { puts }: Commit,
  isMarked: Undoing['isMarked'] = () => false,
): Promise<'written' | 'marked' | 'absent' | 'unknown'> {
  // The first value is sealed anew for each commit: no other commit writes these very bytes.
  const [put] = puts;
  if (!put) return 'unknown';
  const [found] = await driver.getMany([put.key]);
  if (found === undefined) return 'absent';
  if (Buffer.compare(found, put.value) === 0) return 'written';
  return isMarked(found) ? 'marked' : 'absent';
}

const underway = new WeakMap<StoreDriver, Set<Promise<void>>>();

function goOn(driver: StoreDriver, work: Promise<void>): void {
  const all = underway.get(driver) ?? new Set();
  underway.set(driver, all.add(work));
  void work.finally(() => all.delete(work));
}

/** Resolves when nothing is left to be taken back, or after so long. For who is about to close the store. */
export async function allTakenBack(driver: StoreDriver, withinMs: number): Promise<void> {
  const all = underway.get(driver) ?? new Set();
  if (all.size > 0) await Promise.race([Promise.all(all), delay(withinMs, undefined, { ref: false })]);
}

/** Takes back what comes to light later, so that no token lives that nobody was given. */
async function undoLater(driver: StoreDriver, commit: Commit, undo: Undoing, sent: number): Promise<void> {
  while (performance.now() - sent < GIVE_UP_MS) {
    await delay(LOOK_AGAIN_MS, undefined, { ref: false });
    try {
      const asked = performance.now();
      const state = await stateOf(driver, commit, undo.isMarked);
      if (state !== 'written') {
        if (state !== 'marked' && asked - sent > WRITTEN_BY_MS) return;
        continue;
      }
      // In one step, and only what is of this commit: by now somebody may have redeemed the same with success. It is right
      // on as many servers as have it.
      const back: Commit = { ...undoing(commit, undo.before, undo.kept), stays: true };
      if ((await driver.commit(back)) === 'committed') return;
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) return;
    }
  }
}
