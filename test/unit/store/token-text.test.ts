import { randomBytes } from 'node:crypto';

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  createStoreKeys,
  grantIdOf,
  newGrantId,
  newTokenText,
  readRefreshText,
  type TokenKind,
} from '../../../src/store/index.ts';

const keys = createStoreKeys(randomBytes(32));
const KINDS: readonly TokenKind[] = ['AccessToken', 'RefreshToken', 'AuthorizationCode', 'ClientCredentials'];

/** The longest run of characters two texts have in common at the same place. */
function longestSharedRun(one: string, other: string): number {
  let longest = 0;
  let run = 0;
  for (let at = 0; at < one.length; at += 1) {
    run = one[at] === other[at] ? run + 1 : 0;
    longest = Math.max(longest, run);
  }
  return longest;
}

describe('newTokenText', () => {
  test.each([
    ['AccessToken', /^gat_[A-Za-z0-9_-]{54}$/],
    ['RefreshToken', /^grt_[A-Za-z0-9_-]{75}$/],
    ['AuthorizationCode', /^gac_[A-Za-z0-9_-]{54}$/],
    ['ClientCredentials', /^gbt_[A-Za-z0-9_-]{54}$/],
  ] as const)('[TOK-21] a %s says what it is', (kind, shape) => {
    expect(newTokenText(keys, kind, newGrantId())).toMatch(shape);
  });

  test('[TOK-21] a grant id is 128 random bits', () => {
    const ids = Array.from({ length: 500 }, newGrantId);
    expect(new Set(ids).size).toBe(500);
    expect(ids.filter((id) => !/^[A-Za-z0-9_-]{22}$/.test(id))).toEqual([]);
  });

  test('[SEC-11] tokens of one grant have nothing in common but the prefix, and do not show the grant', () => {
    const grantId = newGrantId();
    const bodies = Array.from({ length: 200 }, () => newTokenText(keys, 'AccessToken', grantId).slice(4));
    expect(new Set(bodies).size).toBe(200);
    expect(bodies.filter((body) => body.includes(grantId.slice(0, 6)))).toEqual([]);
    // Of 54 characters of 64 letters two random texts share about one place; a run of six would be no accident.
    const runs = bodies.slice(1).map((body) => longestSharedRun(body, bodies[0] ?? ''));
    expect(Math.max(...runs)).toBeLessThan(6);
    const shared = bodies
      .slice(1)
      .map((body) => [...body].filter((char, at) => char === bodies[0]?.[at]).length);
    expect(shared.reduce((sum, count) => sum + count, 0) / shared.length).toBeLessThan(2);
  });
});

describe('readRefreshText', () => {
  const grantId = newGrantId();

  test('[C3] a refresh token says its grant and its generation', () => {
    fc.assert(
      fc.property(fc.nat({ max: 0xffffffff }), (generation) => {
        const text = newTokenText(keys, 'RefreshToken', grantId, generation);
        expect(readRefreshText(keys, text)).toEqual({ grantId, generation });
      }),
      { numRuns: 50 },
    );
  });

  test('[C3] [A119] with a character changed, or under other keys, it is no token: nobody makes a newer one', () => {
    const text = newTokenText(keys, 'RefreshToken', grantId, 1);
    const altered = Array.from(
      text,
      (char, at) => `${text.slice(0, at)}${char === 'A' ? 'B' : 'A'}${text.slice(at + 1)}`,
    );
    expect(altered.filter((one) => readRefreshText(keys, one) !== undefined)).toEqual([]);
    expect(readRefreshText(createStoreKeys(randomBytes(32)), text)).toBeUndefined();
    expect(readRefreshText(keys, newTokenText(keys, 'AccessToken', grantId))).toBeUndefined();
  });
});

describe('grantIdOf', () => {
  test('[C2.9] every token leads back to its grant', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...KINDS),
        fc.uint8Array({ minLength: 16, maxLength: 16 }),
        (kind, bytes) => {
          const grantId = Buffer.from(bytes).toString('base64url');
          expect(grantIdOf(keys, kind, newTokenText(keys, kind, grantId))).toBe(grantId);
        },
      ),
      { numRuns: 100 },
    );
  });

  test('[A182] [A188] the text of another kind leads nowhere', () => {
    for (const made of KINDS) {
      const text = newTokenText(keys, made, newGrantId());
      expect(KINDS.filter((asked) => grantIdOf(keys, asked, text) !== undefined)).toEqual([made]);
    }
  });

  test('[A182] with a character changed it leads to no grant, or to another one', () => {
    const grantId = newGrantId();
    const text = newTokenText(keys, 'AccessToken', grantId);
    const altered = Array.from(
      text,
      (char, at) => `${text.slice(0, at)}${char === 'A' ? 'B' : 'A'}${text.slice(at + 1)}`,
    );
    const found = altered.map((one) => grantIdOf(keys, 'AccessToken', one));
    expect(found).not.toContain(grantId);
    expect(found.slice(0, 4)).toEqual([undefined, undefined, undefined, undefined]);
  });

  test('[A182] of the spellings of the same bytes only ours is a token', () => {
    const text = newTokenText(keys, 'AccessToken', newGrantId());
    const bytes = (one: string): string => Buffer.from(one.slice(4), 'base64url').toString('hex');
    const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const same = Array.from(ALPHABET, (last) => text.slice(0, -1) + last).filter(
      (one) => bytes(one) === bytes(text),
    );
    expect(same.length).toBe(16);
    expect(same.filter((one) => grantIdOf(keys, 'AccessToken', one) !== undefined)).toEqual([text]);
  });

  test('[A119] under other keys it leads to another grant', () => {
    const grantId = newGrantId();
    const text = newTokenText(keys, 'AccessToken', grantId);
    expect(grantIdOf(createStoreKeys(randomBytes(32)), 'AccessToken', text)).not.toBe(grantId);
  });

  test.each([
    '',
    'gat_',
    'gat_short',
    'x'.repeat(58),
    `gat_${'A'.repeat(55)}`,
    `gat_${'A'.repeat(53)}=`,
    '__proto__',
  ])('[A182] %j is no token', (text) => {
    expect(KINDS.map((kind) => grantIdOf(keys, kind, text))).toEqual(Array(4).fill(undefined));
  });

  test('[A182] no text makes it throw', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('', 'gat_', 'grt_'),
        fc.string({ unit: 'binary', maxLength: 60 }),
        (prefix, rest) => {
          const found = grantIdOf(keys, 'AccessToken', prefix + rest);
          expect(found === undefined || found.length === 22).toBe(true);
        },
      ),
      { numRuns: 200 },
    );
  });
});

test('[SEC-11] the master secret is 32 bytes or more', () => {
  expect(() => createStoreKeys(randomBytes(31))).toThrow(
    new TypeError('the store secret needs 32 bytes or more'),
  );
  expect(createStoreKeys(randomBytes(32)).keyedHash('token', 'x')).toHaveLength(43);
});
