import type { Put, StoreDriver } from './driver.ts';

/**
 * Puts a value in the place of the one that was read, in one step.
 *
 * @param before as it was read, to the byte; `undefined`: nothing was there
 * @returns `false` where somebody was quicker: nothing is written, and what is there now has to be read
 */
export async function replaceUnchanged(
  driver: StoreDriver,
  put: Put,
  before: Uint8Array | undefined,
): Promise<boolean> {
  const outcome = await driver.commit({
    mode: 'issue',
    // Of this key there is never a tombstone.
    deadKey: `${put.key}:dead`,
    deadTtlSeconds: 1,
    expect: [{ key: put.key, value: before }],
    consume: [],
    puts: [put],
    removes: [],
  });
  return outcome === 'committed';
}
