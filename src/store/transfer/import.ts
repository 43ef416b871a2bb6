import { setTimeout as delay } from 'node:timers/promises';

import type { Row, StoreDriver } from '../driver.ts';
import { QUIET_AFTER_MS, adoptStore, closeStore, readEpoch, type StoreEpoch } from '../epoch.ts';
import { key } from '../keys.ts';
import type { StoreKeys } from '../sealing.ts';
import { createVault } from '../vault.ts';
import { TransferRefused, openExport, type VerifiedExport } from './export-file.ts';
import { kindOf, showsUse } from './row-kind.ts';

/** So long after it was made a final export is still the last word on what lives; later it is a backup like any other. */
const FINAL_FOR_MS = 24 * 3_600_000;

export interface ImportOptions {
  readonly file: string;
  /** Merge into a store that holds something already. */
  readonly intoUsed: boolean;
  /** How long to wait for servers that run on the store, in milliseconds; default {@link QUIET_AFTER_MS}. */
  readonly quietMs?: number;
}

export interface ImportSummary {
  readonly written: number;
  /** Rows that were there already, or had expired. */
  readonly skipped: number;
  /** Rows of what lives that a backup does not bring back. */
  readonly leftOut: number;
  /** Why what lives was left out: the file is a backup, a final export that is too old, or one that was imported here. */
  readonly as: 'move' | 'backup' | 'too-old' | 'repeated';
  readonly epoch: StoreEpoch;
}

/**
 * Brings an export into a store, which is closed to servers meanwhile and has a new epoch afterwards. What is there stays.
 * Of a backup nothing comes that could have been revoked after it was made: no grant, no token, no session.
 *
 * @throws TransferRefused before anything is written
 */
export async function importStore(
  driver: StoreDriver,
  keys: StoreKeys,
  { file, intoUsed, quietMs = QUIET_AFTER_MS }: ImportOptions,
): Promise<ImportSummary> {
  const source = await openExport(file, keys);
  try {
    const before = await readEpoch(driver, keys);
    if (!intoUsed) await mustBeUnused(driver, before);
    const goesOn = before?.closed === 'import';
    const isRepeated = intoUsed ? await mustFit(driver, keys, source, goesOn) : false;
    const as = wayOf(source, isRepeated);
    await closeStore(driver, keys, 'import');
    if (before && !before.closed) await delay(quietMs);
    // Made by a server that started here before: what was signed elsewhere must go on being good.
    if (!intoUsed) await driver.remove([key.signingKeys]);
    const counts = await restoreAll(driver, source, as === 'move');
    return { ...counts, as, epoch: await adoptStore(driver, keys) };
  } finally {
    await source.close();
  }
}

function wayOf({ header }: VerifiedExport, isRepeated: boolean): ImportSummary['as'] {
  if (!header.final) return 'backup';
  if (Date.now() - header.made > FINAL_FOR_MS) return 'too-old';
  return isRepeated ? 'repeated' : 'move';
}

async function mustBeUnused(driver: StoreDriver, epoch: StoreEpoch | undefined): Promise<void> {
  const hint =
    epoch?.closed === 'import'
      ? 'an import into it has not ended; repeat it with --into-used'
      : 'import into an empty one, or with --into-used add to what is there';
  for await (const rows of driver.dump())
    if (rows.some(showsUse)) throw new TransferRefused(`the store at ${driver.location} is in use: ${hint}`);
}

/**
 * Looks whether the file can be merged with what is there.
 *
 * @param goesOn an import was interrupted, so that finding its grants means nothing
 * @returns whether grants of the file have been here before: what was ended of them since must not come back
 */
async function mustFit(
  driver: StoreDriver,
  keys: StoreKeys,
  source: VerifiedExport,
  goesOn: boolean,
): Promise<boolean> {
  const vault = createVault(driver, keys);
  let isRepeated = false;
  const look = async (row: Row): Promise<void> => {
    const [, tag, what] = ('key' in row && /^gh:\{([^}]+)\}:(login|grant)$/.exec(row.key)) || [];
    if (!('key' in row) || tag === undefined) return;
    if (what === 'grant' && !goesOn) {
      const found = await driver.getMany([key.grant(tag), key.dead(tag)]);
      if (found.some((value) => value !== undefined)) isRepeated = true;
    }
    if (what !== 'login') return;
    const there = await vault.read<{ accountId: string }>(row.key);
    if (there && there.accountId !== vault.open<{ accountId: string }>(row.key, row.value).accountId)
      throw new TransferRefused(
        `the store at ${driver.location} has another person under a user name of the file; import into an empty store`,
      );
  };
  for await (const rows of source.batches()) await Promise.all(rows.map(look));
  return isRepeated;
}

async function restoreAll(
  driver: StoreDriver,
  source: VerifiedExport,
  withLiving: boolean,
): Promise<Pick<ImportSummary, 'written' | 'skipped' | 'leftOut'>> {
  let [written, taken] = [0, 0];
  for await (const rows of source.batches()) {
    const wanted = rows.filter((row) => {
      const kind = kindOf(row);
      return kind === 'lasting' || kind === 'ended' || (kind === 'living' && withLiving);
    });
    written += await driver.restore(wanted);
    taken += wanted.length;
  }
  return { written, skipped: taken - written, leftOut: source.rows - taken };
}
