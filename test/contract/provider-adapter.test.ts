import { randomBytes } from 'node:crypto';

import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { errors, type Adapter, type AdapterPayload } from 'oidc-provider';
import { grantWords } from '../../src/compose-provider.ts';
import {
  SealBroken,
  StoreUnavailable,
  createGrantIndex,
  createProviderAdapter,
  createStoreKeys,
  createVault,
  grantIdOf,
  key,
  newGrantId,
  newTokenText,
  runInRequestScope,
  type CommitOutcome,
  type GrantIndex,
  type KeyedTokenKind,
  type RequestScope,
  type StoreDriver,
  type TokenKind,
  type Vault,
} from '../../src/store/index.ts';
import { CALLERS, PLACES, atOnce, type Place } from './stores.ts';

const GRANT_TTL_SECONDS = 3600;
const LIFETIME_SECONDS = 600;
const SCOPE = { deadTtlSeconds: GRANT_TTL_SECONDS, graceSeconds: 30, purpose: 'token' as const };
const keys = createStoreKeys(randomBytes(32));
const text = (kind: TokenKind, grantId: string): string => newTokenText(keys, kind, grantId);
const tokenKey = (kind: KeyedTokenKind, grantId: string, token: string): string =>
  key.token(grantId, kind, keys.keyedHash('token', token));

describe.each(PLACES)('the provider adapter on %s', (_name, makePlace) => {
  let place: Place;
  let driver: StoreDriver;
  let vault: Vault;
  let grants: GrantIndex;
  let adapter: (model: string) => Adapter;
  const reads: (readonly string[])[] = [];
  const lookedUp: string[] = [];

  beforeAll(async () => {
    place = await makePlace();
    driver = countReads(await place.open(), reads);
    vault = createVault(driver, keys);
    grants = createGrantIndex(driver, GRANT_TTL_SECONDS);
    adapter = adapterOver(vault, grants);
  });
  beforeEach(() => {
    reads.length = 0;
    lookedUp.length = 0;
  });
  afterAll(() => place.clear());

  let late = false;
  const adapterOver = (over: Vault, index: GrantIndex): ((model: string) => Adapter) =>
    createProviderAdapter({
      vault: over,
      grants: index,
      grantTtlSeconds: GRANT_TTL_SECONDS,
      words: grantWords({ fhirServers: [] }, keys),
      trust: { unsureBefore: () => 0, endedAt: () => 0 },
      msLeft: () => (late ? 0 : Infinity),
      findClient: async (id) => {
        lookedUp.push(id);
        return id === 'app' ? { client_id: 'app' } : undefined;
      },
    });
  const inRequest = <Result>(work: (scope: RequestScope) => Promise<Result>): Promise<Result> =>
    runInRequestScope(vault, SCOPE, work);
  const isThere = async (name: string): Promise<boolean> => (await driver.getMany([name]))[0] !== undefined;

  /** A grant as the authorization endpoint leaves it: stored, with a code to redeem. */
  async function newGrant(
    owner: { clientId?: string; accountId?: string } = {},
  ): Promise<{ id: string; code: string }> {
    const id = newGrantId();
    await adapter('Grant').upsert(
      id,
      { accountId: 'ada', clientId: 'app', ...owner, jti: id, patient: 'p1' },
      GRANT_TTL_SECONDS,
    );
    const code = text('AuthorizationCode', id);
    await adapter('AuthorizationCode').upsert(code, { jti: code, grantId: id }, LIFETIME_SECONDS);
    return { id, code };
  }

  /** One token request: redeems a code and makes an access and a refresh token. */
  async function exchange({ id, code }: { id: string; code: string }): Promise<{
    outcome: Exclude<CommitOutcome, 'conflict'>;
    accessToken: string;
    refreshToken: string;
  }> {
    const [accessToken, refreshToken] = [text('AccessToken', id), text('RefreshToken', id)];
    const outcome = await inRequest(async (scope) => {
      await adapter('AuthorizationCode').consume(code);
      await adapter('AccessToken').upsert(accessToken, { jti: accessToken, grantId: id }, LIFETIME_SECONDS);
      await adapter('RefreshToken').upsert(
        refreshToken,
        { jti: refreshToken, grantId: id },
        LIFETIME_SECONDS,
      );
      return (await scope.commit('succeeded')).outcome;
    });
    return { outcome, accessToken, refreshToken };
  }

  describe('tokens', () => {
    test('[C2.11] made after its client was told 503, a code is not written, and neither is its grant', async () => {
      late = true;
      const id = newGrantId();
      const code = text('AuthorizationCode', id);
      const upsert = adapter('AuthorizationCode').upsert(code, { jti: code, grantId: id }, LIFETIME_SECONDS);
      await upsert.then(
        () => undefined,
        () => undefined,
      );
      late = false;
      await expect(upsert).rejects.toMatchObject({ status: 503 });
      expect(await adapter('AuthorizationCode').find(code)).toBeUndefined();
    });

    test.each(['AccessToken', 'AuthorizationCode'] as const)(
      '[C2.9] a %s is found with everything that was kept, and its grant with it, in one round trip',
      async (kind) => {
        const { id } = await newGrant();
        const token = text(kind, id);
        await adapter(kind).upsert(token, { jti: token, grantId: id, scope: 'openid' }, LIFETIME_SECONDS);
        reads.length = 0;
        await inRequest(async () => {
          expect(await adapter(kind).find(token)).toEqual({ jti: token, grantId: id, scope: 'openid' });
          expect(await adapter('Grant').find(id)).toMatchObject({ jti: id, patient: 'p1' });
        });
        const name = tokenKey(kind, id, token);
        expect(reads).toEqual([[name, key.grant(id), key.dead(id), key.used(name)]]);
      },
    );

    test('[C2.1] a backend token has no grant and is found all the same', async () => {
      const id = newGrantId();
      const token = text('ClientCredentials', id);
      await adapter('ClientCredentials').upsert(token, { jti: token, clientId: 'bulk' }, LIFETIME_SECONDS);
      expect(await adapter('ClientCredentials').find(token)).toEqual({ jti: token, clientId: 'bulk' });
    });

    test('[A182] a token of another kind, of an unknown text or altered is not found', async () => {
      const { id } = await newGrant();
      const token = text('AccessToken', id);
      await adapter('AccessToken').upsert(token, { jti: token }, LIFETIME_SECONDS);
      const altered = token.slice(0, -8) + [...token.slice(-8)].reverse().join('');
      expect(await adapter('RefreshToken').find(token)).toBeUndefined();
      expect(await adapter('RefreshToken').find(token.replace('gat_', 'grt_'))).toBeUndefined();
      expect(await adapter('AccessToken').find(altered)).toBeUndefined();
      expect(await adapter('AccessToken').find(text('AccessToken', id))).toBeUndefined();
      expect(await adapter('AccessToken').find('')).toBeUndefined();
    });

    test('[A182] texts that cannot be tokens are not even asked for', async () => {
      await adapter('AccessToken').find('x'.repeat(1_000_000));
      await adapter('AccessToken').destroy('nonsense');
      await adapter('AuthorizationCode').consume('nonsense');
      expect(reads).toEqual([]);
      await expect(adapter('AccessToken').upsert('nonsense', {}, 60)).rejects.toThrow(TypeError);
    });

    test('[A186] destroyed means gone: at once outside a request, at its end inside', async () => {
      const { id } = await newGrant();
      const [one, two] = [text('AccessToken', id), text('AccessToken', id)];
      for (const token of [one, two])
        await adapter('AccessToken').upsert(token, { jti: token }, LIFETIME_SECONDS);
      await adapter('AccessToken').destroy(one);
      expect(await adapter('AccessToken').find(one)).toBeUndefined();
      await inRequest(async (scope) => {
        await adapter('AccessToken').destroy(two);
        await scope.commit('succeeded');
      });
      expect(await adapter('AccessToken').find(two)).toBeUndefined();
      expect(await adapter('Grant').find(id)).toBeDefined();
    });

    test('[A197] a token moved to the place of another is an alarm, not an answer', async () => {
      const { id } = await newGrant();
      const [mine, theirs] = [text('AccessToken', id), text('AccessToken', id)];
      await adapter('AccessToken').upsert(theirs, { jti: theirs, scope: 'everything' }, LIFETIME_SECONDS);
      const [value] = await driver.getMany([tokenKey('AccessToken', id, theirs)]);
      await driver.put({ key: tokenKey('AccessToken', id, mine), value: value! });
      await expect(adapter('AccessToken').find(mine)).rejects.toThrow(SealBroken);
    });

    test('[A197] an edited grant is an alarm for its tokens too', async () => {
      const { id, code } = await newGrant();
      const [value] = await driver.getMany([key.grant(id)]);
      const edited = Uint8Array.from(value!, (byte, at) => (at === 20 ? byte ^ 1 : byte));
      await driver.put({ key: key.grant(id), value: edited });
      await expect(adapter('Grant').find(id)).rejects.toThrow(SealBroken);
      await expect(inRequest(async () => adapter('AuthorizationCode').find(code))).rejects.toThrow(
        SealBroken,
      );
    });
  });

  describe('a token request', () => {
    test('[C2.1] redeems and makes tokens in one step at its end, and nothing before', async () => {
      const { id, code } = await newGrant();
      const accessToken = text('AccessToken', id);
      await inRequest(async (scope) => {
        await adapter('AuthorizationCode').consume(code);
        await adapter('AccessToken').upsert(accessToken, { jti: accessToken }, LIFETIME_SECONDS);
        expect(await isThere(tokenKey('AccessToken', id, accessToken))).toBe(false);
        expect(await isThere(key.used(tokenKey('AuthorizationCode', id, code)))).toBe(false);
        expect(await scope.commit('succeeded')).toEqual({ outcome: 'committed' });
      });
      expect(await adapter('AccessToken').find(accessToken)).toEqual({ jti: accessToken });
      expect(await adapter('AuthorizationCode').find(code)).toEqual({
        jti: code,
        grantId: id,
        consumed: true,
      });
    });

    test('[A099] a replayed code is found as consumed, and redeeming it again ends all tokens', async () => {
      const grant = await newGrant();
      const first = await exchange(grant);
      expect(first.outcome).toBe('committed');
      expect(await adapter('AuthorizationCode').find(grant.code)).toMatchObject({ consumed: true });

      const second = await exchange(grant);
      expect(second.outcome).toBe('lost');
      for (const token of [first.accessToken, second.accessToken]) {
        expect(await adapter('AccessToken').find(token)).toBeUndefined();
      }
      expect(await adapter('RefreshToken').find(first.refreshToken)).toBeUndefined();
      expect(await adapter('Grant').find(grant.id)).toBeUndefined();
    });

    test(`[A100] of ${CALLERS} requests with one code exactly one succeeds`, async () => {
      const grant = await newGrant();
      const all = await atOnce(() => exchange(grant));
      expect(all.filter(({ outcome }) => outcome === 'committed')).toHaveLength(1);
      expect(all.filter(({ outcome }) => outcome === 'lost')).toHaveLength(1);
      const made = all.map(({ accessToken }) => tokenKey('AccessToken', grant.id, accessToken));
      const written = (await driver.getMany(made)).map((value) => value !== undefined);
      expect(written).toEqual(all.map(({ outcome }) => outcome === 'committed'));
      const found = await Promise.all(all.map(({ accessToken }) => adapter('AccessToken').find(accessToken)));
      expect(found.filter(Boolean)).toEqual([]);
    });

    test('[A123] refused, it has consumed nothing and made nothing: the code is good for another try', async () => {
      const grant = await newGrant();
      const token = text('AccessToken', grant.id);
      await inRequest(async (scope) => {
        await adapter('AuthorizationCode').consume(grant.code);
        await adapter('AccessToken').upsert(token, { jti: token }, LIFETIME_SECONDS);
        await adapter('AuthorizationCode').destroy(grant.code);
        expect(await scope.commit('refused')).toEqual({ outcome: 'committed' });
        expect(await scope.commit('succeeded')).toEqual({ outcome: 'committed' });
      });
      expect(await adapter('AccessToken').find(token)).toBeUndefined();
      expect(await adapter('AuthorizationCode').find(grant.code)).toEqual({
        jti: grant.code,
        grantId: grant.id,
      });
      expect((await exchange(grant)).outcome).toBe('committed');
    });

    test('[A099] refused, it still revokes', async () => {
      const grant = await newGrant();
      const { accessToken } = await exchange(grant);
      await inRequest(async (scope) => {
        await adapter('AuthorizationCode').find(grant.code);
        await adapter('Grant').destroy(grant.id);
        expect(await isThere(key.dead(grant.id))).toBe(false);
        await scope.commit('refused');
      });
      expect(await isThere(key.dead(grant.id))).toBe(true);
      expect(await isThere(key.grant(grant.id))).toBe(false);
      expect(await adapter('AccessToken').find(accessToken)).toBeUndefined();
    });

    test('[C2.1] dropped without commit it never happened', async () => {
      const grant = await newGrant();
      await inRequest(async () => adapter('AuthorizationCode').consume(grant.code));
      expect((await exchange(grant)).outcome).toBe('committed');
    });

    test('[C2.1] two requests at once do not see into each other', async () => {
      const [one, two] = [await newGrant(), await newGrant()];
      const outcomes = await Promise.all([
        exchange(one),
        inRequest(async (scope) => {
          await adapter('AuthorizationCode').consume(two.code);
          return scope.commit('refused');
        }),
      ]);
      expect(outcomes.map(({ outcome }) => outcome)).toEqual(['committed', 'committed']);
      expect(await adapter('AuthorizationCode').find(one.code)).toMatchObject({ consumed: true });
      expect(await adapter('AuthorizationCode').find(two.code)).not.toHaveProperty('consumed');
    });

    test('[C2.1] over two grants the worst outcome is told', async () => {
      const [good, gone] = [await newGrant(), await newGrant()];
      await grants.revoke(gone.id);
      const { outcome } = await inRequest(async (scope) => {
        await adapter('AuthorizationCode').consume(good.code);
        await adapter('AuthorizationCode').consume(gone.code);
        return scope.commit('succeeded');
      });
      expect(outcome).toBe('revoked');
    });

    test('[C2.1] outside a request nothing is redeemed', async () => {
      const { code } = await newGrant();
      await expect(adapter('AuthorizationCode').consume(code)).rejects.toThrow(TypeError);
    });
  });

  describe('grants', () => {
    test('[C2.3] revoked, every token of it is dead, and no more can be made', async () => {
      const grant = await newGrant();
      const { accessToken, refreshToken } = await exchange(grant);
      expect(await adapter('AccessToken').find(accessToken)).toBeDefined();
      await adapter('Grant').destroy(grant.id);
      expect(await adapter('AccessToken').find(accessToken)).toBeUndefined();
      expect(await adapter('RefreshToken').find(refreshToken)).toBeUndefined();
      expect(await adapter('Grant').find(grant.id)).toBeUndefined();

      const late = text('AccessToken', grant.id);
      await expect(adapter('AccessToken').upsert(late, { jti: late }, 60)).rejects.toThrow(
        errors.InvalidGrant,
      );
      await expect(adapter('Grant').upsert(grant.id, { accountId: 'ada' }, 60)).rejects.toThrow(
        errors.InvalidGrant,
      );
      expect((await exchange({ ...grant, code: text('AuthorizationCode', grant.id) })).outcome).toBe(
        'revoked',
      );
      expect(await adapter('AccessToken').find(late)).toBeUndefined();
    });

    test('[C2.3] another grant of the same client and account lives on', async () => {
      const [one, two] = [await newGrant(), await newGrant()];
      await adapter('Grant').destroy(one.id);
      expect(await adapter('Grant').find(two.id)).toBeDefined();
    });

    test.each([
      ['A020', 'client', { clientId: 'suspended' }],
      ['A092', 'account', { accountId: 'left' }],
    ] as const)('[%s] every grant of one %s ends, and only those', async (_row, _whose, owner) => {
      const theirs = [await newGrant(owner), await newGrant(owner)];
      const tokens = await Promise.all(theirs.map(exchange));
      const bystander = await newGrant();
      expect(await grants.revokeAllOf(owner)).toBe(2);
      const found = await Promise.all(
        tokens.map(({ accessToken }) => adapter('AccessToken').find(accessToken)),
      );
      expect(found).toEqual([undefined, undefined]);
      expect(await Promise.all(theirs.map(({ id }) => adapter('Grant').find(id)))).toEqual([
        undefined,
        undefined,
      ]);
      expect(await adapter('Grant').find(bystander.id)).toBeDefined();
    });

    test('[A120] of an owner nobody knows nothing ends', async () => {
      expect(await grants.revokeAllOf({ clientId: 'nobody' })).toBe(0);
    });
  });

  describe('sessions', () => {
    const session = (id: string, uid: string): AdapterPayload => ({
      jti: id,
      uid,
      accountId: 'ada',
      kind: 'Session',
    });

    test('[A072] are found by their id and by their uid, and by neither in the place of the other', async () => {
      await adapter('Session').upsert('uid-1.a', session('uid-1.a', 'uid-1'), LIFETIME_SECONDS);
      expect(await adapter('Session').find('uid-1.a')).toEqual(session('uid-1.a', 'uid-1'));
      expect(await adapter('Session').findByUid('uid-1')).toEqual(session('uid-1.a', 'uid-1'));
      for (const id of ['uid-1', 'uid-1.', 'uid-1.b', '.a', 'uid-1.a.a'])
        expect(await adapter('Session').find(id)).toBeUndefined();
      expect(await adapter('Session').findByUid('uid-1.a')).toBeUndefined();
      await expect(
        adapter('Session').upsert('another.a', session('another.a', 'uid-1'), LIFETIME_SECONDS),
      ).rejects.toThrow('names its uid');
    });

    test('[A072] when the id changes the old one is dead, and who had it cannot write the session any more', async () => {
      const [before, after] = ['uid-m.before', 'uid-m.after'];
      await adapter('Session').upsert(before, session(before, 'uid-m'), LIFETIME_SECONDS);
      const moved = { ...session(after, 'uid-m'), movedFrom: before };
      await adapter('Session').upsert(after, moved, LIFETIME_SECONDS);
      const late = adapter('Session').upsert(before, session(before, 'uid-m'), LIFETIME_SECONDS);
      await expect(late).rejects.toMatchObject({ error_detail: 'the session goes by another id now' });
      expect(await adapter('Session').find(before)).toBeUndefined();
      expect(await adapter('Session').find(after)).toEqual(session(after, 'uid-m'));
      expect(await adapter('Session').findByUid('uid-m')).toMatchObject({ jti: after });
    });

    test('[A168] ended, a session is found by nothing, and ending it again is no error', async () => {
      await adapter('Session').upsert('uid-2.a', session('uid-2.a', 'uid-2'), LIFETIME_SECONDS);
      await adapter('Session').destroy('uid-2.a');
      await adapter('Session').destroy('uid-2.a');
      expect(await adapter('Session').find('uid-2.a')).toBeUndefined();
      expect(await adapter('Session').findByUid('uid-2')).toBeUndefined();
    });

    test('[A092] ended, a session is written back by nobody, under its id or under another', async () => {
      await adapter('Session').upsert('uid-3.a', session('uid-3.a', 'uid-3'), LIFETIME_SECONDS);
      await adapter('Session').destroy('uid-3.a');
      for (const id of ['uid-3.a', 'uid-3.b']) {
        const late = adapter('Session').upsert(id, session(id, 'uid-3'), LIFETIME_SECONDS);
        await expect(late).rejects.toThrow('access_denied');
        expect(await adapter('Session').find(id)).toBeUndefined();
      }
      expect(await adapter('Session').findByUid('uid-3')).toBeUndefined();
    });

    test('[A092] of fifty writes at once none outlives the end of the session', async () => {
      await adapter('Session').upsert('uid-4.a', session('uid-4.a', 'uid-4'), LIFETIME_SECONDS);
      const write = (): Promise<unknown> =>
        adapter('Session').upsert('uid-4.a', session('uid-4.a', 'uid-4'), LIFETIME_SECONDS);
      await Promise.allSettled([
        ...Array.from({ length: 25 }, write),
        adapter('Session').destroy('uid-4.a'),
        ...Array.from({ length: 25 }, write),
      ]);
      expect(await adapter('Session').find('uid-4.a')).toBeUndefined();
    });
  });

  describe('everything else', () => {
    test.each(['Interaction', 'PushedAuthorizationRequest'])(
      'an %s is kept under its id alone',
      async (model) => {
        await adapter(model).upsert('abc', { jti: 'abc', params: { scope: 'openid' } }, LIFETIME_SECONDS);
        expect(await adapter(model).find('abc')).toEqual({ jti: 'abc', params: { scope: 'openid' } });
        expect(await adapter('DeviceCode').find('abc')).toBeUndefined();
        await adapter(model).destroy('abc');
        expect(await adapter(model).find('abc')).toBeUndefined();
      },
    );

    test(`[A063] what may be used once is used by one of ${CALLERS}`, async () => {
      await adapter('PushedAuthorizationRequest').upsert('once', { jti: 'once' }, LIFETIME_SECONDS);
      const results = await atOnce(async () => {
        try {
          await adapter('PushedAuthorizationRequest').consume('once');
          return 'used';
        } catch (error) {
          return error instanceof errors.InvalidRequest ? 'refused' : error;
        }
      });
      expect(results.filter((one) => one === 'used')).toHaveLength(1);
      expect(results.filter((one) => one === 'refused')).toHaveLength(CALLERS - 1);
    });

    test('[A001] a client comes from the registry; a text that cannot be its id is not looked up', async () => {
      expect(await adapter('Client').find('app')).toEqual({ client_id: 'app' });
      expect(await adapter('Client').find('nobody')).toBeUndefined();
      expect(await adapter('Client').find('a}b\n')).toBeUndefined();
      expect(lookedUp).toEqual(['app', 'nobody']);
    });

    test('[C2] what a model never needs is a mistake, not an absence', async () => {
      await expect(adapter('AccessToken').findByUid('x')).rejects.toThrow('AccessToken has no findByUid');
      await expect(adapter('Client').upsert('app', {}, 60)).rejects.toThrow('Client has no upsert');
      await expect(adapter('Session').findByUserCode('x')).rejects.toThrow('Session has no findByUserCode');
    });
  });

  test('[SEC-11] what ever reached the disk holds no secret and no person', async () => {
    const owner = { accountId: 'CANARY-account', clientId: 'CANARY-client' };
    const grant = await newGrant(owner);
    const { accessToken, refreshToken } = await exchange(grant);
    const backend = text('ClientCredentials', newGrantId());
    await adapter('ClientCredentials').upsert(
      backend,
      { jti: backend, scope: 'CANARY-scope' },
      LIFETIME_SECONDS,
    );
    const ids = ['CANARY-uid.CANARY-session', 'CANARY-uid', 'CANARY-interaction', 'CANARY-other'] as const;
    await adapter('Session').upsert(
      ids[0],
      { jti: ids[0], uid: ids[1], accountId: owner.accountId, state: { name: 'CANARY-x' } },
      LIFETIME_SECONDS,
    );
    await adapter('Interaction').upsert(
      ids[2],
      { jti: ids[2], params: { state: 'CANARY-state' } },
      LIFETIME_SECONDS,
    );
    await adapter('PushedAuthorizationRequest').upsert(ids[3], { jti: ids[3] }, LIFETIME_SECONDS);

    const disk = await place.diskBytes();
    // The scan sees what is there: the key of the grant, and the indexes of its owner by their ids.
    expect(disk.includes(key.grant(grant.id))).toBe(true);
    expect(disk.includes(key.accountGrants(owner.accountId))).toBe(true);
    const texts = [grant.code, accessToken, refreshToken, backend];
    const secrets = [
      ...texts,
      ...texts.map((one) => one.slice(4)),
      ...ids,
      'CANARY-scope',
      'CANARY-state',
      'CANARY-x',
    ];
    expect(secrets.filter((secret) => foundIn(disk, secret))).toEqual([]);
    expect(disk.includes('"patient"')).toBe(false);
  });

  test('[SEC-11] whoever has the store secret as well still has no token to use', async () => {
    const grant = await newGrant();
    const { refreshToken } = await exchange(grant);
    const name = key.family(grant.id);
    const [value] = await driver.getMany([name]);
    expect(JSON.stringify(vault.open(name, value!))).not.toContain(refreshToken.slice(4, 30));
  });

  // The last one: it takes the place away from the others too.
  test('[A184] [F01] when the store is gone the answer is 503 and nothing else', async () => {
    const lost = await place.open();
    const away = adapterOver(createVault(lost, keys), createGrantIndex(lost, GRANT_TTL_SECONDS));
    const token = text('AccessToken', newGrantId());
    await away('AccessToken').upsert(token, { jti: token }, LIFETIME_SECONDS);
    await place.takeAway(lost);
    const questions: readonly (() => Promise<unknown>)[] = [
      () => away('AccessToken').find(token),
      () => away('AccessToken').upsert(token, {}, 60),
      () => away('AccessToken').destroy(token),
      () => away('Grant').find('g'),
      () => away('Grant').destroy('g'),
      () => away('Session').find('u.s'),
      () => away('Session').findByUid('u'),
      () => away('Interaction').find('i'),
      () => away('PushedAuthorizationRequest').consume('p'),
    ];
    for (const ask of questions) {
      await expect(ask()).rejects.toMatchObject({ status: 503, error: 'temporarily_unavailable' });
    }
    const request = runInRequestScope(createVault(lost, keys), SCOPE, async (scope) => {
      await away('AccessToken').upsert(token, {}, 60);
      return scope.commit('succeeded');
    });
    await expect(request).rejects.toThrow(StoreUnavailable);
  });
});

/** The same driver, with a list of what was read. */
function countReads(driver: StoreDriver, reads: (readonly string[])[]): StoreDriver {
  return new Proxy(driver, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== 'function') return member;
      return (...args: unknown[]): unknown => {
        if (name === 'getMany') reads.push(args[0] as readonly string[]);
        return Reflect.apply(member, target, args) as unknown;
      };
    },
  });
}

/** As it is, or in one of the forms it might be hidden in. */
function foundIn(bytes: Buffer, secret: string): boolean {
  const plain = Buffer.from(secret);
  return [
    plain,
    plain.toString('base64').replace(/=+$/, ''),
    plain.toString('base64url'),
    plain.toString('hex'),
  ].some((form) => bytes.includes(form));
}

test('[C2.9] the adapter and the token texts mean the same grant', () => {
  const id = newGrantId();
  expect(grantIdOf(keys, 'RefreshToken', text('RefreshToken', id))).toBe(id);
});
