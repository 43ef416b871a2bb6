import { describe, expect, test } from '@jest/globals';

import { expectRecorded } from '../../support/audited.ts';
import { PUBLIC_APP } from '../../support/clients.ts';
import { authorize, authorizeUrl, pkce, redeem } from '../../support/flow.ts';
import { gatehouseOn } from '../../support/suite.ts';

const REGISTERED = 'http://127.0.0.1/cb';
const USED = 'http://127.0.0.1:51234/cb';

describe('redirects to a port of the moment', () => {
  const suite = gatehouseOn('embedded', () => ({
    clients: [
      { ...PUBLIC_APP, client_id: 'desk-app', application_type: 'native', redirect_uris: [REGISTERED] },
      { ...PUBLIC_APP, client_id: 'web-app', redirect_uris: [REGISTERED] },
    ],
  }));

  test('[CRG-13] a native app may come back to any port of its own machine', async () => {
    const { issuer } = suite.server;
    const options = { clientId: 'desk-app', params: { redirect_uri: USED } };
    const authorized = await authorize(issuer, options);
    expect(authorized.callback.href).toMatch(/^http:\/\/127\.0\.0\.1:51234\/cb\?code=/);
    const form = { client_id: 'desk-app', redirect_uri: USED };
    expect((await redeem(issuer, authorized, form)).status).toBe(200);
  });

  test.each([
    ['web-app', USED],
    ['desk-app', 'http://127.0.0.1:51234/other'],
    ['desk-app', 'http://192.0.2.7:51234/cb'],
    ['desk-app', 'http://localhost:51234/cb'],
    ['desk-app', 'http://127.0.0.1.evil.example:51234/cb'],
    ['desk-app', 'http://[::ffff:127.0.0.1]:51234/cb'],
  ])(
    '[A012] [audited] [CRG-13] [AUTHZ-05] %s does not get to %s: the page says so, and nobody is sent there',
    async (clientId, redirect) => {
      const { issuer } = suite.server;
      const url = authorizeUrl(issuer, { clientId, params: { redirect_uri: redirect } }, pkce().challenge);
      const response = await expectRecorded(suite.server.audit, () => fetch(url, { redirect: 'manual' }), {
        ...{ type: 'authorize', reason: /^invalid_redirect_uri: /, more: { clientId } },
      });
      expect([response.status, response.headers.get('location')]).toEqual([400, null]);
      expect(await response.text()).toMatch(/redirect_uri/);
    },
  );
});
