import { setTimeout as delay } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { StoreUnavailable, type Row, type StoreDriver } from '../../src/store/index.ts';
import { PLACES, type Place } from './stores.ts';

const MANY = 1500;
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const nowSeconds = (): number => Math.floor(Date.now() / 1000);

async function rowsOf(driver: StoreDriver): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const batch of driver.dump()) rows.push(...batch);
  return rows;
}

/** What a row says, to compare: bytes as text, times left out. */
function saying(row: Row): string {
  return 'key' in row ? `${row.key}=${Buffer.from(row.value).toString()}` : `${row.index}∋${row.member}`;
}

describe.each(PLACES)('moving what is in %s', (_name, makePlace) => {
  let place: Place;
  let driver: StoreDriver;
  beforeAll(async () => {
    place = await makePlace();
    driver = await place.open();
  });
  afterAll(() => place.clear());

  test('[C2] of nothing there is nothing to dump', async () => {
    expect(await rowsOf(driver)).toEqual([]);
    expect(await driver.restore([])).toBe(0);
  });

  test('[C2] every row of ours is in a dump, with its bytes and its times; what expired and what is not ours is not', async () => {
    const until = nowSeconds() + 3600;
    await driver.put({ key: 'gh:{d1}:good', value: Uint8Array.of(0, 0xff, 0x0a, 0x22) });
    await driver.put({ key: 'gh:{d1}:hour', value: bytes('x'), ttlSeconds: 3600 });
    await driver.put({ key: 'gh:{d1}:gone', value: bytes('x'), ttlSeconds: 0.02 });
    await driver.put({ key: 'other:{d1}', value: bytes('x') });
    await driver.addMember('gh:{d2}:all', 'ä \u2028 }');
    await driver.addMember('gh:{d2}:all', 'hour', until);
    await driver.addMember('gh:{d2}:all', 'past', nowSeconds() - 1);
    await delay(30);
    const rows = await rowsOf(driver);
    const found = new Map(rows.map((row) => ['key' in row ? row.key : row.member, row]));
    expect([...found.keys()].sort()).toEqual(['gh:{d1}:good', 'gh:{d1}:hour', 'hour', 'ä \u2028 }']);
    const good = found.get('gh:{d1}:good')!;
    expect('value' in good && [...good.value]).toEqual([0, 0xff, 0x0a, 0x22]);
    expect(good).not.toHaveProperty('expiresMs');
    const hour = found.get('gh:{d1}:hour')!;
    expect('expiresMs' in hour && hour.expiresMs / 1000 - until).toBeCloseTo(0, -1);
    expect(found.get('hour')).toEqual({ index: 'gh:{d2}:all', member: 'hour', expiresAt: until });
    expect(found.get('ä \u2028 }')).not.toHaveProperty('expiresAt');
  });

  test('[C2.4] restored is what was dumped, until the same moment, and what has expired is left out', async () => {
    const soon = Date.now() + 400;
    const written = await driver.restore([
      { key: 'gh:{r1}:good', value: Uint8Array.of(0, 0xff) },
      { key: 'gh:{r1}:soon', value: bytes('x'), expiresMs: soon },
      { key: 'gh:{r1}:late', value: bytes('x'), expiresMs: Date.now() - 1 },
      { index: 'gh:{r2}:all', member: 'one' },
      { index: 'gh:{r2}:all', member: 'hour', expiresAt: nowSeconds() + 3600 },
      { index: 'gh:{r2}:all', member: 'late', expiresAt: nowSeconds() - 1 },
    ]);
    expect(written).toBe(4);
    const names = ['gh:{r1}:good', 'gh:{r1}:soon', 'gh:{r1}:late'];
    const found = await driver.getMany(names);
    expect(found.map((value) => value && [...value])).toEqual([[0, 0xff], [120], undefined]);
    expect([...(await driver.members('gh:{r2}:all'))].sort()).toEqual(['hour', 'one']);
    await delay(soon - Date.now() + 20);
    expect((await driver.getMany(names)).map((value) => value !== undefined)).toEqual([true, false, false]);
  });

  test('[C2.3] what is there stays as it is; what was there and expired gives way', async () => {
    const until = nowSeconds() + 3600;
    await driver.put({ key: 'gh:{k1}:a', value: bytes('mine') });
    await driver.put({ key: 'gh:{k1}:b', value: bytes('old'), ttlSeconds: 0.02 });
    await driver.addMember('gh:{k2}:all', 'a', until);
    await driver.addMember('gh:{k2}:all', 'b', nowSeconds() - 1);
    await delay(30);
    const written = await driver.restore([
      { key: 'gh:{k1}:a', value: bytes('theirs'), expiresMs: Date.now() + 50 },
      { key: 'gh:{k1}:b', value: bytes('theirs') },
      { index: 'gh:{k2}:all', member: 'a', expiresAt: nowSeconds() + 1 },
      { index: 'gh:{k2}:all', member: 'b' },
    ]);
    expect(written).toBe(2);
    const rows = (await rowsOf(driver)).filter((row) => saying(row).startsWith('gh:{k'));
    expect(rows.map(saying).sort()).toEqual([
      'gh:{k1}:a=mine',
      'gh:{k1}:b=theirs',
      'gh:{k2}:all∋a',
      'gh:{k2}:all∋b',
    ]);
    expect(rows).toContainEqual({ index: 'gh:{k2}:all', member: 'a', expiresAt: until });
  });

  test(`[C2] ${MANY} rows and an index of ${MANY}: a dump restored is the same again`, async () => {
    const rows = Array.from({ length: MANY }, (_, at): Row[] => [
      { key: `gh:{m${at}}:grant`, value: bytes(`value ${at}`), expiresMs: Date.now() + 3_600_000 },
      { index: 'gh:{many}:all', member: `m${at}`, expiresAt: nowSeconds() + 3600 },
    ]).flat();
    expect(await driver.restore(rows)).toBe(2 * MANY);
    expect(await driver.restore(rows)).toBe(0);
    const dumped = (await rowsOf(driver)).map(saying).filter((one) => /^gh:\{m(any|\d+)\}/.test(one));
    expect([...new Set(dumped)].sort()).toEqual(rows.map(saying).sort());
  });

  test('[C2] a dump that nobody reads to its end leaves the store as usable as before', async () => {
    for await (const batch of driver.dump()) {
      expect(batch.length).toBeGreaterThan(0);
      break;
    }
    await driver.put({ key: 'gh:{z}:a', value: bytes('1') });
    expect(await driver.take('gh:{z}:a')).toBeDefined();
  });

  test('[A184] [F01] a store that is gone dumps nothing and takes nothing', async () => {
    const lost = await place.open();
    await place.takeAway(lost);
    await expect(rowsOf(lost)).rejects.toThrow(StoreUnavailable);
    await expect(lost.restore([{ key: 'gh:{z}:b', value: bytes('1') }])).rejects.toThrow(StoreUnavailable);
  });
});
