import { afterEach, describe, expect, jest, test } from '@jest/globals';

import { expectRecorded } from '../../support/audited.ts';
import { CookieBrowser } from '../../support/browser.ts';
import { PUBLIC_APP, REDIRECT, SECRET, SECRET_APP, basic } from '../../support/clients.ts';
import { authorizeAt, authorizeUrl, pkce, redeem } from '../../support/flow.ts';
import { FHIR } from '../../support/gatehouse.ts';
import { gatehouseOn } from '../../support/suite.ts';

const URN = 'urn:ietf:params:oauth:request_uri:';

describe('requests that were sent beforehand', () => {
  const suite = gatehouseOn('embedded', () => ({ clients: [PUBLIC_APP, SECRET_APP] }));
  afterEach(() => void jest.restoreAllMocks());

  const pushed = async (): Promise<string> => {
    const { issuer } = suite.server;
    const query = new URL(authorizeUrl(issuer, {}, pkce().challenge)).searchParams;
    const answer = await new CookieBrowser().post(`${issuer}/authorize`, Object.fromEntries(query));
    return new URL(String(answer.headers.get('location')), issuer).href;
  };
  const gone = (url: string) =>
    expectRecorded(suite.server.audit, () => new CookieBrowser().get(url), {
      ...{ type: 'request.refused', reason: /^this request has expired/, more: { what: 'authorization' } },
    });

  test('[A063] PAR is off: no address takes a request, none is announced, and the request is nowhere', async () => {
    const { issuer } = suite.server;
    const body = { response_type: 'code', client_id: 'secret-app', redirect_uri: REDIRECT, aud: FHIR };
    for (const path of ['/request', '/par']) {
      const sent = { method: 'POST', body: new URLSearchParams(body), headers: basic('secret-app', SECRET) };
      const answer = await fetch(issuer + path, sent);
      expect([path, answer.status, await answer.text()]).toEqual([
        ...[path, 404, expect.not.stringContaining('request_uri')],
      ]);
    }
    for (const path of ['/.well-known/openid-configuration', '/fhir/.well-known/smart-configuration'])
      expect(await (await fetch(issuer + path)).text()).not.toMatch(/pushed_authorization/);
  });

  test.each([
    ['nobody has pushed', { request_uri: `${URN}made-up` }],
    ['with other parameters beside it', { request_uri: `${URN}made-up`, scope: 'patient/*.cruds' }],
  ])('[A063] [audited] a reference %s is refused at the app, whoever shows it', async (_what, params) => {
    for (const clientId of ['public-app', 'secret-app']) {
      const url = authorizeUrl(suite.server.issuer, { clientId, params }, pkce().challenge);
      const answer = await expectRecorded(suite.server.audit, () => new CookieBrowser().get(url), {
        ...{ type: 'authorize', reason: /^request_uri_not_supported/, more: { clientId } },
      });
      const { searchParams } = new URL(String(answer.headers.get('location')));
      expect([searchParams.get('error'), searchParams.get('code')]).toEqual([
        ...['request_uri_not_supported', null],
      ]);
    }
  });

  test('[A063] [audited] what stands for a posted request works once, a minute long, and is never made up', async () => {
    const url = await pushed();
    expect((await new CookieBrowser().get(url)).status).toBe(303);
    const made = `${suite.server.issuer}/authorize?posted_request=made-up`;
    const late = await pushed();
    for (const one of [url, made]) expect((await gone(one)).status).toBe(400);
    const now = Date.now();
    jest.spyOn(Date, 'now').mockImplementation(() => now + 61_000);
    expect((await gone(late)).status).toBe(400);
    expect(JSON.stringify(suite.server.audit)).not.toContain(new URL(url).searchParams.get('posted_request'));
  });

  test('[A063] another app gains nothing by it: what was posted counts, and nothing beside it', async () => {
    const { issuer } = suite.server;
    const beside = new URLSearchParams({
      ...{ client_id: 'secret-app', redirect_uri: 'https://evil.example/cb', scope: 'patient/*.cruds' },
      ...{ state: 'of-somebody-else', code_challenge: pkce().challenge },
    });
    const callback = await authorizeAt(issuer, `${await pushed()}&${beside}`);
    expect([callback.origin + callback.pathname, callback.searchParams.get('state')]).toEqual([
      ...[REDIRECT, 'state-1234567890'],
    ]);
    const code = { code: callback.searchParams.get('code') ?? '', verifier: 'x'.repeat(43) };
    const stolen = await redeem(issuer, code, {}, basic('secret-app', SECRET));
    expect([stolen.status, stolen.body.error]).toEqual([400, 'invalid_grant']);
  });
});
