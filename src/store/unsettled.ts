import { setTimeout as delay } from 'node:timers/promises';

import { StoreUnavailable, type Commit, type CommitOutcome, type StoreDriver } from './driver.ts';
import { undoing } from './undoing.ts';

/** A lost connection is made anew within this, as a rule. */
const LOOK_SOON_MS = 50;
/** The last look begins no later than this after the commit was sent: with it the answer is still within two seconds. */
const LOOK_UNTIL_MS = 1000;
const LOOK_AGAIN_MS = 250;
/** Longer than a store takes to come back or to work off what it was sent; then nobody waits for it any more. */
const GIVE_UP_MS = 60_000;

/** Commits, and finds out what became of it when the answer does not come: it may have been written (faults F02, F05). */
export async function commitAndSettle(driver: StoreDriver, commit: Commit): Promise<CommitOutcome> {
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
    if (commit.consume.length > 0) void undoLater(driver, commit);
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

async function stateOf(driver: StoreDriver, { puts }: Commit): Promise<'written' | 'absent' | 'unknown'> {
  // The first value is sealed anew for each commit: no other commit writes these very bytes.
  const [put] = puts;
  if (!put) return 'unknown';
  const [found] = await driver.getMany([put.key]);
  if (found === undefined) return 'absent';
  return Buffer.compare(found, put.value) === 0 ? 'written' : 'absent';
}

/** Takes back what comes to light later, so that no token lives that nobody was given. */
async function undoLater(driver: StoreDriver, commit: Commit): Promise<void> {
  const deadline = Date.now() + GIVE_UP_MS;
  while (Date.now() < deadline) {
    await delay(LOOK_AGAIN_MS, undefined, { ref: false });
    try {
      if ((await stateOf(driver, commit)) !== 'written') continue;
      // In one step, and only what is of this commit: by now somebody may have redeemed the same with success.
      if ((await driver.commit(undoing(commit))) === 'committed') return;
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) return;
    }
  }
}
