import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import {
  createClientHosts,
  findKey,
  keepSeconds,
  privateHost,
  readKeySet,
} from '../../../src/clients/index.ts';

const EC = { kty: 'EC', crv: 'P-384', x: 'x', y: 'y', kid: 'one' };
const RSA = { kty: 'RSA', n: 'n', e: 'AQAB', kid: 'two' };
const set = (...keys: unknown[]): string => JSON.stringify({ keys });

describe('how long a key set may be kept', () => {
  test.each([
    ['absent: a minute', undefined, undefined, 60],
    ['nothing about time: a minute', 'public', undefined, 60],
    ['max-age', 'max-age=1', undefined, 1],
    ['max-age among others, in capitals', 'Public, MAX-AGE=300, must-revalidate', undefined, 300],
    ['max-age in quotes', 'max-age="120"', undefined, 120],
    ['a year: a day', 'max-age=31536000', undefined, 86_400],
    ['more digits than a number has: a day', `max-age=${'9'.repeat(400)}`, undefined, 86_400],
    ['max-age=0', 'max-age=0', undefined, 0],
    ['no-store', 'no-store', undefined, 0],
    ['no-store beside max-age', 'max-age=600, no-store', undefined, 0],
    ['no-cache', 'no-cache', undefined, 0],
    ['no-cache for a header', 'no-cache="set-cookie, etag", max-age=60', undefined, 0],
    ['max-age that is no number', 'max-age=soon', undefined, 0],
    ['max-age below zero', 'max-age=-1', undefined, 0],
    ['max-age without a value', 'max-age', undefined, 0],
    ['two of them: the shorter', 'max-age=600, max-age=60', undefined, 60],
    ['s-maxage: the shorter', 'max-age=600, s-maxage=30', undefined, 30],
    ['some of it was spent on the way', 'max-age=600', '590', 10],
    ['all of it was spent on the way', 'max-age=600', '601', 0],
    ['an age that is no number', 'max-age=600', 'old', 600],
  ])('[CLI-17] %s', (_what, cacheControl, age, seconds) => {
    expect(keepSeconds(cacheControl, age)).toBe(seconds);
  });

  test('[CLI-17] is never negative, never more than a day, whatever the headers', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (cacheControl, age) => {
        const seconds = keepSeconds(cacheControl, age);
        return Number.isInteger(seconds) && seconds >= 0 && seconds <= 86_400;
      }),
    );
  });
});

describe('what a JWKS URL may answer', () => {
  test.each([
    ['an empty set', set(), []],
    ['two keys', set(EC, RSA), ['one', 'two']],
    ['members we do not know', JSON.stringify({ keys: [{ ...EC, ext: true }], more: 1 }), ['one']],
    ['a key without kid is passed over', set({ ...EC, kid: undefined }, RSA), ['two']],
    [
      'a key that is only a certificate is passed over',
      set({ kty: 'RSA', kid: 'c', x5c: ['MII'] }, RSA),
      ['two'],
    ],
    [
      'a key of another type is passed over',
      set({ kty: 'OKP', crv: 'Ed25519', x: 'x', kid: 'o' }, EC),
      ['one'],
    ],
    ['fifty keys', set(...Array.from({ length: 50 }, () => EC)), Array.from({ length: 50 }, () => 'one')],
  ])('[CRG-06] %s', (_what, text, kids) => {
    const read = readKeySet(text);
    expect(read.ok && read.keys.map(({ kid }) => kid)).toEqual(kids);
  });

  test.each([
    ['A156', 'HTML', '<!doctype html><title>Sign in</title>', 'not-json'],
    ['A156', 'nothing', '', 'not-json'],
    ['A156', 'NaN', '{"keys":NaN}', 'not-json'],
    ['A156', 'a list', '[]', 'not-a-key-set'],
    ['A156', 'null', 'null', 'not-a-key-set'],
    ['A156', 'no keys', '{}', 'not-a-key-set'],
    ['A156', 'keys by name', '{"keys":{"0":{}}}', 'not-a-key-set'],
    ['A156', 'keys that are no objects', '{"keys":[null]}', 'not-a-key-set'],
    ['A156', '51 keys', set(...Array.from({ length: 51 }, () => EC)), 'too-many-keys'],
    ['A152', 'a private EC key', set(RSA, { ...EC, d: 'd' }), 'private-key'],
    ['A152', 'a part of a private RSA key', set({ ...RSA, qi: 'qi' }), 'private-key'],
    ['A152', 'a shared secret', set(EC, { kty: 'oct', k: 'k', kid: 's' }), 'private-key'],
    [
      'A152',
      'a private key of a type we do not use',
      set({ kty: 'OKP', crv: 'Ed25519', x: 'x', d: 'd' }),
      'private-key',
    ],
  ])('[%s] %s is refused', (_id, _what, text, problem) => {
    expect(readKeySet(text)).toEqual({ ok: false, problem });
  });

  test('[A156] never throws', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => typeof readKeySet(text).ok === 'boolean'),
    );
  });
});

describe('the one key of an assertion', () => {
  test.each([
    ['CLI-15', 'kid and type fit', [EC, RSA], { kid: 'one', alg: 'ES384' }, 'one'],
    ['CLI-15', 'one kid, two types', [EC, { ...RSA, kid: 'one' }], { kid: 'one', alg: 'RS384' }, 'one'],
    ['A135', 'a kid nobody has', [EC], { kid: 'nine', alg: 'ES384' }, 'unknown'],
    ['CLI-15', 'a key of the other type', [EC], { kid: 'one', alg: 'RS384' }, 'unknown'],
    ['A134', 'no kid, one key without', [{ ...EC, kid: undefined }], { alg: 'ES384' }, 'unknown'],
    ['CLI-22', 'alg none', [EC], { kid: 'one', alg: 'none' }, 'unknown'],
    ['CLI-22', 'no alg, one key without type', [{ kid: 'one' }], { kid: 'one' }, 'unknown'],
    ['A136', 'two keys of one kid', [EC, RSA, EC], { kid: 'one', alg: 'ES384' }, 'ambiguous'],
  ])('[%s] %s', (_id, _what, keys, wanted, outcome) => {
    const found = findKey<{ kid?: string | undefined; kty?: string }>(keys, wanted);
    expect(found.ok ? found.key.kid : found.problem).toBe(outcome);
  });
});

describe('where key sets may be fetched from', () => {
  const outside = createClientHosts('https://auth.example', []);
  const inside = createClientHosts('http://localhost:3000', []);
  const allowing = createClientHosts('https://auth.example', [
    '10.20.0.0/16',
    'Keys.internal',
    'fd00:1::/32',
    '192.168.1.9',
  ]);
  const KEYS = new URL('https://keys.internal/jwks');
  const OTHER = new URL('https://app.example/jwks');

  test.each([
    ['https://app.example/jwks', true, true],
    ['https://app.example:8443/jwks', true, true],
    ['http://app.example/jwks', false, false],
    ['http://localhost:4000/jwks', false, true],
    ['http://127.0.0.1:4000/jwks', false, true],
    ['http://[::1]:4000/jwks', false, true],
    ['http://localhost.evil.example/jwks', false, false],
    ['ftp://app.example/jwks', false, false],
    ['file:///etc/passwd', false, false],
    ['data:application/json,{}', false, false],
  ])('[CRG-07] %s', (url, fromOutside, fromLocalhost) => {
    expect([outside.mayAsk(new URL(url)), inside.mayAsk(new URL(url))]).toEqual([fromOutside, fromLocalhost]);
  });

  const PRIVATE = [
    ...['127.0.0.1', '127.9.9.9', '10.0.0.1', '172.16.0.1', '172.31.255.255', '192.168.0.1', '100.64.0.1'],
    ...[
      '169.254.169.254',
      '168.63.129.16',
      '0.0.0.0',
      '192.0.2.1',
      '198.18.0.1',
      '224.0.0.1',
      '255.255.255.255',
    ],
    ...[
      '::1',
      '::',
      'fe80::1',
      'fe80::1%eth0',
      'fc00::1',
      'fd00:ec2::254',
      'ff02::1',
      '2001:db8::1',
      '2002:7f00:1::',
    ],
    ...[
      '::ffff:127.0.0.1',
      '::ffff:10.0.0.1',
      '::ffff:a9fe:a9fe',
      '::7f00:1',
      '64:ff9b::7f00:1',
      '64:ff9b::8.8.8.8',
    ],
    ...['2001:0:4136:e378::', 'localhost', ''],
  ];
  test.each(PRIVATE)('[A155] %s is not the public internet', (address) => {
    expect(outside.mayConnect(OTHER, address)).toBe(false);
  });
  test.each(['8.8.8.8', '172.15.0.1', '172.32.0.1', '100.63.0.1', '2606:4700::1111', '2a00:1450::1'])(
    '[CLI-16] %s is',
    (address) => {
      expect(outside.mayConnect(OTHER, address)).toBe(true);
    },
  );

  test.each([
    ['127.0.0.1', true],
    ['127.0.0.53', true],
    ['::1', true],
    ['::ffff:127.0.0.1', true],
    ['10.0.0.1', false],
    ['169.254.169.254', false],
  ])('[A155] on localhost %s: %s', (address, allowed) => {
    expect(inside.mayConnect(OTHER, address)).toBe(allowed);
  });
  test('[A155] in the clear we go to ourselves only, whatever localhost means to a resolver', () => {
    const plain = new URL('http://localhost:4000/jwks');
    expect(['127.0.0.1', '8.8.8.8', '10.0.0.1'].map((one) => inside.mayConnect(plain, one))).toEqual([
      true,
      false,
      false,
    ]);
    expect(outside.mayConnect(plain, '127.0.0.1')).toBe(false);
  });

  test.each([
    ['an address in a range', OTHER, '10.20.1.1', true],
    ['the same, written as IPv6', OTHER, '::ffff:10.20.1.1', true],
    ['an address beside it', OTHER, '10.21.0.1', false],
    ['a range of IPv6', OTHER, 'fd00:1::5', true],
    ['one address', OTHER, '192.168.1.9', true],
    ['its neighbour', OTHER, '192.168.1.10', false],
    ['a host by name', KEYS, '172.16.5.5', true],
    ['its name with a dot', new URL('https://keys.internal./jwks'), '172.16.5.5', true],
    ['a host within that name', new URL('https://x.keys.internal/jwks'), '172.16.5.5', false],
  ])('[A155] the operator allows %s', (_what, url, address, allowed) => {
    expect(allowing.mayConnect(url, address)).toBe(allowed);
  });

  test.each([
    ['keys.internal', true],
    ['localhost', true],
    ['10.0.0.0/8', true],
    ['10.0.0.1', true],
    ['fd00::/8', true],
    ['::1', true],
    ['10.0.0.0/33', false],
    ['fd00::/129', false],
    ['10.0.0.0/8/8', false],
    ['10.0.0', false],
    ['10.0.0.256', false],
    ['https://keys.internal', false],
    ['keys.internal:8443', false],
    ['*.internal', false],
    ['', false],
  ])('clientKeys.allowPrivate: %s', (text, accepted) => {
    expect(privateHost.safeParse(text).success).toBe(accepted);
  });
});
