import { randomBytes } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Adapter, AdapterPayload } from 'oidc-provider';

import { grantWords } from '../../src/compose-provider.ts';
import {
  createGrantIndex,
  createGrantNarrowing,
  createProviderAdapter,
  createStoreKeys,
  createTokenReader,
  createVault,
  key,
  newGrantId,
  newTokenText,
  runInRequestScope,
  type KeyedTokenKind,
  type TokenKind,
  type Vault,
} from '../../src/store/index.ts';
import { until } from '../support/app.ts';
import { FHIR, OWNER, grantOf, tokenOf } from './granted.ts';
import { PLACES, type Place } from './stores.ts';

const TTL = 3600;
const SCOPE = 'openid fhirUser offline_access patient/Observation.rs patient/Condition.rs';
const keys = createStoreKeys(randomBytes(32));
const words = grantWords({ fhirServers: [] }, keys);
const trust = { unsureBefore: () => 0, endedAt: () => 0 };

describe.each(PLACES)('what a grant says once, on %s', (name, makePlace) => {
  let place: Place;
  let vault: Vault;
  let adapter: (model: string) => Adapter;
  beforeAll(async () => {
    place = await makePlace();
    const driver = await place.open();
    vault = createVault(driver, keys);
    const grants = createGrantIndex(driver, TTL);
    adapter = createProviderAdapter({
      ...{ vault, grants, grantTtlSeconds: TTL, trust, words },
      msLeft: () => Infinity,
      findClient: async () => undefined,
    });
  });
  afterAll(() => place.clear());

  const now = Math.floor(Date.now() / 1000);
  const grantNamed = (id: string, scope = SCOPE): AdapterPayload => grantOf(words, id, scope, TTL);
  const tokenNamed = (kind: TokenKind, id: string, text: string, more: object = {}): AdapterPayload =>
    tokenOf(words, kind, text, grantNamed(id), more);

  /** Writes a grant and one record of each kind, as requests do. */
  async function made(more: object = {}): Promise<{ id: string; texts: Record<TokenKind, string> }> {
    const id = newGrantId();
    const text = (kind: TokenKind): string => newTokenText(keys, kind, id);
    const texts = {
      AccessToken: text('AccessToken'),
      RefreshToken: text('RefreshToken'),
      AuthorizationCode: text('AuthorizationCode'),
      ClientCredentials: text('ClientCredentials'),
    };
    await runInRequestScope(
      vault,
      { deadTtlSeconds: TTL, graceSeconds: 0, purpose: 'token' },
      async (scope) => {
        await adapter('Grant').upsert(id, grantNamed(id), TTL);
        for (const kind of ['AccessToken', 'RefreshToken', 'AuthorizationCode'] as const)
          await adapter(kind).upsert(texts[kind], tokenNamed(kind, id, texts[kind], more), TTL);
        await scope.commit('succeeded');
      },
    );
    return { id, texts };
  }

  const rowOf = async (row: string): Promise<string> => JSON.stringify(await vault.read<AdapterPayload>(row));
  const nameOf = (kind: KeyedTokenKind, id: string, text: string): string =>
    key.token(id, kind, keys.keyedHash('token', text));

  test('[C2.9] scopes and context are in the row of the grant, once, and in no other', async () => {
    const { id, texts } = await made();
    const others = await Promise.all([
      rowOf(nameOf('AccessToken', id, texts.AccessToken)),
      rowOf(nameOf('AuthorizationCode', id, texts.AuthorizationCode)),
      rowOf(key.family(id)),
    ]);
    for (const said of ['patient/Observation.rs', 'p-1', FHIR, 'ada', id]) {
      expect((await rowOf(key.grant(id))).includes(said)).toBe(true);
      expect(others.filter((row) => row.includes(said))).toEqual([]);
    }
    expect((await rowOf(key.grant(id))).split('patient/Observation.rs')).toHaveLength(2);
  });

  test('[C2.9] each is found as it was written, to the member', async () => {
    const { id, texts } = await made();
    expect(await adapter('Grant').find(id)).toEqual(grantNamed(id));
    for (const kind of ['AccessToken', 'RefreshToken', 'AuthorizationCode'] as const)
      expect(await adapter(kind).find(texts[kind])).toMatchObject(tokenNamed(kind, id, texts[kind]));
  });

  test('[C2.9] what differs from the grant is said by the token: less, and nothing', async () => {
    const { texts } = await made({ scope: 'openid', accountId: undefined });
    const found = await adapter('AccessToken').find(texts.AccessToken);
    expect(found).toMatchObject({ scope: 'openid', clientId: 'app' });
    expect(found).not.toHaveProperty('accountId');
  });

  test('[INT-04] a grant that was narrowed narrows its tokens, also where their values are kept in memory', async () => {
    const { id, texts } = await made();
    const reader = createTokenReader({ vault, trust, words, cacheBytes: 1_000_000 });
    const before = await reader.read(texts.AccessToken);
    expect(before).toMatchObject({ scope: SCOPE, aud: FHIR, ...OWNER });
    expect(before?.extra).toMatchObject({
      patient: 'p-1',
      encounter: 'e-1',
      fhirUser: `${FHIR}/Patient/p-1`,
    });
    expect(await reader.read(texts.AccessToken)).toBe(before);
    await adapter('Grant').upsert(id, grantNamed(id, 'patient/Condition.rs'), TTL);
    expect(await reader.read(texts.AccessToken)).toMatchObject({ scope: 'patient/Condition.rs' });
    expect(await adapter('AccessToken').find(texts.AccessToken)).toMatchObject({
      scope: 'patient/Condition.rs',
    });
  });

  describe('a part of it taken back', () => {
    const narrow = (id: string, scope: string): Promise<boolean> =>
      createGrantNarrowing({ vault, words, deadTtlSeconds: TTL })(id, scope);
    const LESS = 'offline_access patient/Condition.rs';
    const scopeOf = async (kind: TokenKind, text: string): Promise<unknown> =>
      (await adapter(kind).find(text))?.['scope'];

    test('[REV-01] its tokens say what is left, also those with scopes of their own', async () => {
      const { id, texts } = await made();
      const less = await made({ scope: 'patient/Observation.rs patient/Condition.rs' });
      const own = { of: texts, is: LESS };
      const fewer = { of: less.texts, is: 'patient/Condition.rs' };
      for (const grant of [id, less.id]) expect(await narrow(grant, LESS)).toBe(true);
      const reader = createTokenReader({ vault, trust, words, cacheBytes: 0 });
      for (const { of, is } of [own, fewer]) {
        expect((await reader.read(of.AccessToken))?.scope).toBe(is);
        for (const kind of ['AccessToken', 'RefreshToken', 'AuthorizationCode'] as const)
          expect(await scopeOf(kind, of[kind])).toBe(is);
      }
      const grant = await adapter('Grant').find(id);
      expect(grant).toMatchObject({ openid: { scope: 'offline_access' }, resources: { [FHIR]: LESS } });
      await narrow(id, 'patient/Condition.rs');
      expect(await adapter('Grant').find(id)).not.toHaveProperty('openid');
    });

    test('[REV-01] watchers are told, and where nothing refreshes any more its refresh tokens are gone', async () => {
      const { id, texts } = await made();
      await narrow(id, 'openid patient/Observation.rs');
      expect(await adapter('RefreshToken').find(texts.RefreshToken)).toBeUndefined();
      expect(await adapter('AccessToken').find(texts.AccessToken)).toBeDefined();
      // A command is told nothing: its driver through the socket knows nothing.
      if (name === 'embedded, through its socket') return;
      const told: string[] = [];
      const narrowed = new Set<string>();
      const unwatch = vault.driver.watch({
        ended: (name) => void told.push(name),
        missed: () => undefined,
        upTo: () => undefined,
      });
      await until(async () => {
        const next = await made();
        await narrow(next.id, LESS);
        narrowed.add(key.dead(next.id));
        return told.some((one) => narrowed.has(one));
      }, 'a watcher is told');
      unwatch();
    });

    test('[REV-01] a refresh at the same time does not bring back what was taken', async () => {
      const { id, texts } = await made();
      const next = newTokenText(keys, 'RefreshToken', id, 1);
      const refreshing = runInRequestScope(
        vault,
        { deadTtlSeconds: TTL, graceSeconds: 30, purpose: 'token' },
        async (scope) => {
          const read = await adapter('RefreshToken').find(texts.RefreshToken);
          const grant = await adapter('Grant').find(id);
          await narrow(id, LESS);
          await adapter('RefreshToken').consume(texts.RefreshToken);
          await adapter('Grant').upsert(id, { ...grant, exp: now + 2 * TTL }, 2 * TTL);
          await adapter('RefreshToken').upsert(next, { ...read, jti: next }, TTL);
          return scope.commit('succeeded', '{}');
        },
      );
      await expect(refreshing).rejects.toMatchObject({ isSettled: true });
      expect(await scopeOf('RefreshToken', texts.RefreshToken)).toBe(LESS);
      expect(await vault.read(key.family(id))).toMatchObject({ generation: 0 });
    });

    test('[REV-01] two at once take what both took, and when nothing is left it has ended', async () => {
      const { id, texts } = await made();
      await narrow(id, 'openid patient/Condition.rs offline_access');
      await narrow(id, 'openid patient/Observation.rs patient/Condition.rs');
      expect(await scopeOf('AccessToken', texts.AccessToken)).toBe('openid patient/Condition.rs');
      expect(await adapter('RefreshToken').find(texts.RefreshToken)).toBeUndefined();
      expect(await narrow(id, 'openid patient/Observation.rs')).toBe(true);
      expect(await adapter('AccessToken').find(texts.AccessToken)).toBeUndefined();
    });

    test('[REV-01] a code that is redeemed at the same time makes nothing of what was taken, and is good for another try', async () => {
      const { id, texts } = await made();
      const token = newTokenText(keys, 'AccessToken', id);
      const redeem = (meanwhile: () => Promise<unknown>): Promise<unknown> =>
        runInRequestScope(
          vault,
          { deadTtlSeconds: TTL, graceSeconds: 0, purpose: 'token' },
          async (scope) => {
            await adapter('AuthorizationCode').find(texts.AuthorizationCode);
            await meanwhile();
            await adapter('AuthorizationCode').consume(texts.AuthorizationCode);
            await adapter('AccessToken').upsert(token, tokenNamed('AccessToken', id, token), TTL);
            return (await scope.commit('succeeded', '{}')).outcome;
          },
        );
      await expect(redeem(() => narrow(id, 'patient/Condition.rs'))).rejects.toMatchObject({
        isSettled: true,
      });
      expect(await adapter('AccessToken').find(token)).toBeUndefined();
      expect(await redeem(async () => undefined)).toBe('committed');
      expect(await scopeOf('AccessToken', token)).toBe('patient/Condition.rs');
    });

    test('[C2.4] of a grant that a second redemption ended no row is left that could live again', async () => {
      const { id, texts } = await made();
      const redeem = (): Promise<unknown> =>
        runInRequestScope(
          vault,
          { deadTtlSeconds: TTL, graceSeconds: 0, purpose: 'token' },
          async (scope) => {
            await adapter('AuthorizationCode').find(texts.AuthorizationCode);
            await adapter('AuthorizationCode').consume(texts.AuthorizationCode);
            return (await scope.commit('succeeded', '{}')).outcome;
          },
        );
      expect((await Promise.all([redeem(), redeem()])).sort()).toEqual(['committed', 'lost']);
      const [grant, family] = await vault.driver.getMany([key.grant(id), key.family(id)]);
      expect([grant, family]).toEqual([undefined, undefined]);
    });

    test('[REV-01] of a grant that has ended nothing is taken', async () => {
      const { id } = await made();
      await adapter('Grant').destroy(id);
      expect(await narrow(id, 'patient/Condition.rs')).toBe(false);
      expect(await narrow(newGrantId(), 'patient/Condition.rs')).toBe(false);
      expect(await adapter('Grant').find(id)).toBeUndefined();
    });
  });

  test('[C2.9] without its grant a token says nothing', async () => {
    const { id, texts } = await made();
    await vault.driver.remove([key.grant(id)]);
    const reader = createTokenReader({ vault, trust, words, cacheBytes: 0 });
    expect(await reader.read(texts.AccessToken)).toBeUndefined();
    for (const kind of ['AccessToken', 'RefreshToken', 'AuthorizationCode'] as const)
      expect(await adapter(kind).find(texts[kind])).toBeUndefined();
  });

  test('[C2.9] rows that say everything themselves, as older versions wrote them, are read as before', async () => {
    const { id, texts } = await made();
    const { jti: _text, ...whole } = tokenNamed('AccessToken', id, texts.AccessToken, { scope: 'openid' });
    await vault.write(nameOf('AccessToken', id, texts.AccessToken), whole, TTL);
    await vault.write(key.grant(id), grantNamed(id), TTL);
    expect(await adapter('AccessToken').find(texts.AccessToken)).toMatchObject(whole);
    expect(await adapter('Grant').find(id)).toEqual(grantNamed(id));
    const reader = createTokenReader({ vault, trust, words, cacheBytes: 0 });
    expect(await reader.read(texts.AccessToken)).toMatchObject({ scope: 'openid' });
  });
});
