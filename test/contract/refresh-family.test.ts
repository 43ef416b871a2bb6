import { randomBytes } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Adapter } from 'oidc-provider';
import { grantWords } from '../../src/compose-provider.ts';
import {
  SealBroken,
  createGrantIndex,
  createProviderAdapter,
  createStoreKeys,
  createVault,
  key,
  newGrantId,
  newTokenText,
  runInRequestScope,
  type ScopeOutcome,
  type StoreDriver,
  type Vault,
} from '../../src/store/index.ts';
import { CALLERS, PLACES, atOnce, type Place } from './stores.ts';

const TTL = 600;
const keys = createStoreKeys(randomBytes(32));

describe.each(PLACES)('the refresh tokens of a grant, on %s', (_name, makePlace) => {
  let place: Place;
  let driver: StoreDriver;
  let vault: Vault;
  let adapter: (model: string) => Adapter;
  beforeAll(async () => {
    place = await makePlace();
    driver = await place.open();
    vault = createVault(driver, keys);
    adapter = createProviderAdapter({
      vault,
      grants: createGrantIndex(driver, TTL),
      grantTtlSeconds: TTL,
      words: grantWords({ fhirServers: [] }, keys),
      trust: { unsureBefore: () => 0, endedAt: () => 0 },
      msLeft: () => Infinity,
      findClient: async () => undefined,
    });
  });
  afterAll(() => place.clear());

  const inRequest = <Result>(work: Parameters<typeof runInRequestScope<Result>>[2], more: object = {}) =>
    runInRequestScope(
      vault,
      { deadTtlSeconds: TTL, graceSeconds: 30, purpose: 'token' as const, ...more },
      work,
    );
  const text = (grantId: string, generation: number) =>
    newTokenText(keys, 'RefreshToken', grantId, generation);
  const refreshTokens = () => adapter('RefreshToken');

  /** A grant with its first refresh token, as a code exchange leaves it. */
  async function newFamily(): Promise<{ id: string; first: string }> {
    const id = newGrantId();
    const first = text(id, 0);
    await inRequest(async (scope) => {
      await adapter('Grant').upsert(id, { jti: id, accountId: 'ada', clientId: 'app' }, TTL);
      await refreshTokens().upsert(first, { jti: first, grantId: id, scope: 'openid' }, TTL);
      return scope.commit('succeeded', '{"first":true}');
    });
    return { id, first };
  }

  interface Refreshed {
    readonly outcome: ScopeOutcome['outcome'] | 'reuse' | 'unknown';
    readonly again?: string;
    readonly next: string;
    readonly answer: string;
  }

  /** What the provider does with a refresh token, and the request around it. */
  function useToken(
    id: string,
    shown: string,
    more: object = {},
    meanwhile: () => Promise<unknown> = async () => undefined,
  ): Promise<Refreshed> {
    return inRequest(async (scope): Promise<Refreshed> => {
      const found = await refreshTokens().find(shown);
      await meanwhile();
      const next = text(id, (found?.['rotations'] ?? 0) + 1);
      const answer = JSON.stringify({ refresh_token: next });
      if (!found) return { outcome: 'unknown', next, answer };
      if (found['consumed']) {
        await adapter('Grant').destroy(id);
        await scope.commit('refused');
        return { outcome: 'reuse', next, answer };
      }
      await refreshTokens().consume(shown);
      await refreshTokens().upsert(next, { ...found, jti: next }, TTL);
      return { ...(await scope.commit('succeeded', answer)), next, answer };
    }, more);
  }

  test('[C3] [C2.11] a refresh that meets a repeat of the one before it goes through', async () => {
    const { id, first } = await newFamily();
    const second = await useToken(id, first);
    const third = await useToken(id, second.next, {}, async () => {
      expect((await useToken(id, first)).again).toBe(second.answer);
    });
    expect(third).toMatchObject({ outcome: 'committed' });
    expect(third.again).toBeUndefined();
    expect((await useToken(id, third.next)).outcome).toBe('committed');
  });

  test('[C3] a refresh that meets another with the same token gets the answer of the quicker one', async () => {
    const { id, first } = await newFamily();
    const second = await useToken(id, first);
    const quicker: Refreshed[] = [];
    const slower = await useToken(id, second.next, {}, async () => {
      await useToken(id, first);
      quicker.push(await useToken(id, second.next));
    });
    expect(slower).toMatchObject({ outcome: 'committed', again: quicker[0]!.answer });
  });

  test('[C2.11] what comes to its end after its client was told 503 writes nothing, and the token stays good', async () => {
    const { id, first } = await newFamily();
    await expect(useToken(id, first, { msLeft: () => 0 })).rejects.toMatchObject({ isSettled: true });
    expect((await useToken(id, first)).outcome).toBe('committed');
  });

  test('[A197] [C3] a kept answer that was edited is an alarm, and not a replay that ends the grant', async () => {
    const { id, first } = await newFamily();
    const { next } = await useToken(id, first);
    const [answer] = await driver.getMany([key.answer(id)]);
    const edited = answer!.map((byte, at) => (at === answer!.length - 1 ? byte ^ 1 : byte));
    await driver.put({ key: key.answer(id), value: edited, ttlSeconds: 30 });
    await expect(useToken(id, first)).rejects.toThrow(SealBroken);
    expect((await useToken(id, next)).outcome).toBe('committed');
  });

  test('[C3] the one that is good is found with everything that was kept, and its grant, in one round trip', async () => {
    const { id, first } = await newFamily();
    await inRequest(async () => {
      expect(await refreshTokens().find(first)).toEqual({
        jti: first,
        grantId: id,
        scope: 'openid',
        rotations: 0,
      });
      expect(await adapter('Grant').find(id)).toMatchObject({ accountId: 'ada' });
    });
  });

  test('[C3] [F25] used again inside the window: no other successor, and the very answer of before', async () => {
    const { id, first } = await newFamily();
    const once = await useToken(id, first);
    expect(once.outcome).toBe('committed');
    for (let turn = 0; turn < 3; turn += 1) {
      const twice = await useToken(id, first);
      expect([twice.outcome, twice.again]).toEqual(['committed', once.answer]);
      expect(await inRequest(() => refreshTokens().find(twice.next))).toMatchObject({ consumed: true });
    }
    expect((await useToken(id, once.next)).outcome).toBe('committed');
  });

  test(`[C3] [F25] [A162] ${CALLERS} at once with one token: one successor, one answer`, async () => {
    const { id, first } = await newFamily();
    const all = await atOnce(() => useToken(id, first));
    expect(new Set(all.map(({ outcome }) => outcome))).toEqual(new Set(['committed']));
    const winners = all.filter(({ again }) => again === undefined);
    expect(winners).toHaveLength(1);
    expect(new Set(all.map(({ again, answer }) => again ?? answer))).toEqual(new Set([winners[0]?.answer]));
    expect((await useToken(id, winners[0]?.next ?? '')).outcome).toBe('committed');
  });

  test('[C3] [A161] once its successor was used it is a replay, and the family dies', async () => {
    const { id, first } = await newFamily();
    const second = await useToken(id, first);
    const third = await useToken(id, second.next);
    expect((await useToken(id, first)).outcome).toBe('reuse');
    for (const token of [first, second.next, third.next])
      expect((await useToken(id, token)).outcome).toBe('unknown');
  });

  test('[C3] [A161] after the window, or without one, it is a replay', async () => {
    const without = await newFamily();
    expect((await useToken(without.id, without.first, { graceSeconds: 0 })).outcome).toBe('committed');
    expect((await useToken(without.id, without.first, { graceSeconds: 0 })).outcome).toBe('reuse');
    const late = await newFamily();
    await useToken(late.id, late.first);
    await driver.remove([key.answer(late.id)]);
    expect((await useToken(late.id, late.first)).outcome).toBe('reuse');
  });

  test('[C3] revoked inside the window, it gives nothing', async () => {
    const { id, first } = await newFamily();
    await useToken(id, first);
    await createGrantIndex(driver, TTL).revoke(id);
    expect((await useToken(id, first)).outcome).toBe('unknown');
  });

  test('[C2.8] [F10] newer than what the store knows: the store lost a write; it is good, and the older one is not', async () => {
    const { id, first } = await newFamily();
    const names = [key.family(id)] as const;
    const [before] = await driver.getMany(names);
    const second = await useToken(id, first);
    const third = await useToken(id, second.next);
    // The store is set back to before both, as by a failover to a replica that was behind.
    await driver.put({ key: names[0], value: before!, ttlSeconds: TTL });
    await driver.remove([key.answer(id)]);
    const repaired = await useToken(id, third.next);
    expect(repaired.outcome).toBe('committed');
    expect((await useToken(id, repaired.next)).outcome).toBe('committed');
    expect((await useToken(id, second.next)).outcome).toBe('reuse');
  });

  test('[C3] a hundred refreshes leave as many keys as one', async () => {
    const { id, first } = await newFamily();
    let token = first;
    for (let turn = 0; turn < 100; turn += 1) token = (await useToken(id, token)).next;
    const bytes = (await driver.getMany([key.family(id), key.answer(id)])).map(
      (value) => value?.byteLength ?? 0,
    );
    expect(Math.max(...bytes)).toBeLessThan(700);
    expect((await useToken(id, token)).outcome).toBe('committed');
  });

  test('[C3] [SEC-11] the kept answer opens with the old token only, whoever has the store secret', async () => {
    const { id, first } = await newFamily();
    const { answer, next } = await useToken(id, first);
    const name = key.answer(id);
    const [sealed] = await driver.getMany([name]);
    expect(() => vault.open(name, sealed!)).toThrow();
    expect(() => createStoreKeys(Buffer.from(next)).open(name, sealed!)).toThrow();
    expect(Buffer.from(createStoreKeys(Buffer.from(first)).open(name, sealed!)).toString()).toBe(answer);
  });

  test('[C3] elsewhere than at the token endpoint a used one is used', async () => {
    const { id, first } = await newFamily();
    await useToken(id, first);
    const found = await inRequest(() => refreshTokens().find(first), { purpose: 'revocation' });
    expect(found).toMatchObject({ consumed: true });
  });
});
