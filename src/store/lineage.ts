import { StoreUnavailable } from './driver.ts';
import { key } from './keys.ts';
import { replaceUnchanged } from './replace.ts';
import type { Vault } from './vault.ts';

/** Which Redis answered last, and since when it is another one than before. */
interface LineageRecord {
  readonly id: string;
  /** Milliseconds since 1970; 0 for the first. */
  readonly since: number;
}

/** Knows when the store may have forgotten its last writes: a failover keeps no promise about those (C2.8, F04, F10). */
export interface Lineage {
  readonly unsureBefore: () => number;
  /**
   * Compares who answers with who did; of several nodes that notice a change the first one that can writes it down. Every second:
   * a cluster can give the slots back to a primary whose connection was never closed. `false`: nobody can tell now.
   */
  look(stored: Uint8Array | undefined): Promise<boolean>;
}

export async function createLineage(vault: Vault, onUnsure: (description: string) => void): Promise<Lineage> {
  const { driver } = vault;
  let known: LineageRecord | undefined;
  const open = (stored: Uint8Array | undefined): LineageRecord | undefined =>
    stored && vault.open<LineageRecord>(key.lineage, stored);
  const follow = (record: LineageRecord): void => {
    if (record.since > (known?.since ?? record.since))
      onUnsure(
        `the store at ${driver.location} was replaced or restarted and may have forgotten its last writes`,
      );
    known = record;
  };
  const writeDown = async (record: LineageRecord, stored: Uint8Array | undefined): Promise<boolean> => {
    try {
      return await replaceUnchanged(driver, vault.sealed(key.lineage, record), stored);
    } catch (error) {
      if (error instanceof StoreUnavailable) return true;
      throw error;
    }
  };
  const look = async (stored: Uint8Array | undefined): Promise<boolean> => {
    const id = await driver.lineage();
    if (id === undefined) return false;
    const before = open(stored);
    if (before?.id === id) {
      follow(before);
      return true;
    }
    const record = known?.id === id ? known : { id, since: before ? Date.now() : 0 };
    // At once: where it cannot be written down now, reading goes on, and each node has noticed by itself.
    follow(record);
    if (await writeDown(record, stored)) return true;
    return look((await driver.getMany([key.lineage]))[0]);
  };
  await look((await driver.getMany([key.lineage]))[0]);
  return {
    unsureBefore: () => known?.since ?? 0,
    look,
  };
}
