import { randomBytes } from 'node:crypto';

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { SealBroken, createStoreKeys } from '../../../src/store/index.ts';

const secret = randomBytes(32);
const keys = createStoreKeys(secret);
const plain = Buffer.from('{"patient":"p1"}');

describe('sealing', () => {
  test('[SEC-11] what was sealed opens under the same name, also after a restart', () => {
    fc.assert(
      fc.property(fc.string(), fc.uint8Array({ maxLength: 200 }), (name, bytes) => {
        const opened = createStoreKeys(secret).open(name, keys.seal(name, bytes));
        expect(Buffer.from(opened)).toEqual(Buffer.from(bytes));
      }),
      { numRuns: 100 },
    );
  });

  test('[SEC-11] sealing twice gives two texts, and neither shows the value', () => {
    const [one, other] = [keys.seal('a', plain), keys.seal('a', plain)].map((sealed) => Buffer.from(sealed));
    expect(one?.equals(other!)).toBe(false);
    expect(one?.includes('patient')).toBe(false);
  });

  test('[A197] moved to another key it does not open', () => {
    const sealed = keys.seal('gh:{g}:at:one', plain);
    expect(() => keys.open('gh:{g}:at:two', sealed)).toThrow(SealBroken);
    expect(() => keys.open('', sealed)).toThrow(SealBroken);
  });

  test('[A197] with any bit changed it does not open', () => {
    const sealed = keys.seal('a', plain);
    for (let at = 0; at < sealed.byteLength * 8; at += 1) {
      const edited = Uint8Array.from(sealed);
      edited[at >> 3] = (edited[at >> 3] ?? 0) ^ (1 << (at & 7));
      expect(() => keys.open('a', edited)).toThrow(SealBroken);
    }
  });

  test('[F28] [A197] of a version that is not known it is refused, whatever else it holds', () => {
    const known = new Set([1, 2, 3]);
    for (let version = 0; version < 256; version += 1) {
      const sealed = Uint8Array.from(keys.seal('a', plain));
      sealed[0] = version;
      if (known.has(version)) continue;
      expect(() => keys.open('a', sealed)).toThrow(SealBroken);
      expect(() => keys.open('a', sealed)).toThrow('the value at a is not one of ours');
    }
  });

  test('[A197] cut short or made longer it does not open', () => {
    const sealed = Buffer.from(keys.seal('a', plain));
    for (let length = 0; length < sealed.byteLength; length += 1) {
      expect(() => keys.open('a', sealed.subarray(0, length))).toThrow(SealBroken);
    }
    expect(() => keys.open('a', Buffer.concat([sealed, Buffer.of(0)]))).toThrow(SealBroken);
  });

  test('[A197] under another secret it does not open', () => {
    expect(() => createStoreKeys(randomBytes(32)).open('a', keys.seal('a', plain))).toThrow(SealBroken);
  });

  test('[A197] the alarm names the key and never the value', () => {
    const broken = (sealed: Uint8Array): Error => {
      try {
        keys.open('gh:{g}:grant', sealed);
      } catch (error) {
        return error as Error;
      }
      throw new TypeError('it opened');
    };
    expect(broken(Uint8Array.of(1, 2, 3)).message).toBe('the value at gh:{g}:grant is not one of ours');
    expect(broken(keys.seal('b', plain)).message).toBe(
      'the value at gh:{g}:grant does not open under this store secret',
    );
  });
});

describe('keyedHash', () => {
  test('[SEC-11] the same text gives the same 43 characters, and only with the same secret and kind', () => {
    const hash = keys.keyedHash('login', 'ada');
    expect(hash).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(createStoreKeys(secret).keyedHash('login', 'ada')).toBe(hash);
    expect(createStoreKeys(randomBytes(32)).keyedHash('login', 'ada')).not.toBe(hash);
    expect(keys.keyedHash('token', 'ada')).not.toBe(hash);
    expect(keys.keyedHash('login', 'Ada')).not.toBe(hash);
  });

  test('[E3] kind and text are kept apart: what stands between them cannot be moved', () => {
    expect(keys.keyedHash('a', 'bc')).not.toBe(keys.keyedHash('ab', 'c'));
  });
});
