import { request } from 'node:http';
import { afterEach, describe, expect, jest, test } from '@jest/globals';

import { createClientStore } from '../../../src/store/index.ts';
import { expectTokenRefused } from '../../support/audited.ts';
import { CookieBrowser } from '../../support/browser.ts';
import {
  PUBLIC_APP,
  REDIRECT,
  RESOURCE_SERVER,
  RS_SECRET,
  SECRET,
  SECRET_APP,
  basic,
} from '../../support/clients.ts';
import {
  authorize,
  pkce,
  postForm,
  redeem,
  refresh,
  type Authorized,
  type TokenAnswer,
} from '../../support/flow.ts';
import { DRIVERS, FHIR, startGatehouse } from '../../support/gatehouse.ts';
import { freePort } from '../../support/ports.ts';
import { gatehouseOn } from '../../support/suite.ts';

const OTHER_FHIR = 'http://localhost:3998/fhir';

describe.each(DRIVERS)('redeeming a code on %s', (driver) => {
  const browser = new CookieBrowser();
  const suite = gatehouseOn(driver, () => ({
    clients: [
      { ...PUBLIC_APP, redirect_uris: [REDIRECT, `${REDIRECT}/second`] },
      SECRET_APP,
      RESOURCE_SERVER,
      { ...PUBLIC_APP, client_id: 'other-app' },
    ],
    fhirServers: [
      { id: 'main', name: 'Test FHIR', url: FHIR },
      { id: 'other', name: 'Other FHIR', url: OTHER_FHIR },
    ],
  }));
  afterEach(() => void jest.restoreAllMocks());

  const authorized = (clientId = 'public-app') => authorize(suite.server.issuer, { browser, clientId });
  const isActive = async (token: string): Promise<unknown> =>
    (await postForm(`${suite.server.issuer}/introspect`, { token }, basic('fhir-server', RS_SECRET))).body[
      'active'
    ];

  test('[A099] [audited] [RESP-04] a code redeemed twice is refused, and what it gave the first time is dead', async () => {
    const code = await authorized();
    const { body: first } = await redeem(suite.server.issuer, code);
    expect(await isActive(first.access_token)).toBe(true);
    const again = await expectTokenRefused(
      suite.server.audit,
      () => redeem(suite.server.issuer, code),
      /^invalid_grant: authorization code already consumed/,
      { clientId: 'public-app' },
    );
    expect(suite.server.audit).toContainEqual(expect.objectContaining({ type: 'token.reuse' }));
    expect([again.status, again.body.error]).toEqual([400, 'invalid_grant']);
    expect(again.body['error_description']).toMatch(/^authorization code already consumed/);
    expect(await isActive(first.access_token)).toBe(false);
    expect((await refresh(suite.server.issuer, first.refresh_token)).body.error).toBe('invalid_grant');
  });

  test('[A100] [audited] [SEC-05] of 50 parallel redemptions of one code exactly one succeeds, and its tokens die with the replay', async () => {
    const code = await authorized();
    const before = suite.server.audit.length;
    const answers = await Promise.all(Array.from({ length: 50 }, () => redeem(suite.server.issuer, code)));
    expectOneWinner(answers);
    const said = suite.server.audit.slice(before).filter(({ outcome }) => outcome === 'refused');
    const refused = new Set(said.map(({ reference }) => reference));
    expect(refused).toEqual(new Set(answers.filter(({ status }) => status !== 200).map(referenceOf)));
    const winner = answers.find(({ status }) => status === 200)!;
    expect(await isActive(winner.body.access_token)).toBe(false);
    expect((await refresh(suite.server.issuer, winner.body.refresh_token)).body.error).toBe('invalid_grant');
  });

  test.each([
    [
      'A105',
      'a wrong verifier',
      { code_verifier: 'x'.repeat(43) },
      'invalid_grant',
      /^code_verifier does not match code_challenge/,
    ],
    ['A105', 'no verifier', { code_verifier: '' }, 'invalid_grant', /./],
    ['TOK-04', 'a verifier that is too short', { code_verifier: 'short' }, 'invalid_request', /./],
    [
      'TOK-03',
      'another redirect_uri',
      { redirect_uri: `${REDIRECT}/other` },
      'invalid_grant',
      /^authorization code redirect_uri mismatch/,
    ],
    ['A108', 'no redirect_uri', { redirect_uri: '' }, 'invalid_request', /./],
    ['TOK-05', 'another app', { client_id: 'other-app' }, 'invalid_grant', /^client mismatch/],
  ] as const)(
    '[%s] [audited] %s is refused and does not burn the code',
    async (_id, _what, form, error, description) => {
      const code = await authorized();
      const refused = await expectTokenRefused(
        suite.server.audit,
        () => redeem(suite.server.issuer, code, { client_id: 'public-app', ...form }),
        new RegExp(`^${error}: `),
        { grantType: 'authorization_code' },
      );
      expect(JSON.stringify(suite.server.audit)).not.toContain(code.code);
      expect([refused.status, refused.body.error]).toEqual([400, error]);
      expect(refused.body['error_description']).toMatch(description);
      const { status, body } = await redeem(suite.server.issuer, code);
      expect(status).toBe(200);
      expect(await isActive(body.access_token)).toBe(true);
    },
  );

  test('[RESP-05] [TOK-03] [TOK-04] [TOK-05] a code is bound to its client, address and challenge, and gives what was granted with it', async () => {
    const { issuer } = suite.server;
    const scope = 'openid fhirUser launch/patient patient/Patient.rs';
    const amys = await authorize(issuer, { browser, scope });
    const bens = await authorize(issuer, {
      ...{ username: 'ben', clientId: 'other-app', params: { aud: OTHER_FHIR } },
      scope: 'launch/patient patient/Condition.rs',
    });
    const tries: [authorized: Pick<Authorized, 'code' | 'verifier'>, form: Record<string, string>][] = [
      [amys, { client_id: 'other-app' }],
      [bens, { client_id: 'public-app' }],
      [amys, { client_id: 'public-app', redirect_uri: `${REDIRECT}/second` }],
      [{ code: amys.code, verifier: bens.verifier }, { client_id: 'public-app' }],
      [{ code: bens.code, verifier: amys.verifier }, { client_id: 'other-app' }],
    ];
    for (const [authorized, form] of tries) {
      const { status, body } = await redeem(issuer, authorized, form);
      expect([status, body.error, body.access_token]).toEqual([400, 'invalid_grant', undefined]);
    }
    const told = async (authorized: Authorized, clientId: string): Promise<Record<string, unknown>> => {
      const { body } = await redeem(issuer, authorized, { client_id: clientId });
      const rs = basic('fhir-server', RS_SECRET);
      return (await postForm(`${issuer}/introspect`, { token: body.access_token }, rs)).body;
    };
    const ofAmy = await told(amys, 'public-app');
    const ofBen = await told(bens, 'other-app');
    expect(ofAmy).toMatchObject({ client_id: 'public-app', patient: 'p1', scope, aud: FHIR });
    expect(ofBen).toMatchObject({ client_id: 'other-app', patient: 'p2', aud: OTHER_FHIR });
    expect(ofBen['scope']).toBe('launch/patient patient/Condition.rs');
    expect(ofBen['sub']).not.toBe(ofAmy['sub']);
  });

  test('[TOK-04] the challenge itself is no verifier, as it would be with plain', async () => {
    const code = await authorized();
    const { challenge } = pkce();
    const refused = await redeem(suite.server.issuer, { ...code, verifier: challenge });
    expect(refused.body.error).toBe('invalid_grant');
  });

  test('[A103] [audited] [RESP-03] a code is good for a minute', async () => {
    const code = await authorized();
    const now = Date.now();
    jest.spyOn(Date, 'now').mockImplementation(() => now + 61_000);
    const late = await expectTokenRefused(
      suite.server.audit,
      () => redeem(suite.server.issuer, code),
      /^invalid_grant: authorization code (not found|is expired)/,
      { clientId: 'public-app' },
    );
    expect([late.status, late.body.error]).toEqual([400, 'invalid_grant']);
  });

  test('[A120] [audited] [REF-20] [REV-10] an account or a client that was disabled since gets nothing', async () => {
    const vault = suite.server.vault;
    const clients = createClientStore(vault);
    const code = await authorized('other-app');
    await clients.setDisabled('other-app', true);
    const refused = await expectTokenRefused(
      suite.server.audit,
      () => redeem(suite.server.issuer, code, { client_id: 'other-app' }),
      /^invalid_client: /,
    );
    expect([refused.status, refused.body.error]).toEqual([401, 'invalid_client']);
    await clients.setDisabled('other-app', false);
    expect((await redeem(suite.server.issuer, code, { client_id: 'other-app' })).status).toBe(200);
  });

  test('[TOK-06] [TOK-02] [A125] [A151] [audited] a confidential app has to authenticate; a client_id beside it must match', async () => {
    const code = await authorized('secret-app');
    const { audit } = suite.server;
    const bare = await expectTokenRefused(
      audit,
      () => redeem(suite.server.issuer, code, { client_id: 'secret-app' }),
      /^invalid_client: /,
      { clientId: 'secret-app' },
    );
    expect([bare.status, bare.body.error]).toEqual([401, 'invalid_client']);
    const mixed = [{ client_id: 'other-app' }, basic('secret-app', SECRET)] as const;
    const mismatch = await expectTokenRefused(
      audit,
      () => redeem(suite.server.issuer, code, ...mixed),
      /^invalid_(client|request): /,
    );
    expect([400, 401]).toContain(mismatch.status);
    const matching = await redeem(
      suite.server.issuer,
      code,
      { client_id: 'secret-app' },
      basic('secret-app', SECRET),
    );
    expect(matching.status).toBe(200);
  });

  test('[A126] [audited] [TOK-23] [CLI-02] a wrong secret is 401 with a Basic challenge', async () => {
    const code = await authorized('secret-app');
    const refused = await expectTokenRefused(
      suite.server.audit,
      () => redeem(suite.server.issuer, code, {}, basic('secret-app', `${SECRET}x`)),
      /^invalid_client: /,
      { clientId: 'secret-app' },
    );
    expect(JSON.stringify(suite.server.audit)).not.toContain(SECRET);
    expect([refused.status, refused.body.error]).toEqual([401, 'invalid_client']);
    expect(refused.headers.get('www-authenticate')).toMatch(/^Basic /);
    expect(refused.headers.get('pragma')).toBe('no-cache');
  });
});

describe('two servers over one Redis', () => {
  const suite = gatehouseOn('redis', () => ({ clients: [PUBLIC_APP, RESOURCE_SERVER] }));

  test('[A101] [F24] [audited] 50 redemptions spread over both: exactly one succeeds, and its tokens are dead on both', async () => {
    const { issuer } = suite.server;
    const port = await freePort();
    const second = await startGatehouse(
      suite.store,
      { issuer, clients: [PUBLIC_APP, RESOURCE_SERVER] },
      port,
    );
    try {
      const code = await authorize(issuer);
      const tries = Array.from({ length: 25 }, () => [redeem(issuer, code), redeemAt(port, issuer, code)]);
      const answers = await Promise.all(tries.flat());
      expectOneWinner(answers);
      // Each loser is on record, where it asked.
      const records = [...suite.server.audit, ...second.audit];
      expect(
        records.filter(({ type }) => type === 'token.refused' || type === 'token.reuse').length,
      ).toBeGreaterThanOrEqual(answers.length - 1);
      const token = answers.find(({ status }) => status === 200)!.body.access_token;
      const told = await postAt(port, issuer, '/introspect', { token }, basic('fhir-server', RS_SECRET));
      expect(told.body['active']).toBe(false);
    } finally {
      await second.close();
    }
  });
});

function referenceOf({ headers }: TokenAnswer): string | null {
  return headers.get('x-request-id');
}

function expectOneWinner(answers: readonly Pick<TokenAnswer, 'status' | 'body'>[]): void {
  const losers = answers.filter(({ status }) => status !== 200);
  expect(answers.length - losers.length).toBe(1);
  expect(new Set(losers.map(({ status, body }) => `${status} ${body.error}`))).toEqual(
    new Set(['400 invalid_grant']),
  );
}

function redeemAt(port: number, issuer: string, { code, verifier }: Authorized) {
  const usual = { grant_type: 'authorization_code', code, redirect_uri: REDIRECT, code_verifier: verifier };
  return postAt(port, issuer, '/token', { ...usual, client_id: 'public-app' });
}

/** To one server of several behind a name: `fetch` would not let us choose the Host header. */
function postAt(
  port: number,
  issuer: string,
  path: string,
  form: Record<string, string>,
  headers: Record<string, string> = {},
): Promise<Pick<TokenAnswer, 'status' | 'body'>> {
  const body = new URLSearchParams(form).toString();
  const type = { 'content-type': 'application/x-www-form-urlencoded', 'content-length': String(body.length) };
  return new Promise((resolve, reject) => {
    const host = new URL(issuer).host;
    const sent = request(
      { port, path, host: '127.0.0.1', method: 'POST', headers: { ...headers, ...type, host } },
      (answer) => {
        let text = '';
        answer.setEncoding('utf8').on('data', (part: string) => (text += part));
        answer.on('end', () =>
          resolve({ status: answer.statusCode ?? 0, body: JSON.parse(text) as TokenAnswer['body'] }),
        );
      },
    );
    sent.once('error', reject);
    sent.end(body);
  });
}
