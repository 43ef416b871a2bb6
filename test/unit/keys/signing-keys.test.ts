import { beforeAll, describe, expect, test } from '@jest/globals';
import { importJWK, jwtVerify, SignJWT } from 'jose';
import {
  inSigningOrder,
  loadOrCreateKeys,
  rotateKeys,
  secondsUntilKnown,
  type SigningKeySet,
  type SigningKeyStore,
} from '../../../src/keys/index.ts';

const DAY = 24 * 3600;
const START = 1_700_000_000;

/** A store for one key set that counts what is asked of it. */
function memoryStore(): SigningKeyStore & { created: number } {
  let kept: SigningKeySet | undefined;
  return {
    created: 0,
    load: async () => kept,
    async create(set) {
      if (kept) return false;
      kept = set;
      this.created += 1;
      return true;
    },
    async save(set) {
      if (kept?.version !== set.version - 1) return false;
      kept = set;
      return true;
    },
  };
}

/** Of one algorithm: they all go the same way. */
const only = (set: SigningKeySet, alg: string) => set.keys.filter((key) => key.alg === alg);
const lives = (set: SigningKeySet, alg: string): string[] =>
  only(set, alg).map(({ kid, status }) => `${kid} ${status}`);

describe('signing keys', () => {
  let first: SigningKeySet;
  const store = memoryStore();
  beforeAll(async () => {
    first = await loadOrCreateKeys(store, () => START);
  });

  test('[F34] on first use an active key and the next one are made', () => {
    expect(first.version).toBe(1);
    expect(first.keys.map(({ status, alg, createdAt }) => [status, alg, createdAt])).toEqual([
      ['active', 'RS256', START],
      ['next', 'RS256', START],
      ['active', 'ES256', START],
      ['next', 'ES256', START],
    ]);
    expect(first.keys[0]?.kid).toMatch(/^sig-2023-11-14-[0-9a-f]{8}$/);
    expect(new Set(first.keys.map(({ kid }) => kid)).size).toBe(4);
  });

  test('[F34] afterwards they are the same', async () => {
    expect(await loadOrCreateKeys(store, () => START + DAY)).toBe(first);
    expect(store.created).toBe(1);
  });

  test('[F34] of nodes that start at once all get the keys of the first', async () => {
    const shared = memoryStore();
    const sets = await Promise.all([1, 2, 3].map(() => loadOrCreateKeys(shared, () => START)));
    expect(shared.created).toBe(1);
    expect(new Set(sets.map((set) => JSON.stringify(set))).size).toBe(1);
  });

  test('[F34] keys that vanish meanwhile are a mistake, not an empty set', async () => {
    const broken = { load: async () => undefined, create: async () => false, save: async () => false };
    await expect(loadOrCreateKeys(broken, () => START)).rejects.toThrow('vanished');
  });

  test('[F35] a key set of before there was ES256 gets keys for it, once, and keeps those it has', async () => {
    const old = memoryStore();
    const rsa = { version: 7, keys: only(first, 'RS256') };
    await old.create(rsa);
    const sets = await Promise.all([1, 2, 3].map(() => loadOrCreateKeys(old, () => START + 5)));
    expect(new Set(sets.map((set) => JSON.stringify(set))).size).toBe(1);
    expect(sets[0]!.version).toBe(8);
    expect(only(sets[0]!, 'RS256')).toEqual(rsa.keys);
    expect(only(sets[0]!, 'ES256').map(({ status }) => status)).toEqual(['active', 'next']);
    const onlyRotatedRsa = { version: 9, keys: [...only(first, 'RS256'), ...only(first, 'ES256').slice(1)] };
    await old.save(onlyRotatedRsa);
    expect(only(await loadOrCreateKeys(old, () => START + 9), 'ES256').map(({ status }) => status)).toEqual([
      ...['next', 'active', 'next'],
    ]);
  });

  test.each(['RS256', 'ES256'])(
    '[F35] %s: next → active → retired → gone, a day after it was retired',
    async (alg) => {
      const [one, two] = only(first, alg).map(({ kid }) => kid);
      const second = await rotateKeys(first, () => START + 100);
      const three = only(second, alg)[2]?.kid;
      expect(second.version).toBe(2);
      expect(lives(second, alg)).toEqual([`${one} retired`, `${two} active`, `${three} next`]);
      expect(only(second, alg)[0]).toMatchObject({ retiredAt: START + 100 });

      const third = await rotateKeys(second, () => START + 100 + DAY - 1);
      const four = only(third, alg)[3]?.kid;
      expect(lives(third, alg)).toEqual([
        ...[`${one} retired`, `${two} retired`, `${three} active`, `${four} next`],
      ]);

      const fourth = await rotateKeys(third, () => START + 100 + DAY);
      expect(lives(fourth, alg).slice(0, 3)).toEqual([
        ...[`${two} retired`, `${three} retired`, `${four} active`],
      ]);
      expect(only(fourth, alg).map(({ status }) => status)).toEqual([
        ...['retired', 'retired', 'active', 'next'],
      ]);
      expect(fourth.version).toBe(4);
    },
  );

  test('[F35] a key is known to everybody five minutes after it was published', () => {
    expect(secondsUntilKnown(first, START + 10)).toBe(290);
    expect(secondsUntilKnown(first, START + 300)).toBe(0);
  });

  test('[F35] rotation leaves the old set as it was', () => {
    expect(only(first, 'RS256').map(({ status }) => status)).toEqual(['active', 'next']);
  });

  test('[F35] whoever signs tries the active key first', () => {
    const [active, next] = first.keys;
    const retired = { ...active!, status: 'retired' as const };
    const order = inSigningOrder({ version: 1, keys: [retired, next!, active!] });
    expect(order.map(({ status }) => status)).toEqual(['active', 'next', 'retired']);
  });

  test('[OIDC-01] a key signs RS256, and says which key it is', async () => {
    const { jwk, kid } = first.keys[0]!;
    expect(jwk).toMatchObject({ kty: 'RSA', kid, alg: 'RS256', use: 'sig' });
    const { kty, n, e } = jwk as { kty: string; n: string; e: string };
    expect(Buffer.from(n, 'base64url')).toHaveLength(256);
    const signed = await new SignJWT({})
      .setProtectedHeader({ alg: 'RS256', kid })
      .sign(await importJWK(jwk, 'RS256'));
    const { protectedHeader } = await jwtVerify(signed, await importJWK({ kty, n, e }, 'RS256'));
    expect(protectedHeader).toEqual({ alg: 'RS256', kid });
  });
});
