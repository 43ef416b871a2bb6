import { describe, expect, test } from '@jest/globals';

import { expectRecorded } from '../../support/audited.ts';
import { CookieBrowser } from '../../support/browser.ts';
import { PUBLIC_APP, RESOURCE_SERVER, RS_SECRET, SECRET, SECRET_APP, basic } from '../../support/clients.ts';
import { authorize, postForm, redeem, refresh, type TokenAnswer } from '../../support/flow.ts';
import { DRIVERS, FHIR } from '../../support/gatehouse.ts';
import { gatehouseOn } from '../../support/suite.ts';

const OTHER_APP = { ...PUBLIC_APP, client_id: 'other-app' };
const CLIENTS = [PUBLIC_APP, OTHER_APP, SECRET_APP, RESOURCE_SERVER];

describe.each(DRIVERS)('revocation on %s', (driver) => {
  const [browser, strictBrowser] = [new CookieBrowser(), new CookieBrowser()];
  const suite = gatehouseOn(driver, () => ({ clients: CLIENTS }));
  const strict = gatehouseOn(driver, () => ({ clients: CLIENTS, tokens: { revokeAccessToken: 'grant' } }));

  const tokens = async (
    clientId = 'public-app',
    headers: Record<string, string> = {},
  ): Promise<TokenAnswer['body']> => {
    const form = clientId === 'secret-app' ? {} : { client_id: clientId };
    return (
      await redeem(
        suite.server.issuer,
        await authorize(suite.server.issuer, { browser, clientId }),
        form,
        headers,
      )
    ).body;
  };
  const revoke = (form: Record<string, string>, headers: Record<string, string> = {}) =>
    postForm(`${suite.server.issuer}/revoke`, form, headers);
  const isActive = async (token: string, issuer = suite.server.issuer): Promise<unknown> =>
    (await postForm(`${issuer}/introspect`, { token }, basic('fhir-server', RS_SECRET))).body['active'];

  test('[REV-03] [REV-06] [REV-07] revoking a refresh token ends the grant and every token of it', async () => {
    const first = await tokens();
    const { body: second } = await refresh(suite.server.issuer, first.refresh_token);
    const { status, headers } = await revoke({ token: second.refresh_token, client_id: 'public-app' });
    expect([status, headers.get('cache-control')]).toEqual([200, 'no-store']);
    expect([await isActive(first.access_token), await isActive(second.access_token)]).toEqual([false, false]);
    expect((await refresh(suite.server.issuer, second.refresh_token)).body.error).toBe('invalid_grant');
    const record = suite.server.audit.findLast(({ type }) => type === 'token.revoked');
    expect(record).toMatchObject({
      ...{ outcome: 'success', clientId: 'public-app', what: 'grant', patient: 'p1', fhirServer: FHIR },
      ...{ accountId: expect.stringMatching(/./), grantId: expect.stringMatching(/./) },
      scope: expect.stringContaining('patient/'),
    });
  });

  test('[REV-03] revoking an access token ends that one only', async () => {
    const first = await tokens();
    const { body: second } = await refresh(suite.server.issuer, first.refresh_token);
    expect((await revoke({ token: first.access_token, client_id: 'public-app' })).status).toBe(200);
    expect([await isActive(first.access_token), await isActive(second.access_token)]).toEqual([false, true]);
    expect((await refresh(suite.server.issuer, second.refresh_token)).status).toBe(200);
  });

  test('[REV-07] … or, where the setting says so, the whole grant', async () => {
    const { issuer } = strict.server;
    const { body } = await redeem(issuer, await authorize(issuer, { browser: strictBrowser }));
    await postForm(`${issuer}/revoke`, { token: body.access_token, client_id: 'public-app' });
    expect(await isActive(body.access_token, issuer)).toBe(false);
    expect((await refresh(issuer, body.refresh_token)).body.error).toBe('invalid_grant');
  });

  test('[A186] unknown tokens, garbage and tokens revoked before are 200', async () => {
    const { refresh_token: token } = await tokens();
    const jwt = 'eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.';
    for (const one of ['unknown', 'x'.repeat(5000), jwt, token, token]) {
      expect((await revoke({ token: one, client_id: 'public-app' })).status).toBe(200);
    }
    expect(
      (await revoke({ token: 'unknown', client_id: 'public-app', token_type_hint: 'nonsense' })).status,
    ).toBe(200);
  });

  test('[REV-03] the token of another client is refused and lives on, whoever asks', async () => {
    const [mine, secret] = [await tokens(), await tokens('secret-app', basic('secret-app', SECRET))];
    const attempts = [
      await revoke({ token: mine.refresh_token, client_id: 'other-app' }),
      await revoke({ token: mine.access_token }, basic('secret-app', SECRET)),
      await revoke({ token: secret.refresh_token, client_id: 'public-app' }),
    ];
    expect(attempts.map(({ status, body }) => `${status} ${body.error}`)).toEqual(
      Array(3).fill('400 invalid_request'),
    );
    expect([await isActive(mine.access_token), await isActive(secret.access_token)]).toEqual([true, true]);
    expect((await refresh(suite.server.issuer, mine.refresh_token)).status).toBe(200);
  });

  test('[REV-03] [A130] [audited] a confidential client has to authenticate, and a token has to be there', async () => {
    const { refresh_token: token, access_token: access } = await tokens(
      'secret-app',
      basic('secret-app', SECRET),
    );
    const bare = await expectRecorded(suite.server.audit, () => revoke({ token, client_id: 'secret-app' }), {
      type: 'request.refused',
      reason: /^invalid_client: /,
      more: { what: 'revocation' },
    });
    expect(JSON.stringify(suite.server.audit)).not.toContain(token);
    expect([bare.status, bare.body.error]).toEqual([401, 'invalid_client']);
    expect(await isActive(access)).toBe(true);
    const missing = await revoke({ client_id: 'public-app' });
    expect([missing.status, missing.body.error]).toEqual([400, 'invalid_request']);
    expect((await revoke({ token }, basic('secret-app', SECRET))).status).toBe(200);
    expect(await isActive(access)).toBe(false);
  });

  test('[REV-11] [CORS-02] a browser app may revoke from its own origin', async () => {
    const { headers } = await postForm(
      `${suite.server.issuer}/revoke`,
      { token: 'x', client_id: 'public-app' },
      { origin: 'http://localhost:4999' },
    );
    expect(headers.get('access-control-allow-origin')).toBe('http://localhost:4999');
  });
});
