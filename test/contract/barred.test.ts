import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { createBarred, tellOfChange, type Barred } from '../../src/store/barred.ts';
import { key, type StoreDriver } from '../../src/store/index.ts';
import { PLACES, type Place } from './stores.ts';

const NOW = Math.floor(Date.now() / 1000);
const OWNER = { clientId: 'app' };

describe.each(PLACES.filter(([name]) => name === 'embedded' || name === 'redis'))(
  'whose grants have ended, on %s',
  (_name, start) => {
    let place: Place;
    let driver: StoreDriver;
    beforeAll(async () => {
      place = await start();
      driver = await place.open();
    });
    afterAll(() => place.clear());

    const change = async () => (await driver.getMany([key.changes]))[0];
    const follow = async (barred: Barred): Promise<Barred> => {
      await barred.follow(await change());
      return barred;
    };
    /** As a replica that took over and had not heard of it. */
    const lose = async (before: Uint8Array | undefined): Promise<void> => {
      await driver.remove([key.barred]);
      for (const member of await driver.members(key.barred)) await driver.removeMember(key.barred, member);
      if (before) await driver.put({ key: key.changes, value: before });
    };
    const knowing = async (owner = OWNER, keptUntil = NOW + 100) => {
      await tellOfChange(driver);
      const before = await change();
      const barred = await follow(createBarred(driver));
      await barred.bar(owner, keptUntil);
      await follow(barred);
      return { barred, before, endedAt: barred.endedAt(owner) };
    };

    test('[C2.3] [F10] what a failover lost stays known, is put back, and told to who begins then', async () => {
      const { barred, before, endedAt } = await knowing();
      expect(endedAt).toBeGreaterThan(0);
      await lose(before);
      await follow(barred);
      expect(barred.endedAt(OWNER)).toBe(endedAt);
      expect((await follow(createBarred(driver))).endedAt(OWNER)).toBe(endedAt);
      expect(Buffer.from((await change()) ?? [])).not.toEqual(Buffer.from(before ?? []));
    });

    test('[C2.3] of two endings the later one counts, wherever it was heard of', async () => {
      const owner = { clientId: 'twice' };
      const { barred, before, endedAt } = await knowing(owner);
      await lose(before);
      await createBarred(driver).bar(owner, NOW + 200);
      await follow(barred);
      const later = barred.endedAt(owner);
      expect(later).toBeGreaterThanOrEqual(endedAt);
      expect((await follow(createBarred(driver))).endedAt(owner)).toBe(later);
    });

    test('[C2.4] what has expired is forgotten, and not put back', async () => {
      const owner = { clientId: 'expired' };
      const { barred, before } = await knowing(owner, NOW - 1);
      await lose(before);
      await follow(barred);
      expect(barred.endedAt(owner)).toBe(0);
      expect(await driver.members(key.barred)).not.toContainEqual(expect.stringMatching(/^c\.expired@/));
    });

    test('[F28] what a version wrote that did not say until when counts, too', async () => {
      const owner = { clientId: 'a@b.c' };
      await driver.addMember(key.barred, 'c.a@b.c@1234567', NOW + 100);
      await tellOfChange(driver);
      expect((await follow(createBarred(driver))).endedAt(owner)).toBe(1234567);
    });

    test('[C2.5] [F07] while nothing can be put back it is known still, and put back later', async () => {
      const owner = { clientId: 'full' };
      let isFull = false;
      const full = new Proxy(driver, {
        get: (target, name) =>
          name === 'addMember' && isFull
            ? () => Promise.reject(new Error('OOM'))
            : (Reflect.get(target, name, target) as () => void).bind(target),
      });
      await tellOfChange(driver);
      const before = await change();
      const barred = await follow(createBarred(full));
      await barred.bar(owner, NOW + 100);
      await follow(barred);
      await lose(before);
      isFull = true;
      await follow(barred);
      expect(barred.endedAt(owner)).toBeGreaterThan(0);
      isFull = false;
      await follow(barred);
      expect((await follow(createBarred(driver))).endedAt(owner)).toBe(barred.endedAt(owner));
    });
  },
);
