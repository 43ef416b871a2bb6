import { beforeEach, describe, expect, test } from '@jest/globals';

import { expectRecorded, expectTokenRefused } from '../../support/audited.ts';
import { CookieBrowser, formFields } from '../../support/browser.ts';
import { RS_SECRET, basic } from '../../support/clients.ts';
import { announce, ehrSuite } from '../../support/ehr.ts';
import {
  arrive,
  authorize,
  authorizeUrl,
  openScreen,
  pkce,
  postForm,
  redeem,
  refresh,
  submit,
  textOf,
} from '../../support/flow.ts';
import { forgetDecisions } from '../../support/forget-decisions.ts';
import { DRIVERS } from '../../support/gatehouse.ts';

const LAUNCH_SCOPE = 'launch offline_access patient/Patient.rs patient/Observation.rs';

describe.each(DRIVERS)('sessions on %s', (driver) => {
  const suite = ehrSuite(driver);
  beforeEach(() => forgetDecisions(suite.server));

  const launchFor = async (patient: string): Promise<Record<string, string>> => {
    const { body } = await announce(suite.server.issuer, suite.token, { patient });
    return { launch: body.launch };
  };
  const introspect = async (token: string) =>
    (await postForm(`${suite.server.issuer}/introspect`, { token }, basic('fhir-server', RS_SECRET))).body;
  const signOut = async (browser: CookieBrowser, button: string): Promise<Response> => {
    const page = await browser.get(`${suite.server.issuer}/logout`);
    const html = await page.text();
    expect(textOf(html)).toMatch(/Sign out\?/);
    const action = /<form method="post" action="([^"]+)"/.exec(html)![1]!;
    const fields = formFields(html);
    expect(fields['xsrf']).toHaveLength(1);
    return browser.post(new URL(action, page.url).href, {
      ...fields,
      ...(button ? { [button]: 'yes' } : {}),
    });
  };

  test('[CTX-01] [REF-21] two launches of one app for two patients in one browser: each keeps its own patient', async () => {
    const browser = new CookieBrowser();
    const dora = { username: 'dora', scope: LAUNCH_SCOPE, browser };
    const { issuer } = suite.server;
    const { body: one } = await redeem(
      issuer,
      await authorize(issuer, { ...dora, params: await launchFor('first') }),
    );
    const params = await launchFor('second');
    // The session is shared: the second launch begins with consent, not with a login.
    const { challenge, verifier } = pkce();
    const start = await arrive(
      issuer,
      browser,
      await browser.get(authorizeUrl(issuer, { ...dora, params }, challenge)),
    );
    expect(formFields(start.html)['step']).toEqual(['consent']);
    const done = await arrive(
      issuer,
      browser,
      await browser.post(start.response.url, formFields(start.html)),
    );
    const { body: two } = await redeem(issuer, { code: done.callback!.searchParams.get('code')!, verifier });
    expect([one['patient'], two['patient']]).toEqual(['first', 'second']);

    const { body: oneAgain } = await refresh(issuer, one.refresh_token);
    const { body: twoAgain } = await refresh(issuer, two.refresh_token);
    expect([oneAgain['patient'], twoAgain['patient']]).toEqual(['first', 'second']);
    const told = await Promise.all(
      [one, two, oneAgain, twoAgain].map(({ access_token: token }) => introspect(token)),
    );
    expect(told.map(({ patient }) => patient)).toEqual(['first', 'second', 'first', 'second']);

    // Ending one leaves the other.
    await postForm(`${issuer}/revoke`, { token: oneAgain.refresh_token, client_id: 'public-app' });
    expect((await refresh(issuer, oneAgain.refresh_token)).body.error).toBe('invalid_grant');
    expect((await refresh(issuer, twoAgain.refresh_token)).status).toBe(200);
  });

  test('[REF-14] [REF-15] [CAP-14] [A168] [audited] signing out ends online_access and leaves offline_access', async () => {
    const browser = new CookieBrowser();
    const { issuer } = suite.server;
    const scope = 'launch/patient patient/Patient.rs';
    const { body: online } = await redeem(
      issuer,
      await authorize(issuer, { browser, scope: `${scope} online_access` }),
    );
    const { body: offline } = await redeem(
      issuer,
      await authorize(issuer, { browser, scope: `${scope} offline_access` }),
    );
    const { body: onlineAgain } = await refresh(issuer, online.refresh_token);
    expect(onlineAgain.scope.split(' ')).toContain('online_access');
    const unused = await authorize(issuer, { browser, scope: `${scope} online_access` });
    const elsewhere = new CookieBrowser();
    const { body: other } = await redeem(
      issuer,
      await authorize(issuer, { browser: elsewhere, scope: `${scope} online_access` }),
    );
    const tokens = [online, onlineAgain, offline, other].map(({ access_token: token }) => token);
    const alive = async () => (await Promise.all(tokens.map(introspect))).map((told) => told['active']);
    expect(await alive()).toEqual([true, true, true, true]);

    const response = await signOut(browser, 'logout');
    expect(response.status).toBe(303);
    const { html } = await arrive(issuer, browser, response);
    expect(textOf(html)).toMatch(/You have signed out/);

    expect(await alive()).toEqual([false, false, true, true]);
    const again = () => refresh(issuer, onlineAgain.refresh_token);
    const refused = await expectTokenRefused(
      suite.server.audit,
      again,
      /^invalid_grant: refresh token not found/,
      { clientId: 'public-app', grantType: 'refresh_token' },
    );
    expect([refused.status, refused.body.error]).toEqual([400, 'invalid_grant']);
    expect(refused.body['error_description']).toMatch(/^refresh token not found/);
    expect((await redeem(issuer, unused)).body.error).toBe('invalid_grant');
    const { status, body } = await refresh(issuer, offline.refresh_token);
    expect([status, body['patient']]).toEqual([200, 'p1']);
    expect((await refresh(issuer, other.refresh_token)).status).toBe(200);
    expect((await openScreen(issuer, 'login', { browser })).status).toBe(200);
  });

  test('[REF-17] of offline_access and online_access only the first is granted: no refresh brings the other, before sign-out or after', async () => {
    const { issuer } = suite.server;
    const browser = new CookieBrowser();
    const asked = { browser, scope: 'offline_access online_access launch/patient patient/Patient.rs' };
    const consent = (offered: readonly string[]) => {
      expect(offered).toContain('offline_access');
      expect(offered).not.toContain('online_access');
      return [...offered, 'online_access'];
    };
    const { body } = await redeem(issuer, await authorize(issuer, { ...asked, consent }));
    expect(body.scope).toBe('offline_access launch/patient patient/Patient.rs');

    const narrowed = { scope: 'launch/patient online_access patient/Patient.rs' };
    const before = await refresh(issuer, body.refresh_token, narrowed);
    expect([before.status, before.body.error]).toEqual([400, 'invalid_scope']);
    await signOut(browser, 'logout');
    const after = await refresh(issuer, body.refresh_token, narrowed);
    expect([after.status, after.body.error]).toEqual([400, 'invalid_scope']);
    const again = await refresh(issuer, body.refresh_token);
    expect([again.status, again.body.scope]).toEqual([200, body.scope]);
    expect(await introspect(again.body.access_token)).toMatchObject({ active: true, scope: body.scope });
  });

  test('[REF-14] [REF-17] who unticks offline_access may take online_access in its place: it ends at sign-out', async () => {
    const { issuer } = suite.server;
    const browser = new CookieBrowser();
    const scope = 'offline_access online_access launch/patient patient/Patient.rs';
    const consent = () => ['launch/patient', 'online_access', 'patient/Patient.rs'];
    const { body } = await redeem(issuer, await authorize(issuer, { browser, scope, consent }));
    expect(body.scope).toBe('online_access launch/patient patient/Patient.rs');
    await signOut(browser, 'logout');
    expect((await refresh(issuer, body.refresh_token)).body.error).toBe('invalid_grant');
    expect(await introspect(body.access_token)).toEqual({ active: false });
  });

  test('[REF-14] [REF-21] [A168] every launch of an app in one session ends with it, when somebody else signs in', async () => {
    const browser = new CookieBrowser();
    const { issuer } = suite.server;
    const online = { browser, scope: 'launch/patient patient/Patient.rs online_access' };
    const tokens: string[] = [];
    for (let launch = 0; launch < 3; launch += 1)
      tokens.push((await redeem(issuer, await authorize(issuer, online))).body.access_token);
    for (const token of tokens) expect((await introspect(token))['active']).toBe(true);

    const consent = await openScreen(issuer, 'consent', { browser });
    const login = await arrive(
      issuer,
      browser,
      await browser.post(consent.url, { ...consent.fields, switch: 'yes' }),
    );
    const screen = { ...consent, url: login.response.url, fields: formFields(login.html) };
    const next = await submit(issuer, screen, { username: 'ben' });
    const allow = { ...consent, url: next.response.url, fields: formFields(next.html) };
    expect((await submit(issuer, allow)).callback?.searchParams.get('code')).toBeTruthy();
    for (const token of tokens) expect(await introspect(token)).toEqual({ active: false });
  });

  test('[A087] [audited] the sign-out form cannot be forged, and "stay" changes nothing', async () => {
    const browser = new CookieBrowser();
    const { issuer } = suite.server;
    await authorize(issuer, { browser });
    await signOut(browser, '');
    await browser.get(`${issuer}/logout`);
    const form = { xsrf: 'made-up', logout: 'yes' };
    const forged = await expectRecorded(
      suite.server.audit,
      () => browser.post(`${issuer}/logout/confirm`, form),
      { type: 'sign-out', reason: /^invalid_request: / },
    );
    expect(forged.status).toBe(400);
    expect((await openScreen(issuer, 'consent', { browser })).status).toBe(200);
  });

  test('[A087] an address to go to after signing out that is not registered leads nowhere, with an app named or without', async () => {
    const { issuer } = suite.server;
    const browser = new CookieBrowser();
    await authorize(issuer, { browser });
    const evil = { post_logout_redirect_uri: 'https://evil.example/', state: 's' };
    const named = new URLSearchParams({ ...evil, client_id: 'public-app' });
    const refused = await browser.get(`${issuer}/logout?${named}`);
    expect([refused.status, refused.headers.get('location')]).toEqual([400, null]);
    expect(textOf(await refused.text())).toContain('post_logout_redirect_uri not registered');
    expect(formFields((await openScreen(issuer, 'consent', { browser })).html)['step']).toEqual(['consent']);

    const page = await browser.get(`${issuer}/logout?${new URLSearchParams(evil)}`);
    const html = await page.text();
    expect(textOf(html)).toMatch(/Sign out\?/);
    const form = { ...formFields(html), logout: 'yes' };
    const answer = await browser.post(`${issuer}/logout/confirm`, form);
    expect(answer.headers.get('location')).toBe(`${issuer}/logout/success`);
    expect(suite.server.audit.at(-1)).toMatchObject({ type: 'sign-out', outcome: 'success' });
  });

  test('[A098] [audited] a code that one browser got is of no use with what another one began with, nor is the way back to it', async () => {
    const { issuer } = suite.server;
    const [one, other] = [new CookieBrowser(), new CookieBrowser()];
    const ben = await authorize(issuer, { username: 'ben', browser: one });
    const { verifier } = pkce();
    const mixed = await redeem(issuer, { code: ben.code, verifier });
    expect([mixed.status, mixed.body.error]).toEqual([400, 'invalid_grant']);
    expect(suite.server.audit.at(-1)).toMatchObject({ type: 'token.refused', clientId: 'public-app' });

    const consent = await openScreen(issuer, 'consent', { username: 'ben', browser: one });
    const page = await (await one.post(consent.url, consent.fields)).text();
    const [, resume = ''] = /content="0;url=([^"]+)"/.exec(page) ?? [];
    expect(resume).toContain('/authorize/');
    const elsewhere = await arrive(issuer, other, await other.get(new URL(resume, issuer).href));
    expect([elsewhere.callback, elsewhere.response.status]).toEqual([undefined, 400]);
    expect(formFields(await (await other.get(`${issuer}/apps`)).text())['step']).toEqual(['sign-in']);
  });

  test('[A072] the session id is another one after signing in', async () => {
    const browser = new CookieBrowser();
    const { issuer } = suite.server;
    const planted = await browser.get(`${issuer}/logout`);
    const before = planted.headers.getSetCookie().find((line) => line.startsWith('gatehouse='));
    await authorize(issuer, { browser });
    const after = (await browser.get(`${issuer}/logout`)).headers
      .getSetCookie()
      .find((line) => line.startsWith('gatehouse='));
    expect(after?.split(';')[0]).not.toBe(before?.split(';')[0]);
    for (const line of [before, after]) expect(line).toMatch(/httponly/i);
    expect(after).toMatch(/samesite=lax/i);
    // Whoever planted it is not signed in by it, now or on the way to an app.
    const cookies = planted.headers.getSetCookie().map((line) => line.split(';')[0]);
    const cookie = cookies.filter((pair) => pair?.startsWith('gatehouse')).join('; ');
    expect(cookie).toMatch(/gatehouse=.*gatehouse\.sig=/);
    const apps = await fetch(`${issuer}/apps`, { headers: { cookie, accept: 'text/html' } });
    expect(formFields(await apps.text())['step']).toEqual(['sign-in']);
    const url = authorizeUrl(issuer, { params: { prompt: 'none' } }, pkce().challenge);
    const quiet = await fetch(url, { headers: { cookie }, redirect: 'manual' });
    expect(quiet.headers.get('location')).toContain('error=login_required');
  });

  test('[CONS-02] "use another account" signs in somebody else, who gets the grant', async () => {
    const browser = new CookieBrowser();
    const { issuer } = suite.server;
    await authorize(issuer, { browser });
    const screen = await openScreen(issuer, 'consent', { browser });
    const login = await arrive(
      issuer,
      browser,
      await browser.post(screen.url, { ...screen.fields, switch: 'yes' }),
    );
    expect(formFields(login.html)['step']).toEqual(['login']);
    const ben = { ...formFields(login.html), username: 'ben', password: 'correct horse battery' };
    const consent = await arrive(issuer, browser, await browser.post(login.response.url, ben));
    // No form may lie between the consent page and the app: Chromium's form-action would stop the redirect.
    const { callback } = await arrive(
      issuer,
      browser,
      await browser.post(consent.response.url, formFields(consent.html)),
    );
    const code = callback!.searchParams.get('code')!;
    const { body } = await redeem(issuer, { code, verifier: screen.verifier });
    expect(body['patient']).toBe('p2');
    // From now on the browser's session is that of the other person.
    const next = await redeem(issuer, await authorize(issuer, { browser }));
    expect(next.body['patient']).toBe('p2');
  });

  test('[A098] two tabs, two people: who signs in last has the browser, and each app gets its own person', async () => {
    const browser = new CookieBrowser();
    const { issuer } = suite.server;
    const [one, two] = [
      await openScreen(issuer, 'login', { browser }),
      await openScreen(issuer, 'login', { browser }),
    ];
    const finish = async (screen: typeof one, username: string): Promise<unknown> => {
      const consent = await submit(issuer, screen, { username });
      const { callback } = await submit(issuer, { ...screen, fields: formFields(consent.html) });
      const { body } = await redeem(issuer, {
        code: callback!.searchParams.get('code')!,
        verifier: screen.verifier,
      });
      return body['patient'];
    };
    expect(await finish(one, 'amy')).toBe('p1');
    expect(await finish(two, 'ben')).toBe('p2');
  });
});
