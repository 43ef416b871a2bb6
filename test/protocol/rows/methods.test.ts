import { request } from 'node:http';
import { describe, expect, test } from '@jest/globals';

import { CookieBrowser } from '../../support/browser.ts';
import { PUBLIC_APP } from '../../support/clients.ts';
import { authorizeUrl, pkce } from '../../support/flow.ts';
import { gatehouseOn } from '../../support/suite.ts';

const ALL = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'TRACE', 'PROPFIND'];

interface Answer {
  readonly status: number;
  readonly allow: string | undefined;
  readonly body: string;
}

/** As somebody with any method sends it; `fetch` has some that it does not send. */
function ask(issuer: string, method: string, path: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(new URL(path, issuer), { method, headers: { 'content-length': 0 } }, (response) => {
      const { statusCode: status = 0, headers } = response;
      let body = '';
      response.setEncoding('utf8').on('data', (part: string) => (body += part));
      response.on('end', () => resolve({ status, allow: headers.allow, body }));
    });
    sent.once('error', reject).end();
  });
}

describe('methods that an address does not offer', () => {
  const suite = gatehouseOn('embedded', () => ({ clients: [PUBLIC_APP] }));

  test.each([
    ['/authorize', 'GET, POST', 'authorization'],
    ['/token', 'POST', 'token'],
    ['/introspect', 'POST', 'introspection'],
    ['/revoke', 'POST', 'revocation'],
    ['/launches', 'POST', 'launch'],
    ['/revocations', 'GET', 'revocation-feed'],
    ['/usage', 'POST', 'usage'],
  ])(
    '[A061] [A111] [audited] %s takes %s; all others are 405, and on record',
    async (path, allowed, what) => {
      const offered = allowed.split(', ');
      for (const method of ALL.filter((one) => !offered.includes(one))) {
        const before = suite.server.audit.length;
        const { status, allow, body } = await ask(suite.server.issuer, method, path);
        expect([method, status, allow]).toEqual([method, 405, allowed]);
        if (method !== 'HEAD') expect(JSON.parse(body)).toMatchObject({ error: 'invalid_request' });
        expect(suite.server.audit.slice(before)).toEqual([
          expect.objectContaining({
            ...{ type: 'request.refused', outcome: 'refused', what },
            reason: `this address does not take ${method}`,
          }),
        ]);
      }
    },
  );

  test.each([
    ['/logout', 'GET, POST'],
    ['/logout/confirm', 'POST'],
    ['/logout/success', 'GET'],
    ['/authorize/some-interaction', 'GET'],
    ['/jwks', 'GET, HEAD'],
    ['/.well-known/openid-configuration', 'GET, HEAD'],
    ['/fhir/.well-known/smart-configuration', 'HEAD, GET, OPTIONS'],
    ['/interaction/some-interaction', 'HEAD, GET, POST'],
    ['/', 'HEAD, GET'],
  ])('[A061] %s takes %s; all others are 405, too', async (path, allowed) => {
    const offered = allowed.split(', ');
    for (const method of ALL) {
      const { status, allow } = await ask(suite.server.issuer, method, path);
      if (offered.includes(method)) expect([method, status]).not.toEqual([method, 405]);
      else expect([method, status, allow]).toEqual([method, 405, allowed]);
    }
  });

  test('[A061] a good authorization request asked for by HEAD begins nothing', async () => {
    const { issuer } = suite.server;
    const url = authorizeUrl(issuer, {}, pkce().challenge);
    const head = await fetch(url, { method: 'HEAD', redirect: 'manual' });
    expect([head.status, head.headers.get('location'), head.headers.getSetCookie()]).toEqual([405, null, []]);
    const page = await new CookieBrowser().get(`${issuer}/token`);
    expect([page.status, page.headers.get('allow')]).toEqual([405, 'POST']);
    expect((await new CookieBrowser().get(url)).status).toBe(303);
  });

  test('[A111] a code in the query of /token is not redeemed, and is not in the record', async () => {
    const { issuer, audit } = suite.server;
    const query = new URLSearchParams({ client_id: 'public-app', code: 'gac_canary', code_verifier: 'x' });
    const answer = await ask(issuer, 'GET', `/token?${query}`);
    expect([answer.status, answer.body]).toEqual([405, expect.not.stringContaining('gac_canary')]);
    expect(JSON.stringify(audit)).not.toContain('gac_canary');
  });
});
