import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import {
  createGrantIndex,
  createGrantList,
  createStoreKeys,
  createVault,
  key,
  newGrantId,
  type StoreDriver,
} from '../../src/store/index.ts';
import { PLACES, type Place } from './stores.ts';

const SOON = Math.ceil(Date.now() / 1000) + 600;
const MANY = 4000;
/** As many as may be under way at a time. */
const AT_ONCE = 200;

/** The same driver; tells how many of its commands were under way at most. */
function counted(driver: StoreDriver): { readonly driver: StoreDriver; readonly most: () => number } {
  let underway = 0;
  let most = 0;
  const proxy = new Proxy(driver, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (name !== 'commit' && name !== 'getMany')
        return typeof member === 'function' ? (member.bind(target) as unknown) : member;
      return async (...args: unknown[]): Promise<unknown> => {
        underway += 1;
        most = Math.max(most, underway);
        try {
          return await (Reflect.apply(member as () => unknown, target, args) as Promise<unknown>);
        } finally {
          underway -= 1;
        }
      };
    },
  });
  return { driver: proxy, most: () => most };
}

describe.each(PLACES.filter(([name]) => name === 'embedded' || name === 'redis'))(
  'a client with thousands of grants, on %s',
  (_name, start) => {
    const clientId = 'large';
    const grants = Array.from({ length: MANY }, newGrantId);
    let place: Place;
    let opened: StoreDriver;
    beforeAll(async () => {
      place = await start();
      opened = await place.open();
      const vault = createVault(opened, keys);
      const rows = grants.flatMap((grantId) => {
        const name = key.grant(grantId);
        const { value } = vault.sealed(name, { clientId, accountId: 'amy', exp: SOON });
        const index = key.clientGrants(clientId);
        return [
          { key: name, value, expiresMs: SOON * 1000 },
          { index, member: grantId, expiresAt: SOON },
        ];
      });
      await opened.restore(rows);
    }, 60_000);
    afterAll(() => place.clear());
    const keys = createStoreKeys(randomBytes(32));

    test('[C2.3] [C2.11] all are listed, and a few at a time are asked for', async () => {
      const { driver, most } = counted(opened);
      const list = await createGrantList(createVault(driver, keys))({ clientId });
      expect(list.map(({ grantId }) => grantId).toSorted()).toEqual(grants.toSorted());
      expect(most()).toBeLessThanOrEqual(AT_ONCE);
    });

    test('[C2.3] [C2.11] [A169] all end when it is disabled, a few at a time, and others are served meanwhile', async () => {
      const { driver, most } = counted(opened);
      const slowest = slowestOf(() => opened.getMany(['{other}:key']));
      expect(await createGrantIndex(driver, 600).revokeAllOf({ clientId })).toBe(MANY);
      expect(await slowest()).toBeLessThan(800);
      expect(most()).toBeLessThanOrEqual(AT_ONCE);
      const dead = await Promise.all(grants.map((grantId) => opened.getMany([key.dead(grantId)])));
      expect(dead.filter(([tombstone]) => tombstone === undefined)).toEqual([]);
      expect(await createGrantList(createVault(opened, keys))({ clientId })).toEqual([]);
    }, 60_000);
  },
);

/** Asks again and again; the answer is how long it took at most, in milliseconds. */
function slowestOf(ask: () => Promise<unknown>): () => Promise<number> {
  let isOver = false;
  const asking = (async () => {
    let slowest = 0;
    while (!isOver) {
      const began = performance.now();
      await ask();
      await new Promise((resolve) => setTimeout(resolve, 5));
      slowest = Math.max(slowest, performance.now() - began);
    }
    return slowest;
  })();
  return () => {
    isOver = true;
    return asking;
  };
}
