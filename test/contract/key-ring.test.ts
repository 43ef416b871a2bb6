import { randomBytes } from 'node:crypto';
import { setImmediate as turn } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import {
  SealBroken,
  StoreUnavailable,
  createStoreKeys,
  createVault,
  guardEpoch,
  key,
  newGrantId,
  newTokenText,
  openKeyRing,
  readRefreshText,
  type StoreDriver,
} from '../../src/store/index.ts';
import { PLACES, atOnce, type Place } from './stores.ts';

const secret = (): Uint8Array => randomBytes(32);
/** Longer than nodes need to read of a new data key. */
const SETTLING_MS = 2500;
const SETTLED_MS = 3000;
const NAME = 'gh:{s.ring}:session';

/** A machine that stands still for a moment makes Redis late, which nodes refuse; whoever asks again is served. */
async function again<Result>(work: () => Promise<Result>, times = 3): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (times === 1 || !(error instanceof StoreUnavailable)) throw error;
    return again(work, times - 1);
  }
}

describe.each(PLACES)('the keys a store is sealed under, on %s', (_name, makePlace) => {
  let place: Place;
  let driver: StoreDriver;
  let first: Uint8Array;
  beforeAll(async () => {
    place = await makePlace();
    driver = await place.open();
    first = secret();
  });
  afterAll(() => place.clear());

  const dataKeyOf = async (name: string): Promise<number> => {
    const [value] = await driver.getMany([name]);
    return Buffer.from(value!).readUInt32BE(1);
  };

  test('[SEC-11] nodes that start at once end up with the same ones', async () => {
    const rings = await atOnce(() => openKeyRing(driver, [first]), 8);
    const [one] = rings;
    const sealed = one!.keys.seal(NAME, Buffer.from('mine'));
    for (const { keys } of rings) expect(Buffer.from(keys.open(NAME, sealed)).toString()).toBe('mine');
    expect(new Set(rings.map(({ keys }) => keys.keyedHash('token', 'x'))).size).toBe(1);
  });

  test('[SEC-11] in a store of before there was a ring, what was sealed and proved by the secret alone is still taken', async () => {
    const other = await makePlace();
    try {
      const there = await other.open();
      const old = createStoreKeys(first);
      await there.put({ key: key.epoch, value: old.seal(key.epoch, Buffer.from('{}')) });
      const { keys } = await openKeyRing(there, [first]);
      expect(Buffer.from(keys.open(NAME, old.seal(NAME, Buffer.from('old')))).toString()).toBe('old');
      expect(keys.keyedHash('token', 'x')).toBe(old.keyedHash('token', 'x'));
      const text = newTokenText(old, 'RefreshToken', newGrantId(), 3);
      expect(readRefreshText(keys, text)?.generation).toBe(3);
      const again = await openKeyRing(there, [first]);
      expect(
        readRefreshText(again.keys, newTokenText(keys, 'RefreshToken', newGrantId(), 4))?.generation,
      ).toBe(4);
    } finally {
      await other.clear();
    }
  });

  test('[SEC-11] [A197] in any other, who has the secret alone seals nothing that opens, and proves no refresh token', async () => {
    const { keys } = await openKeyRing(driver, [first]);
    const alone = createStoreKeys(first);
    expect(() => keys.open(NAME, alone.seal(NAME, Buffer.from('forged')))).toThrow(SealBroken);
    const grantId = newGrantId();
    expect(readRefreshText(keys, newTokenText(alone, 'RefreshToken', grantId, 4e9))).toBeUndefined();
    const own = newTokenText(keys, 'RefreshToken', grantId, 1);
    expect(readRefreshText((await openKeyRing(driver, [first])).keys, own)).toEqual({
      grantId,
      generation: 1,
    });
  });

  test('[SEC-11] the store secret is changed node by node, no value is touched, and the old one opens nothing in the end', async () => {
    const second = secret();
    const before = await openKeyRing(driver, [first]);
    await createVault(driver, before.keys).write(NAME, { who: 'amy' });
    const [written] = await driver.getMany([NAME]);
    const reads = async (secrets: readonly Uint8Array[]): Promise<unknown> =>
      createVault(driver, (await openKeyRing(driver, secrets)).keys).read(NAME);

    expect(await reads([second, first])).toEqual({ who: 'amy' });
    // A node with the old one only may still start, and one with the new one only as well.
    expect(await reads([first])).toEqual({ who: 'amy' });
    expect(await reads([second])).toEqual({ who: 'amy' });
    await (await openKeyRing(driver, [second])).rewrap();
    expect(await reads([second])).toEqual({ who: 'amy' });
    await expect(openKeyRing(driver, [first])).rejects.toThrow(SealBroken);
    await expect(openKeyRing(driver, [first])).rejects.toThrow(/is sealed under another secret/);
    expect(await driver.getMany([NAME])).toEqual([written]);
    first = second;
  });

  test('[SEC-11] the data key is changed while nodes write and read: every node reads what any wrote', async () => {
    const node = async () => {
      const ring = await openKeyRing(driver, [first]);
      const guard = await guardEpoch(driver, ring.keys, { ring, onChange: () => undefined });
      return { vault: createVault(guard.driver, ring.keys), stop: guard.stop };
    };
    const nodes = [await node(), await node()];
    const operator = await openKeyRing(driver, [first]);
    await nodes[0]!.vault.write(NAME, {});
    const before = await dataKeyOf(NAME);
    const until = Date.now() + SETTLED_MS + 1500;
    let at = 0;
    const load = async (writer: number): Promise<void> => {
      while (Date.now() < until) {
        const name = `gh:{s.${(at += 1)}}:session`;
        await again(() => nodes[writer]!.vault.write(name, { at: name }, 60));
        expect(await again(() => nodes[1 - writer]!.vault.read(name))).toEqual({ at: name });
        await turn();
      }
    };
    const loads = Promise.all([load(0), load(1)]);
    const id = await operator.rotate(SETTLING_MS);
    expect(id).not.toBe(before);
    await loads;
    expect(at).toBeGreaterThan(100);
    for (const { vault, stop } of nodes) {
      await vault.write(NAME, {});
      expect(await dataKeyOf(NAME)).toBe(id);
      stop();
    }
    expect(await dataKeyOf('gh:{s.1}:session')).toBe(before);
  }, 20_000);

  test('[A197] an edited or moved value is an alarm, and not absent', async () => {
    const { keys } = await openKeyRing(driver, [first]);
    const broken = jest.fn();
    const vault = createVault(driver, keys, broken);
    await vault.write(NAME, { mine: true });
    const [good] = await driver.getMany([NAME]);
    const moved = 'gh:{s.moved}:session';
    const values = [
      good!.map((byte, index) => (index === good!.length - 1 ? byte ^ 1 : byte)),
      good!.map((byte, index) => (index === 4 ? byte ^ 0x40 : byte)),
      good!.subarray(0, 3),
      Buffer.from('not ours'),
    ];
    for (const value of values) {
      await driver.put({ key: NAME, value });
      await expect(vault.read(NAME)).rejects.toThrow(SealBroken);
    }
    await driver.put({ key: moved, value: good! });
    await expect(vault.take(moved)).rejects.toThrow(SealBroken);
    expect(broken.mock.calls).toEqual([...values.map(() => [NAME]), [moved]]);
  });

  test('[SEC-11] nothing of the keys lies open in the store', async () => {
    const [stored] = await driver.getMany([key.ring]);
    const text = Buffer.from(stored!).toString('latin1');
    expect(text).toMatch(/^\{"begun":2,"root":/);
    for (const form of ['base64', 'base64url', 'hex', 'latin1'] as const)
      expect(text).not.toContain(Buffer.from(first).toString(form));
  });
});
