import { describe, expect, test } from '@jest/globals';
import { decodeJwt } from 'jose';

import { CookieBrowser, formFields } from '../../support/browser.ts';
import { redeem, submit } from '../../support/flow.ts';
import { hospitalOn } from '../../support/hospital.ts';

const scope = 'openid fhirUser launch/patient patient/Patient.rs';
const mfa = { practitioner: 'required' } as const;
const person = { sub: 'h-77' };

describe('a hospital whose word on factors counts', () => {
  const hospital = hospitalOn('embedded', { trustMfa: true }, { signIn: { mfa } });

  test('showed them already: no other is asked for, and the app reads which', async () => {
    await hospital.link('dora', 'h-77');
    hospital.idp.person = person;
    const { issuer } = hospital.server;
    const browser = new CookieBrowser();
    const at = await hospital.begin(browser, { scope: 'openid fhirUser user/Patient.rs' });
    const page = await hospital.signIn(browser, at);
    expect(formFields(page.html)['step']).toEqual(['consent']);
    const { verifier } = at;
    const fields = formFields(page.html);
    const { callback } = await submit(issuer, {
      ...{ browser, url: page.response.url, status: 200, html: page.html, fields, verifier },
    });
    const code = callback?.searchParams.get('code') ?? '';
    const { body } = await redeem(issuer, { code, verifier });
    const claims = decodeJwt(String(body.id_token));
    expect(claims).toMatchObject({ amr: ['pwd', 'otp', 'mfa'], acr: 'loa3' });
  });
});

describe('a hospital whose word on factors does not count', () => {
  const hospital = hospitalOn('embedded', {}, { signIn: { mfa } });

  test('a factor is asked for here, on the way to an app and at /apps', async () => {
    await hospital.link('dora', 'h-77');
    hospital.idp.person = person;
    const browser = new CookieBrowser();
    const { html } = await hospital.signIn(browser, await hospital.begin(browser, { scope }));
    expect(formFields(html)['step']?.[0]).toBe('enrol');
    const url = `${hospital.server.issuer}/apps`;
    const other = new CookieBrowser();
    const at = { url, html: await (await other.get(url)).text(), verifier: '' };
    expect(formFields((await hospital.signIn(other, at)).html)['step']?.[0]).toBe('enrol');
  });
});
