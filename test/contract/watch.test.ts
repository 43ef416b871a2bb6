import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';

import type { Commit, StoreDriver, Watcher } from '../../src/store/index.ts';
import { until } from '../support/app.ts';
import { PLACES, atOnce, type Place } from './stores.ts';

const VALUE = Uint8Array.of(7);

/** What a watcher was told, in order. */
interface Ear extends Watcher {
  readonly told: ('missed' | number | { readonly name: string; readonly at: number })[];
  latest(): number;
  stop(): void;
}

function earOn(driver: StoreDriver): Ear {
  const told: Ear['told'] = [];
  const ear = {
    told,
    ended: (name: string) => void told.push({ name, at: performance.now() }),
    missed: () => void told.push('missed'),
    upTo: (moment: number) => void told.push(moment),
    latest: () => told.findLast((one) => typeof one === 'number') ?? -Infinity,
  };
  return { ...ear, stop: driver.watch(ear) };
}

/** Before it says that it knows everything up to a moment after this, has it said this, or that it may have missed it? */
function knewInTime({ told }: Ear, name: string, from: number, endedBy: number): boolean {
  const claim = told.findIndex((one, at) => at >= from && typeof one === 'number' && one >= endedBy);
  return told
    .slice(from, claim)
    .some((one) => one === 'missed' || (typeof one === 'object' && one.name === name));
}

// A command is told nothing: its driver through the socket knows nothing.
const WATCHED = PLACES.filter(([name]) => name !== 'embedded, through its socket');

describe.each(WATCHED)('watching %s', (_name, makePlace) => {
  let place: Place;
  let driver: StoreDriver;
  let other: StoreDriver;
  let ear: Ear;
  beforeAll(async () => {
    place = await makePlace();
    driver = await place.open();
    other = await place.open();
  });
  afterEach(() => ear.stop());
  afterAll(() => place.clear());

  const listening = async (): Promise<Ear> => {
    ear = earOn(driver);
    await until(() => ear.latest() > -Infinity, 'the watcher hears');
    return ear;
  };
  const commitOf = (change: Partial<Commit> = {}): Commit => {
    const tag = randomBytes(16).toString('base64url');
    return {
      mode: 'issue',
      deadKey: `gh:{${tag}}:dead`,
      deadTtlSeconds: 60,
      consume: [],
      puts: [{ key: `gh:{${tag}}:grant`, value: VALUE, ttlSeconds: 60 }],
      removes: [],
      ...change,
    };
  };
  const upToDate = (): Promise<void> => {
    const now = performance.now();
    return until(() => ear.latest() >= now, 'all of it was told');
  };
  const names = (): string[] => ear.told.flatMap((one) => (typeof one === 'object' ? [one.name] : []));

  test('[REV-05] [REV-07] every way in which something ends is told, and what is only issued is not', async () => {
    await listening();
    const [issued, revoked, replayed] = [commitOf(), commitOf({ mode: 'revoke', puts: [] }), commitOf()];
    await driver.commit(issued);
    await driver.commit(revoked);
    const once = { ...replayed, consume: [{ key: `${replayed.deadKey}:used`, ttlSeconds: 60 }] };
    expect([await driver.commit(once), await driver.commit(once)]).toEqual(['committed', 'lost']);
    const removed = commitOf({ puts: [], removes: ['x'] });
    await driver.commit({ ...removed, removes: [removed.deadKey.replace(':dead', ':at:1')] });
    await driver.announce({ key: 'gh:{epoch}:changes', value: VALUE });
    expect(await driver.getMany(['gh:{epoch}:changes'])).toEqual([Buffer.from(VALUE)]);
    await upToDate();
    const told = new Set(names());
    expect(told).toEqual(new Set([revoked.deadKey, replayed.deadKey, removed.deadKey, 'gh:{epoch}:changes']));
  });

  test('[REV-05] [F20] no ending of another node is missed unsaid, with many at once on every primary', async () => {
    await listening();
    const endings = await atOnce(async () => {
      const revoke = commitOf({ mode: 'revoke', puts: [] });
      const from = ear.told.length;
      await other.commit(revoke);
      return { name: revoke.deadKey, from, endedBy: performance.now() };
    });
    await upToDate();
    for (const { name, from, endedBy } of endings) {
      expect({ name, knew: knewInTime(ear, name, from, endedBy) }).toEqual({ name, knew: true });
    }
  });

  test('[REV-05] a subscription that was cut is made anew, and says that it may have missed something', async () => {
    await listening();
    if (driver.name === 'embedded') return;
    const from = ear.told.length;
    await place.tell('client kill type pubsub');
    const revoke = commitOf({ mode: 'revoke', puts: [] });
    await other.commit(revoke);
    const endedBy = performance.now();
    await upToDate();
    expect(knewInTime(ear, revoke.deadKey, from, endedBy)).toBe(true);
    await until(() => ear.told.slice(from).includes('missed'), 'it said that it may have missed something');
  });

  test('[REV-05] [F01] of a store that is away nobody says that everything was told', async () => {
    await listening();
    await place.takeAway(driver);
    const gone = performance.now();
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect(ear.latest()).toBeLessThan(gone);
  });
});
