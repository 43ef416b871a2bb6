import { beforeAll, describe, expect, test } from '@jest/globals';
import { SignJWT, UnsecuredJWT, decodeJwt, decodeProtectedHeader, generateKeyPair } from 'jose';

import { expectRefused } from '../../support/audited.ts';
import { CookieBrowser, formFields } from '../../support/browser.ts';
import { PUBLIC_APP, REDIRECT } from '../../support/clients.ts';
import {
  arrive,
  authorize,
  authorizeUrl,
  pkce,
  redeem,
  submit,
  textOf,
  type Arrival,
  type Screen,
} from '../../support/flow.ts';
import { gatehouseOn } from '../../support/suite.ts';

const { privateKey } = await generateKeyPair('RS256');

describe('an id_token_hint about somebody else', () => {
  const suite = gatehouseOn('embedded', () => ({
    clients: [PUBLIC_APP, { ...PUBLIC_APP, client_id: 'other-app' }],
  }));
  const amy = new CookieBrowser();
  let [ofAmy, ofBen, ofOtherApp] = ['', '', ''];
  beforeAll(async () => {
    const idToken = async (clientId: string, username: string, browser = new CookieBrowser()) => {
      const authorized = await authorize(suite.server.issuer, { clientId, username, browser });
      return String(
        (await redeem(suite.server.issuer, authorized, { client_id: clientId })).body['id_token'],
      );
    };
    ofAmy = await idToken('public-app', 'amy', amy);
    ofBen = await idToken('public-app', 'ben');
    ofOtherApp = await idToken('other-app', 'amy');
  });
  const start = (params: Record<string, string>, browser = amy) =>
    browser.get(authorizeUrl(suite.server.issuer, { params }, pkce().challenge));
  const signed = (claims: object): Promise<string> =>
    new SignJWT({ ...decodeJwt(ofAmy), ...claims })
      .setProtectedHeader({ ...decodeProtectedHeader(ofAmy), alg: 'RS256' })
      .sign(privateKey);
  const forged: readonly (readonly [string, () => string | Promise<string>])[] = [
    ['of our name, signed with a key that is not ours', () => signed({})],
    ['of another issuer', () => signed({ iss: 'https://else.example' })],
    ['that we gave another app', () => ofOtherApp],
    ['with alg none', () => new UnsecuredJWT(decodeJwt(ofAmy)).encode()],
    ['whose signature was cut off', () => `${ofAmy.split('.').slice(0, 2).join('.')}.`],
    ['with another person written in', () => spliced(ofAmy, ofBen)],
    ['that is no token', () => 'x.y.z'],
  ];

  test.each(forged)(
    '[A053] [audited] a hint %s: refused at the app, whoever is signed in',
    async (_what, make) => {
      const hint = await make();
      let answer: Response | undefined;
      await expectRefused(suite.server.audit, {
        ...{ id: 'A053', what: 'a forged hint', status: 303, type: 'authorize' },
        ask: async () => (answer = await start({ id_token_hint: hint })),
        reason: /^invalid_request: could not validate id_token_hint/,
        more: { clientId: 'public-app' },
      });
      const to = new URL(String(answer?.headers.get('location')));
      expect([to.origin + to.pathname, to.searchParams.get('code')]).toEqual([REDIRECT, null]);
      expect(JSON.stringify(suite.server.audit)).not.toContain(hint);
    },
  );

  test('[A053] [audited] a true hint about another person, asked silently: login_required, and no code', async () => {
    let answer: Response | undefined;
    await expectRefused(suite.server.audit, {
      ...{ id: 'A053', what: 'about ben', status: 303, type: 'authorize' },
      ask: async () => (answer = await start({ id_token_hint: ofBen, prompt: 'none' })),
      reason: /^login_required: id_token_hint and authenticated subject do not match/,
      more: { clientId: 'public-app' },
    });
    const { searchParams } = new URL(String(answer?.headers.get('location')));
    expect([searchParams.get('error'), searchParams.get('code')]).toEqual(['login_required', null]);
  });

  test('[A053] [audited] where a person can be asked, nobody but the one of the hint gets anywhere', async () => {
    const { issuer, audit } = suite.server;
    const browser = new CookieBrowser();
    await authorize(issuer, { browser });
    const login = await arrive(issuer, browser, await start({ id_token_hint: ofBen }, browser));
    expect(formFields(login.html)['step']).toEqual(['login']);
    const screenOf = ({ response: { url }, html }: Arrival): Screen => {
      return { browser, url, status: 200, html, fields: formFields(html), verifier: '' };
    };
    let refused = login;
    await expectRefused(audit, {
      ...{ id: 'A053', what: 'amy for ben', status: 403, type: 'consent', reason: /^other-account$/ },
      ask: async () => {
        refused = await submit(issuer, screenOf(login), { username: 'amy' });
        return refused.response;
      },
      more: { clientId: 'public-app', accountId: expect.any(String) },
    });
    expect(textOf(refused.html)).toMatch(/The app asked for another account/);
    const again = { ...screenOf(refused), fields: { ...formFields(refused.html), switch: ['yes'] } };
    const asBen = await submit(issuer, screenOf(await submit(issuer, again)), { username: 'ben' });
    expect(formFields(asBen.html)['step']).toEqual(['consent']);
  });

  test('[A053] a true hint about who is signed in changes nothing', async () => {
    const page = await arrive(suite.server.issuer, amy, await start({ id_token_hint: ofAmy }));
    expect(formFields(page.html)['step']).toEqual(['consent']);
  });
});

/** The claims of one token under the signature of another. */
function spliced(one: string, other: string): string {
  const [header, , signature] = one.split('.');
  return [header, other.split('.')[1], signature].join('.');
}
