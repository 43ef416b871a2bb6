import { afterEach, describe, expect, jest, test } from '@jest/globals';

import { createAccountStore, createGrantIndex } from '../../../src/store/index.ts';
import { expectTokenRefused } from '../../support/audited.ts';
import { CookieBrowser } from '../../support/browser.ts';
import { PUBLIC_APP, RESOURCE_SERVER, RS_SECRET, SECRET_APP, basic } from '../../support/clients.ts';
import { authorize, postForm, redeem, refresh, type TokenAnswer } from '../../support/flow.ts';
import { DRIVERS } from '../../support/gatehouse.ts';
import { gatehouseOn } from '../../support/suite.ts';

describe.each(DRIVERS)('refreshing on %s', (driver) => {
  const browser = new CookieBrowser();
  const suite = gatehouseOn(driver, () => ({
    clients: [PUBLIC_APP, SECRET_APP, RESOURCE_SERVER, { ...PUBLIC_APP, client_id: 'other-app' }],
  }));

  afterEach(() => void jest.restoreAllMocks());

  const tokens = async (): Promise<TokenAnswer['body']> =>
    (await redeem(suite.server.issuer, await authorize(suite.server.issuer, { browser }))).body;
  const again = (token: string, form: Record<string, string> = {}) =>
    refresh(suite.server.issuer, token, form);
  const isActive = async (token: string): Promise<unknown> =>
    (await postForm(`${suite.server.issuer}/introspect`, { token }, basic('fhir-server', RS_SECRET))).body[
      'active'
    ];

  test('[REF-08] [REF-10] [TOK-16] each refresh gives a new refresh token, over and over, never cached', async () => {
    let token = (await tokens()).refresh_token;
    for (let turn = 0; turn < 3; turn += 1) {
      const { status, headers, body } = await again(token);
      expect([status, typeof body['expires_in'], body['token_type']]).toEqual([200, 'number', 'Bearer']);
      expect([headers.get('cache-control'), headers.get('pragma')]).toEqual(['no-store', 'no-cache']);
      expect(body.refresh_token).not.toBe(token);
      token = body.refresh_token;
    }
  });

  test('[A161] [audited] [REF-12] a refresh token used again after its successor ends its whole family', async () => {
    const first = await tokens();
    const { body: second } = await again(first.refresh_token);
    const { body: third } = await again(second.refresh_token);
    const reused = await again(first.refresh_token);
    expect([reused.status, reused.body.error]).toEqual([400, 'invalid_grant']);
    expect(reused.body['error_description']).toMatch(/^refresh token already used/);
    expect((await again(third.refresh_token)).body.error).toBe('invalid_grant');
    const dead = await Promise.all([first, second, third].map(({ access_token: token }) => isActive(token)));
    expect(dead).toEqual([false, false, false]);
    expect(suite.server.audit).toContainEqual(expect.objectContaining({ type: 'token.reuse' }));
  });

  test('[C3] [REF-12] [A163] a refresh whose answer got lost can be sent again, for the very same answer', async () => {
    const { refresh_token: token } = await tokens();
    const send = () =>
      fetch(`${suite.server.issuer}/token`, {
        method: 'POST',
        body: new URLSearchParams({
          grant_type: 'refresh_token',
          refresh_token: token,
          client_id: 'public-app',
        }),
      });
    const answers = await Promise.all([await send(), await send(), await send()].map((one) => one.text()));
    expect(new Set(answers).size).toBe(1);
    const { access_token: access, refresh_token: next } = JSON.parse(answers[0]!) as TokenAnswer['body'];
    expect(await isActive(access)).toBe(true);
    const ofThis = suite.server.audit.filter(({ type }) => /^token\.(issued|repeated)$/.test(type)).slice(-3);
    expect(ofThis.map(({ type }) => type)).toEqual(['token.issued', 'token.repeated', 'token.repeated']);
    expect((await again(next)).status).toBe(200);
  });

  test('[C3] [A161] the window is short, and only for the client the token is for', async () => {
    const { refresh_token: token } = await tokens();
    const { body } = await again(token);
    const other = await again(token, { client_id: 'other-app' });
    expect([other.status, other.body.error]).toEqual([400, 'invalid_grant']);
    expect(await isActive(body.access_token)).toBe(true);
    if (driver === 'redis') return;
    const now = Date.now();
    jest.spyOn(Date, 'now').mockImplementation(() => now + 31_000);
    const late = await again(token);
    expect([late.status, late.body.error]).toEqual([400, 'invalid_grant']);
    expect(await isActive(body.access_token)).toBe(false);
  });

  test('[A162] [SEC-05] of 50 parallel refreshes with one token all get one and the same answer', async () => {
    const { refresh_token: token } = await tokens();
    const answers = await Promise.all(Array.from({ length: 50 }, () => again(token)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(new Set(answers.map(({ body }) => JSON.stringify(body))).size).toBe(1);
    const { body } = await again(answers[0]!.body.refresh_token);
    expect(await isActive(body.access_token)).toBe(true);
  });

  test.each([
    ['REF-04', 'a scope that was not granted', 'patient/Condition.rs', 'invalid_scope'],
    ['REF-06', 'the resource instead of its category', 'patient/*.rs', 'invalid_scope'],
    ['REF-06', 'v2 letters beyond', 'patient/Patient.cruds', 'invalid_scope'],
  ])('[%s] [A166] [audited] %s → %s', async (_id, _what, scope, error) => {
    const { refresh_token: token } = await tokens();
    const refused = await expectTokenRefused(
      suite.server.audit,
      () => again(token, { scope }),
      /^invalid_scope: /,
      { clientId: 'public-app', grantType: 'refresh_token' },
    );
    expect([refused.status, refused.body.error]).toEqual([400, error]);
    // Asking for too much is a mistake of the app, not a theft: the token is still good.
    expect((await again(token)).status).toBe(200);
  });

  test('[REF-03] [REF-04] [REF-05] [REF-09] [A167] all that was granted may be asked for, or less; less now is no less later', async () => {
    const { refresh_token: token, scope } = await tokens();
    const all = await again(token, { scope });
    expect([all.status, all.body.scope]).toEqual([200, scope]);
    const less = await again(all.body.refresh_token, { scope: 'launch/patient patient/Patient.rs' });
    expect(less.body).toMatchObject({ scope: 'launch/patient patient/Patient.rs', patient: 'p1' });
    const full = await again(less.body.refresh_token);
    expect(full.body.scope).toBe(scope);
  });

  test.each([
    ['fewer letters', 'patient/Patient.r'],
    ['a category of a type', 'patient/Observation.rs?category=vital-signs'],
    ['the v1 spelling', 'patient/Patient.read'],
    ['two parts of one scope', 'patient/Observation.r patient/Observation.s?category=laboratory'],
  ])('[REF-07] [REF-04] %s is less: %s', async (_what, less) => {
    const { refresh_token: token, scope } = await tokens();
    const narrowed = await again(token, { scope: less });
    expect([narrowed.status, narrowed.body.scope]).toEqual([200, less]);
    const told = await postForm(
      `${suite.server.issuer}/introspect`,
      { token: narrowed.body.access_token },
      basic('fhir-server', RS_SECRET),
    );
    expect(told.body).toMatchObject({ active: true, scope: less, patient: 'p1' });
    expect((await again(narrowed.body.refresh_token)).body.scope).toBe(scope);
  });

  test('[REF-06] [REF-07] beside what is less, one scope too many refuses all', async () => {
    const { refresh_token: token } = await tokens();
    const { status, body } = await again(token, { scope: 'patient/Patient.r patient/Condition.r' });
    expect([status, body.error]).toEqual([400, 'invalid_scope']);
  });

  test.each([
    ['REF-18', 'garbage', () => 'garbage'],
    ['REF-18', 'an access token', ({ access_token: token }: TokenAnswer['body']) => token],
    ['REF-18', 'a cut token', ({ refresh_token: token }: TokenAnswer['body']) => token.slice(0, -1)],
    [
      'A119',
      'a token of the same shape that was never issued',
      ({ refresh_token: token }: TokenAnswer['body']) => `${token.slice(0, -6)}AAAAAA`,
    ],
  ])('[%s] [audited] %s → invalid_grant', async (_id, _what, pick) => {
    const shown = pick(await tokens());
    const refused = await expectTokenRefused(
      suite.server.audit,
      () => again(shown),
      /^invalid_grant: refresh token not found/,
      { clientId: 'public-app' },
    );
    if (shown !== 'garbage') expect(JSON.stringify(suite.server.audit)).not.toContain(shown);
    expect([refused.status, refused.body.error]).toEqual([400, 'invalid_grant']);
  });

  test('[A165] [REF-02] [A130] [audited] another app, or a confidential one without its secret, is refused; the token stays good', async () => {
    const { refresh_token: token } = await tokens();
    const { audit } = suite.server;
    const by = (clientId: string) => () => again(token, { client_id: clientId });
    const other = await expectTokenRefused(audit, by('other-app'), /^invalid_grant: client mismatch/, {
      clientId: 'other-app',
    });
    expect([other.status, other.body.error]).toEqual([400, 'invalid_grant']);
    const bare = await expectTokenRefused(audit, by('secret-app'), /^invalid_client: /, {
      clientId: 'secret-app',
    });
    expect([bare.status, bare.body.error]).toEqual([401, 'invalid_client']);
    expect((await again(token)).status).toBe(200);
  });

  test('[REF-20] [A169] [A120] [audited] a disabled account gets nothing more, neither by code nor by refresh', async () => {
    const accounts = createAccountStore(suite.server.vault);
    const ben = { username: 'ben', browser: new CookieBrowser() };
    const { body } = await redeem(suite.server.issuer, await authorize(suite.server.issuer, ben));
    const code = await authorize(suite.server.issuer, ben);
    const account = (await accounts.findByUsername('ben'))!;
    await accounts.save({ ...account, disabled: true });

    const { audit, issuer } = suite.server;
    const redeemed = await expectTokenRefused(audit, () => redeem(issuer, code), /^invalid_grant: /);
    expect([redeemed.status, redeemed.body.error]).toEqual([400, 'invalid_grant']);
    const refreshed = await expectTokenRefused(audit, () => again(body.refresh_token), /^invalid_grant: /);
    expect([refreshed.status, refreshed.body.error]).toEqual([400, 'invalid_grant']);
    // The operator's command ends the grants in the same breath.
    await createGrantIndex(suite.server.driver, 3600).revokeAllOf({ accountId: account.accountId });
    expect(await isActive(body.access_token)).toBe(false);
    await accounts.save(account);
  });
});
