import { setTimeout as delay } from 'node:timers/promises';

import { tellOfChange } from '../barred.ts';
import type { Row, StoreDriver } from '../driver.ts';
import { QUIET_AFTER_MS, adoptStore, closeStore, readEpoch, type StoreEpoch } from '../epoch.ts';
import { key } from '../keys.ts';
import type { KeyRing } from '../key-ring.ts';
import { createExchangeableKeys, type KeyMaterial } from '../sealing.ts';
import { createVault, type Vault } from '../vault.ts';
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
  ring: KeyRing,
  { file, intoUsed, quietMs = QUIET_AFTER_MS }: ImportOptions,
): Promise<ImportSummary> {
  const { keys } = ring;
  const source = await openExport(file, ring);
  try {
    const before = await readEpoch(driver, keys);
    if (!intoUsed) await mustBeUnused(driver, before);
    const goesOn = before?.closed === 'import';
    const isRepeated = intoUsed ? await mustFit(createVault(driver, keys), source, goesOn) : false;
    const as = wayOf(source, isRepeated);
    const isMerged = await ring.adopt(source.material, 'merge');
    if (!isMerged && intoUsed)
      throw new TransferRefused(
        `the store at ${driver.location} was begun under another store secret than the file; import into an empty store`,
      );
    await closeStore(driver, keys, 'import');
    if (before && !before.closed) await delay(quietMs);
    // Made by a server that started here before: what was signed elsewhere must go on being good.
    if (!intoUsed) await driver.remove([key.signingKeys, key.recordKeys, key.auditKeys]);
    if (!isMerged) await takeKeys(driver, ring, source.material, before);
    const counts = await restoreAll(driver, source, as === 'move');
    await tellOfChange(driver);
    return { ...counts, as, epoch: await adoptStore(driver, keys) };
  } finally {
    await source.close();
  }
}

/**
 * The rows of the file are sealed under its own keys, which come first. Where nothing is used yet, the names here may hang on
 * another root: then the file's keys take the place of ours, and what is left of the store's own record is made anew.
 */
async function takeKeys(
  driver: StoreDriver,
  ring: KeyRing,
  material: KeyMaterial,
  before: StoreEpoch | undefined,
): Promise<void> {
  await ring.adopt(material, 'replace');
  await driver.remove([key.lineage, key.changes]);
  await closeStore(driver, ring.keys, 'import', { epoch: before });
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
async function mustFit(vault: Vault, source: VerifiedExport, goesOn: boolean): Promise<boolean> {
  const { driver } = vault;
  const theirs = createVault(driver, createExchangeableKeys(source.material));
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
    if (there && there.accountId !== theirs.open<{ accountId: string }>(row.key, row.value).accountId)
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
