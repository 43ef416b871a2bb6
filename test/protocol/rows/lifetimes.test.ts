import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { Redis } from 'ioredis';

import { expectRecorded } from '../../support/audited.ts';
import { ASSERTION_TYPE, PUBLIC_APP, RS_SECRET, SECRET, basic } from '../../support/clients.ts';
import { backendToken } from '../../support/ehr.ts';
import {
  authorize,
  openScreen,
  postForm,
  redeem,
  refresh,
  textOf,
  type TokenAnswer,
} from '../../support/flow.ts';
import { DRIVERS } from '../../support/gatehouse.ts';
import { gatehouseOn } from '../../support/suite.ts';
import { wireSuite } from '../wire/wire-suite.ts';

const DAY = 24 * 3600 * 1000;
const SCOPE = 'launch/patient openid fhirUser offline_access patient/Patient.rs';
const APPS = [
  ['G10-19', 'confidential, with a secret', 'growth-chart-web'],
  ['G10-19', 'confidential, with a key', 'keyed-app'],
  ['G10-20', 'native and public', 'my-health-ios'],
] as const;

describe.each(DRIVERS)('how long tokens live on %s', (driver) => {
  const suite = wireSuite(driver);
  afterEach(() => void jest.restoreAllMocks());

  const pass = (milliseconds: number): void => {
    const now = Date.now() + milliseconds;
    jest.restoreAllMocks();
    jest.spyOn(Date, 'now').mockImplementation(() => now);
  };
  const proof = async (clientId: string): Promise<[Record<string, string>, Record<string, string>]> => {
    if (clientId === 'growth-chart-web') return [{}, basic(clientId, SECRET)];
    if (clientId === 'my-health-ios') return [{ client_id: clientId }, {}];
    const assertion = await suite.keyed.assertion(`${suite.server.issuer}/token`);
    return [{ client_assertion_type: ASSERTION_TYPE, client_assertion: assertion }, {}];
  };
  const start = async (
    clientId: string,
    scope = SCOPE,
    more: { duration?: string } = {},
  ): Promise<TokenAnswer> => {
    const options = { ...more, clientId, username: 'chloe', scope, params: { aud: suite.fhir.base } };
    const authorized = await authorize(suite.server.issuer, options);
    return redeem(suite.server.issuer, authorized, ...(await proof(clientId)));
  };
  /** No browser and no person has a part in it. */
  const again = async (clientId: string, token: string): Promise<TokenAnswer> => {
    const [form, headers] = await proof(clientId);
    const usual = { grant_type: 'refresh_token', refresh_token: token };
    return postForm(`${suite.server.issuer}/token`, { ...usual, ...form }, headers);
  };
  const told = async (token: string): Promise<TokenAnswer['body']> => {
    const rs = basic('fhir-server', RS_SECRET);
    return (await postForm(`${suite.server.issuer}/introspect`, { token }, rs)).body;
  };

  test.each(APPS)(
    '[%s] [G10-18] %s: the first refresh token is good for three months, and no longer than 100 days',
    async (_id, _what, clientId) => {
      const [used, left] = [(await start(clientId)).body, (await start(clientId)).body];
      pass(92 * DAY);
      const refreshed = await again(clientId, used.refresh_token);
      expect(refreshed.status).toBe(200);
      expect(refreshed.body).toMatchObject({ scope: used.scope, patient: 'chloe-shaw' });
      expect(await told(refreshed.body.access_token)).toMatchObject({ active: true, scope: used.scope });
      pass(9 * DAY);
      const late = await again(clientId, left.refresh_token);
      expect([late.status, late.body.error]).toEqual([400, 'invalid_grant']);
      expect(late.body['error_description']).toMatch(/^refresh token (not found|is expired)/);
    },
  );

  test.each(APPS)(
    '[%s] [G10-21] %s: each refresh gives three months more, over two years, with no cap at the end',
    async (_id, _what, clientId) => {
      const first = (await start(clientId)).body;
      let token = first.refresh_token;
      for (let turn = 0; turn < 8; turn += 1) {
        pass(92 * DAY);
        const { status, body } = await again(clientId, token);
        expect([turn, status, body.scope]).toEqual([turn, 200, first.scope]);
        expect(body.refresh_token).not.toBe(token);
        token = body.refresh_token;
      }
      pass(101 * DAY);
      const late = await again(clientId, token);
      expect([late.status, late.body.error]).toEqual([400, 'invalid_grant']);
    },
  );

  test('[CONS-13] what a person allows for thirty days ends then, however often the app came back', async () => {
    let { body } = await start('my-health-ios', SCOPE, { duration: '30-days' });
    for (let turn = 0; turn < 2; turn += 1) {
      pass(14 * DAY);
      const next = await again('my-health-ios', body.refresh_token);
      expect(next.status).toBe(200);
      body = next.body;
    }
    pass(2 * DAY - 600_000);
    const last = await again('my-health-ios', body.refresh_token);
    expect(last.body['expires_in']).toBeLessThanOrEqual(600);
    expect(await told(last.body.access_token)).toMatchObject({ active: true });
    pass(601_000);
    expect(await told(last.body.access_token)).toEqual({ active: false });
    const late = await again('my-health-ios', last.body.refresh_token);
    expect([late.status, late.body.error]).toEqual([400, 'invalid_grant']);
  });

  test('[CAP-14] what offline_access gave still works when the session is over', async () => {
    const { body } = await start('my-health-ios');
    pass(9 * 3600 * 1000);
    const { status, body: later } = await again('my-health-ios', body.refresh_token);
    expect([status, later['patient']]).toEqual([200, 'chloe-shaw']);
    expect((await told(body.access_token))['active']).toBe(false);
  });

  test('[REF-14] [CAP-15] an access token of online_access ends with the session, one of offline_access does not', async () => {
    const online = (await start('my-health-ios', SCOPE.replace('offline', 'online'))).body;
    const offline = (await start('my-health-ios')).body;
    const toTheEnd = 8 * 3600 * 1000 - 600_000;
    pass(toTheEnd);
    const [last, lasting] = [
      await again('my-health-ios', online.refresh_token),
      await again('my-health-ios', offline.refresh_token),
    ];
    expect(lasting.body['expires_in']).toBe(3600);
    const { exp, iat } = await told(last.body.access_token);
    expect([last.status, Number(exp) - Number(iat)]).toEqual([200, last.body['expires_in']]);
    expect(last.body['expires_in']).toBeGreaterThan(540);
    expect(last.body['expires_in']).toBeLessThanOrEqual(600);

    pass(601_000);
    expect(await told(last.body.access_token)).toEqual({ active: false });
    expect(await told(lasting.body.access_token)).toMatchObject({ active: true });
    const refused = await again('my-health-ios', last.body.refresh_token);
    expect([refused.status, refused.body.error]).toEqual([400, 'invalid_grant']);
    expect(refused.body['error_description']).toMatch(/^the person has signed out \(online_access\)/);
  });

  test('[TOK-17] [BSV-08] an access token lives an hour at most, one of a backend service five minutes', async () => {
    const { issuer } = suite.server;
    const { body: app } = await start('my-health-ios');
    const { body: backend } = await backendToken(issuer, suite.analytics, 'system/Patient.rs');
    for (const [body, seconds] of [
      [app, 3600],
      [backend, 300],
    ] as const) {
      expect(body['expires_in']).toBe(seconds);
      const { exp, iat, active } = await told(body.access_token);
      expect([active, Number(exp) - Number(iat)]).toEqual([true, seconds]);
    }
    pass(301_000);
    expect(await told(backend.access_token)).toEqual({ active: false });
    expect(await told(app.access_token)).toMatchObject({ active: true });
    pass(3_300_000);
    expect(await told(app.access_token)).toEqual({ active: false });
  });
});

describe('where the operator lets refresh tokens live for a week', () => {
  const suite = gatehouseOn('embedded', () => ({
    clients: [PUBLIC_APP],
    tokens: { refreshTokenSeconds: (7 * DAY) / 1000 },
  }));
  afterEach(() => void jest.restoreAllMocks());

  test('[G10-22] an unused one is good for that long and no longer, and the person is told until when', async () => {
    const { issuer } = suite.server;
    const { html } = await openScreen(issuer, 'consent');
    const now = Date.now();
    const [, last = ''] = /today that would be ([^.]+)\./.exec(textOf(html)) ?? [];
    expect(Math.abs(Date.parse(`${last} UTC`) - (now + 7 * DAY))).toBeLessThan(DAY);
    const after = (days: number) => jest.spyOn(Date, 'now').mockReturnValue(now + days * DAY);
    const { body } = await redeem(issuer, await authorize(issuer));
    after(6);
    const again = await refresh(issuer, body.refresh_token);
    expect(again.status).toBe(200);
    after(12);
    const third = await refresh(issuer, again.body.refresh_token);
    expect(third.status).toBe(200);
    after(20);
    const late = await refresh(issuer, third.body.refresh_token);
    expect([late.status, late.body.error]).toEqual([400, 'invalid_grant']);
  });

  test('[A170] [audited] a refresh token that nobody used for that long is refused, and on record; one that was used is good', async () => {
    const { issuer, audit } = suite.server;
    const { body: used } = await redeem(issuer, await authorize(issuer));
    const { body: left } = await redeem(issuer, await authorize(issuer));
    const now = Date.now();
    const after = (ms: number) => jest.spyOn(Date, 'now').mockReturnValue(now + ms);
    after(7 * DAY - 60_000);
    expect((await refresh(issuer, used.refresh_token)).status).toBe(200);
    after(7 * DAY + 60_000);
    const late = await expectRecorded(audit, () => refresh(issuer, left.refresh_token), {
      ...{ type: 'token.refused', reason: /^invalid_grant: refresh token (not found|is expired)/ },
      more: { clientId: 'public-app', grantType: 'refresh_token' },
    });
    expect([late.status, late.body.error, late.body.access_token]).toEqual([400, 'invalid_grant', undefined]);
    expect(JSON.stringify(audit)).not.toContain(left.refresh_token);
  });
});

describe('what Redis is told to keep', () => {
  const suite = wireSuite('redis');

  test('[G10-21] grant and refresh token, three months at least, and as long again at each refresh', async () => {
    const redis = new Redis(suite.store.redis!.url);
    const daysOf = async (pattern: string): Promise<number[]> => {
      const keys = (await redis.keys(pattern)).filter((key) => !key.endsWith(':used'));
      return Promise.all(keys.map(async (key) => (await redis.pttl(key)) / DAY));
    };
    try {
      const { body } = await suite.token({ username: 'chloe', scope: SCOPE });
      expect(await daysOf('gh:*:grant')).toEqual([expect.any(Number)]);
      const [grant = ''] = await redis.keys('gh:*:grant');
      await redis.pexpire(grant, DAY);
      const form = {
        client_id: 'my-health-ios',
        grant_type: 'refresh_token',
        refresh_token: body.refresh_token,
      };
      expect((await postForm(`${suite.server.issuer}/token`, form)).status).toBe(200);
      for (const pattern of ['gh:*:grant', 'gh:*:family'])
        expect(Math.max(...(await daysOf(pattern)))).toBeGreaterThan(92);
    } finally {
      redis.disconnect();
    }
  });
});
