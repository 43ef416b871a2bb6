import { beforeAll, describe, expect, test } from '@jest/globals';

import { CookieBrowser } from '../../support/browser.ts';
import { PUBLIC_APP } from '../../support/clients.ts';
import { authorize, openScreen, textOf } from '../../support/flow.ts';
import { DRIVERS, FHIR } from '../../support/gatehouse.ts';
import { gatehouseOn } from '../../support/suite.ts';

describe.each(DRIVERS)('authorization requests that are fine on %s', (driver) => {
  const browser = new CookieBrowser();
  const suite = gatehouseOn(driver, () => ({ clients: [PUBLIC_APP] }));
  beforeAll(async () => {
    await authorize(suite.server.issuer, { browser });
  });

  test.each([
    ['AUTHZ-12', 'aud with one slash at its end', { params: { aud: `${FHIR}/` } }],
    ['AUTHZ-11', 'resource beside aud, the same', { params: { resource: FHIR } }],
    ['AUTHZ-09', 'a state of 1 kB with odd characters', { params: { state: 'é&=%20+"<'.repeat(100) } }],
    ['AUTHZ-23', 'vendor parameters', { params: { display: 'popup', vendor: 'x', claims: '{' } }],
    ['A026', 'response_mode=query', { params: { response_mode: 'query' } }],
    ['AUTHZ-21', 'no nonce', { params: { nonce: undefined } }],
  ] as const)('[%s] %s is fine, and the state comes back as it was sent', async (_id, _what, options) => {
    const { callback, code } = await authorize(suite.server.issuer, { ...options, browser });
    expect(code).not.toBe('');
    const state = 'state' in options.params ? options.params.state : 'state-1234567890';
    expect(callback.searchParams.get('state')).toBe(state);
  });

  test('prompt=login asks for the password again, whoever is signed in', async () => {
    const screen = await openScreen(suite.server.issuer, 'login', {
      browser,
      params: { prompt: 'login' },
    });
    expect(textOf(screen.html)).toMatch(/Sign in/);
  });

  test('[A065] [RESP-07] every way an authorization request ends at the app carries iss', async () => {
    const { callback } = await authorize(suite.server.issuer, { browser });
    expect(callback.searchParams.get('iss')).toBe(suite.server.issuer);
  });
});
