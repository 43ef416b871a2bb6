import { afterAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Provider } from 'oidc-provider';
import { pino } from 'pino';

import { useFetchedKeys } from '../../../src/oidc/client-key-store.ts';
import { expectTokenRefused } from '../../support/audited.ts';
import { ASSERTION_TYPE, PUBLIC_APP, REDIRECT, keyedClient } from '../../support/clients.ts';
import { backendToken } from '../../support/ehr.ts';
import { authorize, postForm, redeem, type TokenAnswer } from '../../support/flow.ts';
import { startKeyHost } from '../../support/key-host.ts';
import { gatehouseOn } from '../../support/suite.ts';

const host = await startKeyHost();
/** Nobody's key set is there. */
const other = await startKeyHost();
const remote = { jwks: undefined, jwks_uri: host.url };
const CLIENT = await keyedClient('remote', 'ES384', remote);
/** The key the client changes to. */
const NEXT = await keyedClient('remote', 'RS384', remote);
const INLINE = await keyedClient('inline', 'ES384');
const APP = await keyedClient('remote-app', 'ES384', {
  ...PUBLIC_APP,
  ...remote,
  client_id: 'remote-app',
  token_endpoint_auth_method: 'private_key_jwt',
  grant_types: ['authorization_code', 'refresh_token'],
});
const OLD_KEY = { ...CLIENT.publicJwk, kid: 'old' };
const NEXT_KEY = { ...NEXT.publicJwk, kid: 'next' };

const INSIDE = await keyedClient('inside', 'ES384', {
  ...{ jwks: undefined, jwks_uri: 'https://10.0.0.1/jwks' },
});
const METADATA = await keyedClient('metadata', 'ES384', {
  ...{ jwks: undefined, jwks_uri: 'https://169.254.169.254/jwks' },
});

const clock = { now: 1_800_000_000 };
const logged: Record<string, unknown>[] = [];
const log = pino({ level: 'warn' }, { write: (line: string) => void logged.push(JSON.parse(line)) });

describe('keys of a client at its JWKS URL', () => {
  const suite = gatehouseOn(
    'embedded',
    () => ({
      clients: [CLIENT, INLINE, APP, INSIDE, METADATA].map(({ registration }) => registration),
    }),
    { log, clientKeys: { clock: () => clock.now } },
  );
  const send = async (
    kid: 'old' | 'next' | 'nobody',
    header: Record<string, unknown> = {},
  ): Promise<TokenAnswer> => {
    const { issuer } = suite.server;
    const client = kid === 'next' ? NEXT : CLIENT;
    const assertion = await client.assertion(`${issuer}/token`, {}, { kid, ...header });
    return backendToken(issuer, client, 'system/Patient.rs', { client_assertion: assertion });
  };
  const refused = (
    kid: 'old' | 'next' | 'nobody',
    header: Record<string, unknown> = {},
  ): Promise<TokenAnswer> =>
    expectTokenRefused(suite.server.audit, () => send(kid, header), /^invalid_client: /, {
      ...{ clientId: 'remote', grantType: 'client_credentials' },
    });
  const status = async (kid: 'old' | 'next' | 'nobody'): Promise<number> => (await send(kid)).status;
  const described = ({ status: code, body }: TokenAnswer): unknown[] => [
    code,
    body.error,
    String(body['error_description']).replace(/ \(reference .*/, ''),
  ];
  const COULD_NOT = [
    401,
    'invalid_client',
    'the client key set could not be fetched from the registered JWKS URL',
  ];
  const UNKNOWN = [401, 'invalid_client', 'the assertion kid names no registered key that fits its alg'];

  // Whatever was kept is stale two days later.
  beforeEach(() => {
    clock.now += 200_000;
    host.requests.length = 0;
    logged.length = 0;
    host.answer({ keys: [OLD_KEY], headers: { 'cache-control': 'max-age=600' } });
  });
  afterAll(() => Promise.all([host.close(), other.close()]));

  test('[CLI-13] [CLI-16] [CRG-04] the set is fetched by GET, as JSON, and kept as long as it may be', async () => {
    expect([await status('old'), await status('old')]).toEqual([200, 200]);
    clock.now += 599;
    expect(await status('old')).toBe(200);
    expect(
      host.requests.map(({ method, headers }) => [method, headers.accept, headers.authorization]),
    ).toEqual([['GET', 'application/json', undefined]]);
    clock.now += 1;
    expect([await status('old'), host.requests.length]).toEqual([200, 2]);
  });

  test('[CLI-24] an app that redeems and refreshes with such a key', async () => {
    host.answer({ keys: [APP.publicJwk] });
    const { issuer } = suite.server;
    const signed = async (): Promise<Record<string, string>> => ({
      client_assertion_type: ASSERTION_TYPE,
      client_assertion: await APP.assertion(`${issuer}/token`),
    });
    const { body } = await redeem(
      issuer,
      await authorize(issuer, { clientId: 'remote-app' }),
      await signed(),
    );
    expect(body).toMatchObject({ patient: 'p1' });
    const again = { grant_type: 'refresh_token', refresh_token: body.refresh_token, redirect_uri: REDIRECT };
    expect((await postForm(`${issuer}/token`, { ...again, ...(await signed()) })).status).toBe(200);
    expect(host.requests).toHaveLength(1);
  });

  test('[A135] [audited] [CLI-21] an unknown kid fetches a fresh set again, once in 30 seconds', async () => {
    expect(await status('old')).toBe(200);
    host.answer({ keys: [OLD_KEY, NEXT_KEY], headers: { 'cache-control': 'max-age=600' } });
    expect([await status('next'), await status('next'), await status('old')]).toEqual([200, 200, 200]);
    expect(host.requests).toHaveLength(2);

    for (let attempt = 0; attempt < 5; attempt += 1)
      expect(described(await refused('nobody'))).toEqual(UNKNOWN);
    expect(host.requests).toHaveLength(2);
    clock.now += 30;
    for (let attempt = 0; attempt < 5; attempt += 1) expect(described(await send('nobody'))).toEqual(UNKNOWN);
    expect(host.requests).toHaveLength(3);
  });

  test('[A135] an unknown kid against a set that was just fetched does not fetch it twice', async () => {
    expect(described(await send('nobody'))).toEqual(UNKNOWN);
    expect(host.requests).toHaveLength(1);
  });

  test('[A153] [audited] [CLI-17] a key taken back is refused once max-age is over', async () => {
    host.answer({ keys: [OLD_KEY], headers: { 'cache-control': 'max-age=1' } });
    expect(await status('old')).toBe(200);
    host.answer({ keys: [NEXT_KEY], headers: { 'cache-control': 'max-age=1' } });
    clock.now += 1;
    expect(described(await refused('old'))).toEqual(UNKNOWN);
    expect(await status('next')).toBe(200);
  });

  test.each(['no-store', 'no-cache', 'max-age=0'])(
    '[CLI-17] %s: fetched for each assertion',
    async (value) => {
      host.answer({ keys: [OLD_KEY], headers: { 'cache-control': value } });
      expect([await status('old'), await status('old'), host.requests.length]).toEqual([200, 200, 2]);
      host.answer({ keys: [], headers: { 'cache-control': value } });
      expect(described(await send('old'))).toEqual(UNKNOWN);
    },
  );

  test('[CLI-17] no Cache-Control: a minute; a year: a day', async () => {
    host.answer({ keys: [OLD_KEY] });
    expect(await status('old')).toBe(200);
    clock.now += 59;
    expect([await status('old'), host.requests.length]).toEqual([200, 1]);
    host.answer({ keys: [OLD_KEY], headers: { 'cache-control': 'max-age=31536000' } });
    clock.now += 1;
    expect([await status('old'), host.requests.length]).toEqual([200, 2]);
    clock.now += 86_400;
    expect([await status('old'), host.requests.length]).toEqual([200, 3]);
  });

  test.each([404, 500, 503])(
    '[A157] [audited] a %s with max-age of a year is over within a minute',
    async (code) => {
      host.answer({ status: code, headers: { 'cache-control': 'max-age=31536000' } });
      expect(described(await refused('old'))).toEqual(COULD_NOT);
      host.answer({ keys: [OLD_KEY] });
      expect([await status('old'), host.requests.length]).toEqual([401, 1]);
      clock.now += 60;
      expect([await status('old'), host.requests.length]).toEqual([200, 2]);
      expect(logged).toMatchObject([{ url: host.url, reason: `it answered ${code}` }]);
    },
  );

  test('[F29] a failure leaves a fresh set alone, and never makes a stale one good', async () => {
    expect(await status('old')).toBe(200);
    host.answer({ status: 500 });
    expect(described(await send('next'))).toEqual(UNKNOWN);
    expect([await status('old'), host.requests.length]).toEqual([200, 2]);
    clock.now += 600;
    expect(described(await send('old'))).toEqual(COULD_NOT);
    expect((await backendToken(suite.server.issuer, INLINE, 'system/Patient.rs')).status).toBe(200);
  });

  test.each([
    ['A154', 'a redirect', { status: 302, headers: { location: '/other' } }, 'it answered 302'],
    ['A154', 'a lasting redirect', { status: 301, headers: { location: host.url } }, 'it answered 301'],
    ['A156', 'HTML', { body: '<!doctype html><p>Sign in' }, 'what it answered is not-json'],
    ['A156', 'NaN', { body: '{"keys":NaN}' }, 'what it answered is not-json'],
    [
      'A156',
      '51 keys',
      { keys: Array.from({ length: 51 }, () => OLD_KEY) },
      'what it answered is too-many-keys',
    ],
    [
      'A156',
      '1 MB',
      { body: JSON.stringify({ keys: [OLD_KEY], pad: 'x'.repeat(1_000_000) }) },
      'it is longer than 65536 bytes',
    ],
    [
      'A156',
      'something compressed',
      { keys: [OLD_KEY], headers: { 'content-encoding': 'gzip' } },
      'it came as gzip, which was not asked for',
    ],
  ])('[%s] [audited] [F30] [CLI-18] %s is refused', async (_id, _what, answer, reason) => {
    host.answer(answer);
    expect(described(await refused('old'))).toEqual(COULD_NOT);
    expect(host.requests).toHaveLength(1);
    expect(logged).toMatchObject([{ level: 40, url: host.url, reason }]);
  });

  test.each([INSIDE, METADATA])(
    '[A155] [audited] keys at an address inside our network are not fetched: $registration.jwks_uri',
    async (client) => {
      const { issuer, audit } = suite.server;
      const answer = await expectTokenRefused(
        audit,
        () => backendToken(issuer, client, 'system/Patient.rs'),
        /^invalid_client: /,
        { clientId: client.registration.client_id },
      );
      expect(described(answer)).toEqual(COULD_NOT);
      expect(logged).toMatchObject([{ reason: expect.stringContaining('a private address') }]);
      expect(host.requests).toHaveLength(0);
    },
  );

  test('[A156] of a body without end no more than the limit is read', async () => {
    let sent = 0;
    const ended = new Promise<void>((resolve) => {
      host.answer((_request, response) => {
        response.on('close', resolve);
        const chunk = 'x'.repeat(16_384);
        const write = (): void => {
          if (response.destroyed) return;
          sent += chunk.length;
          if (response.write(chunk)) setImmediate(write);
          else response.once('drain', write);
        };
        write();
      });
    });
    expect(described(await send('old'))).toEqual(COULD_NOT);
    await ended;
    // What the sockets of both sides hold is beyond us; a thousandth of what was asked of them is not.
    expect(sent).toBeLessThan(32_000_000);
  });

  test.each([
    ['never answers', 0],
    ['drips', 200],
  ])('[A156] [audited] [F30] a host that %s is left after two and a half seconds', async (_what, everyMs) => {
    host.answer((_request, response) => {
      if (everyMs === 0) return;
      response.writeHead(200, { 'content-type': 'application/json' });
      const timer = setInterval(() => response.write(' '), everyMs);
      response.on('close', () => clearInterval(timer));
    });
    const startedAt = performance.now();
    expect(described(await refused('old'))).toEqual(COULD_NOT);
    expect(performance.now() - startedAt).toBeLessThan(4000);
    expect(logged).toMatchObject([{ reason: 'it took longer than 2500 ms' }]);
  });

  test('[F29] a connection that breaks off', async () => {
    host.answer((request) => void request.socket.destroy());
    expect(described(await send('old'))).toEqual(COULD_NOT);
  });

  test('[A152] [audited] a private key in the set: nothing in it is believed, nor what was kept before', async () => {
    expect(await status('old')).toBe(200);
    host.answer({ keys: [OLD_KEY, { ...NEXT_KEY, d: 'AAAA' }] });
    expect((await refused('next')).status).toBe(401);
    expect(described(await refused('old'))).toEqual([
      401,
      'invalid_client',
      'the client key set shows a private key, and is not used',
    ]);
    expect(logged).toMatchObject([
      { level: 40, url: host.url, reason: expect.stringContaining('private key') },
    ]);
  });

  test('[A136] [audited] [CLI-15] a kid that two keys of the set share, and a key of another type', async () => {
    host.answer({ keys: [OLD_KEY, { ...OLD_KEY, x: OLD_KEY.y }] });
    expect(described(await refused('old'))).toEqual([
      401,
      'invalid_client',
      'the assertion kid names more than one registered key',
    ]);
    clock.now += 600;
    host.answer({ keys: [{ ...NEXT_KEY, kid: 'old' }] });
    expect(described(await send('old'))).toEqual(UNKNOWN);
  });

  test.each([
    ['for encryption', { use: 'enc' }],
    ['for another alg', { alg: 'ES256' }],
    ['to sign only', { key_ops: ['sign'] }],
  ])('[CLI-09] a key %s verifies nothing', async (_what, members) => {
    host.answer({ keys: [{ ...OLD_KEY, ...members }] });
    expect((await send('old')).status).toBe(401);
  });

  test('[CLI-09] another key under the right kid, and an alg we do not have, are refused', async () => {
    host.answer({ keys: [{ ...INLINE.publicJwk, kid: 'old' }] });
    expect((await send('old')).status).toBe(401);
  });

  test('[A137] [audited] [CLI-12] jku equal to the registered URL is accepted; another is refused and nothing is fetched', async () => {
    other.answer({ keys: [OLD_KEY] });
    for (const jku of [other.url, `${host.url}?x=1`, host.url.replace('localhost', '127.0.0.1'), '', 7]) {
      expect(described(await refused('old', { jku }))).toEqual([
        401,
        'invalid_client',
        'the assertion jku is not the registered JWKS URL',
      ]);
    }
    expect([other.requests.length, other.connections, host.requests.length]).toEqual([0, 0, 0]);
    expect((await send('old', { jku: host.url })).status).toBe(200);
  });

  test('[CLI-14] a jku of a client whose keys are registered inline is refused, and nothing is fetched', async () => {
    const { issuer } = suite.server;
    const assertion = await INLINE.assertion(`${issuer}/token`, {}, { jku: host.url });
    const answer = await backendToken(issuer, INLINE, 'system/Patient.rs', { client_assertion: assertion });
    expect(described(answer)).toEqual([
      401,
      'invalid_client',
      'the assertion jku is not the registered JWKS URL',
    ]);
    expect(host.requests).toHaveLength(0);
  });

  test.each([
    ['A134', 'no kid', { kid: undefined }],
    ['A149', 'another typ', { typ: 'at+jwt' }],
  ])('[%s] [audited] %s: nothing is fetched', async (_id, _what, header) => {
    expect((await refused('old', header)).status).toBe(401);
    expect(host.requests).toHaveLength(0);
  });

  test('[A135] an unknown kid of inline keys says so', async () => {
    const { issuer } = suite.server;
    const assertion = await INLINE.assertion(`${issuer}/token`, {}, { kid: 'nobody' });
    const answer = await backendToken(issuer, INLINE, 'system/Patient.rs', { client_assertion: assertion });
    expect(described(answer)).toEqual([
      401,
      'invalid_client',
      'no applicable key found in the JSON Web Key Set',
    ]);
  });

  test.each(['max-age=600', 'no-store'])('[CLI-21] 20 at once, %s: one fetch', async (value) => {
    const waiting: (() => void)[] = [];
    host.answer((_request, response) => {
      waiting.push(() => {
        response.writeHead(200, { 'cache-control': value }).end(JSON.stringify({ keys: [OLD_KEY] }));
      });
      // The others have long arrived when the first of them is answered.
      setTimeout(() => waiting.forEach((answer) => answer()), 500);
    });
    const statuses = await Promise.all(Array.from({ length: 20 }, () => status('old')));
    expect(statuses).toEqual(Array.from({ length: 20 }, () => 200));
    expect(host.requests).toHaveLength(1);
  });

  test('[CLI-21] 20 at once with the key of a rotation: one fetch, and none of them is refused', async () => {
    expect(await status('old')).toBe(200);
    host.answer((_request, response) => {
      setTimeout(() => response.end(JSON.stringify({ keys: [NEXT_KEY] })), 500);
    });
    const statuses = await Promise.all(Array.from({ length: 20 }, () => status('next')));
    expect(statuses).toEqual(Array.from({ length: 20 }, () => 200));
    expect(host.requests).toHaveLength(2);
  });
});

test.each([
  ['has no key store of its own', {}],
  ['has one that cannot be replaced', { value: {} }],
  [
    'has one that is refreshed in another way',
    { configurable: true, value: { selectForVerify: () => [], getKeyObject: () => undefined } },
  ],
])('[OP-03] we do not start with an oidc-provider whose client %s', (_what, store) => {
  function Client(this: object): void {
    Object.defineProperty(this, 'asymmetricKeyStore', store);
  }
  const clientKeys = { find: async () => ({ ok: false, problem: 'unknown' }) as const };
  const provider = { Client: Object.assign(Client, { find: async () => undefined }) };
  expect(() => useFetchedKeys(provider as unknown as Provider, { clientKeys })).toThrow(
    new TypeError('oidc-provider no longer verifies with asymmetricKeyStore of a client; see its changelog'),
  );
});
