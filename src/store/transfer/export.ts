import { setTimeout as delay } from 'node:timers/promises';

import type { Row, StoreDriver } from '../driver.ts';
import { QUIET_AFTER_MS, closeStore, readEpoch } from '../epoch.ts';
import type { KeyRing } from '../key-ring.ts';
import { writeExport } from './export-file.ts';
import { kindOf } from './row-kind.ts';

export interface ExportOptions {
  readonly file: string;
  /** For moving: the store is closed first, and stays closed. */
  readonly final: boolean;
  /** Told once the store is closed, before we wait for the servers that run on it. */
  readonly onClosed?: () => void;
  /** How long to wait for them, in milliseconds; default {@link QUIET_AFTER_MS}. */
  readonly quietMs?: number;
}

/**
 * Writes what a store holds to a file: all of it but counters, sealed as it is.
 *
 * @returns how many rows
 * @throws TransferRefused when the file cannot be written; the store is as it was
 */
export async function exportStore(
  driver: StoreDriver,
  ring: KeyRing,
  { file, final, onClosed, quietMs = QUIET_AFTER_MS }: ExportOptions,
): Promise<number> {
  const { keys } = ring;
  return writeExport(file, ring, async () => {
    const epoch = await readEpoch(driver, keys);
    if (final) {
      await closeStore(driver, keys, 'moved');
      onClosed?.();
      // Until then somebody may still be given a token that the file would not know.
      await delay(quietMs);
    }
    const about = { made: Date.now(), epoch: epoch?.id ?? null, final, driver: driver.name };
    return { about, batches: withoutPassing(driver.dump()) };
  });
}

async function* withoutPassing(batches: AsyncIterable<readonly Row[]>): AsyncGenerator<readonly Row[]> {
  for await (const rows of batches) yield rows.filter((row) => kindOf(row) !== 'passing');
}
