import { afterAll, beforeEach, describe, expect, test } from '@jest/globals';
import { isIP } from 'node:net';

import { createClientKeys } from '../../../src/oidc/index.ts';
import { startKeyHost } from '../../support/key-host.ts';

const host = await startKeyHost();
const WANTED = { kid: 'one', alg: 'ES384' };
const KEY = { kty: 'EC', crv: 'P-384', x: 'x', y: 'y', kid: 'one' };

/** The fetcher alone, with a resolver of ours; a connection to loopback would be seen by the host. */
function fetcher(options: {
  issuer?: string;
  allowPrivate?: string[];
  addresses?: readonly (readonly string[])[];
}) {
  const { issuer = 'https://auth.example', allowPrivate = [], addresses = [] } = options;
  const reasons: string[] = [];
  const lookups: string[] = [];
  const keys = createClientKeys({
    config: { issuer, clientKeys: { allowPrivate } },
    clock: () => 1_800_000_000,
    log: { warn: (details: { reason: string }) => void reasons.push(details.reason) },
    lookup: async (name) => {
      const found = addresses[Math.min(lookups.length, addresses.length - 1)] ?? [];
      lookups.push(name);
      return found.map((address) => ({ address, family: isIP(address) }));
    },
  });
  return { find: (url: string) => keys.find(url, WANTED), reasons, lookups };
}

describe('where a client key set may be', () => {
  let before = 0;
  beforeEach(() => {
    before = host.connections;
    host.answer({ keys: [KEY] });
  });
  afterAll(() => host.close());
  const connections = (): number => host.connections - before;

  test.each([
    [['127.0.0.1']],
    [['127.0.0.53']],
    [['::1']],
    [['::ffff:127.0.0.1']],
    [['::ffff:7f00:1']],
    [['64:ff9b::7f00:1']],
    [['10.0.0.1']],
    [['169.254.169.254']],
    [['fd00:ec2::254']],
    [['fe80::1']],
    [['0.0.0.0']],
    // A public address beside it changes nothing: which one is connected to is not ours to say.
    [['203.1.113.9', '127.0.0.1']],
  ])('[A155] [SEC-07] a name at %j is connected to never', async (addresses) => {
    const { find, reasons, lookups } = fetcher({ addresses: [addresses] });
    expect(await find(`https://keys.example:${host.port}/jwks`)).toMatchObject({ problem: 'unavailable' });
    expect(lookups).toEqual(['keys.example']);
    expect(reasons).toEqual([
      expect.stringMatching(/^it is at \S+, a private address that clientKeys\.allowPrivate does not name$/),
    ]);
    expect(connections()).toBe(0);
  });

  test.each([
    '127.0.0.1',
    '0x7f.1',
    '2130706433',
    '[::1]',
    '[::ffff:127.0.0.1]',
    '169.254.169.254',
    '10.0.0.1',
  ])('[A155] [SEC-07] neither is %s in the URL itself', async (address) => {
    const { find, reasons, lookups } = fetcher({});
    expect(await find(`https://${address}:${host.port}/jwks`)).toMatchObject({ problem: 'unavailable' });
    expect([lookups, reasons]).toEqual([[], [expect.stringMatching(/ a private address /)]]);
    expect(connections()).toBe(0);
  });

  test('[A155] [SEC-07] a name is judged by the very lookup its connection uses', async () => {
    // Asked a second time it would be inside; it is asked once, and that address is refused or used.
    const { find, lookups } = fetcher({
      addresses: [['10.0.0.1'], ['127.0.0.1']],
      allowPrivate: ['127.0.0.1'],
    });
    await find(`https://keys.example:${host.port}/jwks`);
    expect([lookups.length, connections()]).toEqual([1, 0]);
  });

  test.each([
    ['its address', ['127.0.0.1']],
    ['a range', ['127.0.0.0/8']],
    ['its name', ['keys.example']],
  ])('[A155] the operator may allow %s', async (_what, allowPrivate) => {
    const { find, reasons } = fetcher({ allowPrivate, addresses: [['127.0.0.1']] });
    // The host speaks no TLS: what counts is that it was connected to.
    expect(await find(`https://keys.example:${host.port}/jwks`)).toMatchObject({ problem: 'unavailable' });
    expect([reasons.length, connections()]).toEqual([1, 1]);
    expect(reasons[0]).not.toMatch(/private address/);
  });

  test('[CRG-07] http is for localhost, and only while we are there ourselves', async () => {
    const url = `http://localhost:${host.port}/jwks`;
    const outside = fetcher({ addresses: [['127.0.0.1']], allowPrivate: ['localhost', '127.0.0.0/8'] });
    expect(await outside.find(url)).toMatchObject({ problem: 'unavailable' });
    expect([outside.reasons, connections()]).toEqual([['it must be at an https URL'], 0]);

    const inside = fetcher({ issuer: 'http://localhost:3000', addresses: [['127.0.0.1']] });
    expect(await inside.find(url)).toMatchObject({ ok: true, key: { kid: 'one' } });
    expect([inside.reasons, connections()]).toEqual([[], 1]);

    const elsewhere = fetcher({ issuer: 'http://localhost:3000', addresses: [['10.0.0.1']] });
    expect(await elsewhere.find(url)).toMatchObject({ problem: 'unavailable' });
    expect(elsewhere.reasons).toEqual([expect.stringMatching(/^it is at 10\.0\.0\.1, a private address/)]);
  });

  test('a name without address, and a resolver that fails', async () => {
    const nowhere = fetcher({ addresses: [[]] });
    await nowhere.find('https://keys.example/jwks');
    expect(nowhere.reasons).toEqual(['keys.example has no address']);
  });

  test('[CLI-21] at most 500 URLs are remembered; the oldest goes first', async () => {
    const { find } = fetcher({ issuer: 'http://localhost:3000', addresses: [['127.0.0.1']] });
    const url = (at: number): string => `http://localhost:${host.port}/${at}`;
    for (let at = 0; at <= 500; at += 1) await find(url(at));
    expect(connections()).toBe(501);
    await find(url(500));
    expect(connections()).toBe(501);
    await find(url(0));
    expect(connections()).toBe(502);
  });
});
