import { createServer } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';

import { createAccount } from '../../../src/identity/index.ts';
import { createAccountStore } from '../../../src/store/index.ts';
import { CookieBrowser, formFields } from '../../support/browser.ts';
import { PUBLIC_APP, RESOURCE_SERVER, RS_SECRET, SECRET, SECRET_APP, basic } from '../../support/clients.ts';
import { forgetDecisions } from '../../support/forget-decisions.ts';
import { fhirServerFor } from '../../support/fhir-server.ts';
import { authorize, postForm, redeem, refresh, type TokenAnswer } from '../../support/flow.ts';
import {
  DRIVERS,
  PASSWORD,
  startGatehouse,
  testStore,
  type TestServer,
  type TestStore,
} from '../../support/gatehouse.ts';
import { freePort } from '../../support/ports.ts';

describe.each(DRIVERS)('the page where people stop apps, on %s', (driver) => {
  let store: TestStore;
  let server: TestServer;
  let page: string;
  beforeAll(async () => {
    store = await testStore(driver);
    const limits = { failuresPerAddress: 0, authorizationsPerAddress: 0, tokensPerClient: 0 };
    server = await startGatehouse(store, { clients: [PUBLIC_APP, SECRET_APP, RESOURCE_SERVER], limits });
    page = `${server.issuer}/apps`;
  });
  afterAll(async () => {
    await server.close();
    await store.dispose();
  });

  interface Allowed {
    readonly browser: CookieBrowser;
    readonly body: TokenAnswer['body'];
  }

  /** Somebody who has just allowed an app, in a browser that is signed in now. */
  async function allowed(username = 'amy', scope?: string): Promise<Allowed> {
    const browser = new CookieBrowser();
    const code = await authorize(server.issuer, { browser, username, ...(scope ? { scope } : {}) });
    const { body } = await redeem(server.issuer, code);
    return { browser, body };
  }

  async function look(browser: CookieBrowser): Promise<{ status: number; html: string }> {
    const answer = await browser.get(page);
    return { status: answer.status, html: await answer.text() };
  }

  async function signIn(browser: CookieBrowser, username: string, password = PASSWORD): Promise<Response> {
    const { html } = await look(browser);
    return browser.post(page, { ...formFields(html), username, password });
  }

  /** Presses "Stop access" of the newest, or what `stop` says. */
  async function stop(
    browser: CookieBrowser,
    value?: string,
    changed: Record<string, string> = {},
  ): Promise<Response> {
    const { html } = await look(browser);
    const newest = /name="stop" value="([^"]+)"/.exec(html)?.[1] ?? '';
    const { _csrf: [csrf = ''] = [], step: [step = ''] = [] } = formFields(html);
    return browser.post(page, { _csrf: csrf, step, stop: value ?? newest, ...changed });
  }

  const isActive = async (token: string): Promise<unknown> =>
    (await postForm(`${server.issuer}/introspect`, { token }, basic('fhir-server', RS_SECRET))).body[
      'active'
    ];

  // Of those that were allowed in the same second any may be the newest.
  beforeEach(async () => {
    const browser = new CookieBrowser();
    await signIn(browser, 'amy');
    await stop(browser, 'all');
    await forgetDecisions(server);
  });

  test('an app of a clinician says that it is about every patient they may see', async () => {
    const { browser } = await allowed('dora', 'openid fhirUser user/*.rs');
    const { html } = await look(browser);
    expect(html).toMatch(/Records of<\/dt><dd><strong><bdi>Every patient you may see</);
    await stop(browser, 'all');
  });

  test('[DISC-19] [REV-01] discovery names it, and it is there', async () => {
    const document = await fetch(`${server.issuer}/fhir-servers/main/.well-known/smart-configuration`);
    expect(await document.json()).toMatchObject({ management_endpoint: page });
    const { status, html } = await look(new CookieBrowser());
    expect(status).toBe(200);
    expect(html).toContain('Sign in to see which apps can use health records');
    expect(html).not.toContain('would like access');
  });

  test('[REV-01] who has allowed an app sees it at once: which, whose records, what, since when, until when', async () => {
    const { browser } = await allowed();
    const { html } = await look(browser);
    expect(html).toContain('Signed in as <bdi>Amy Shaw</bdi>');
    for (const text of ['Public App', 'Test results, vital signs and other measurements', 'Test FHIR'])
      expect(html).toContain(text);
    const today = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeZone: 'UTC' }).format(new Date());
    expect(html).toMatch(new RegExp(`<dt>Allowed on</dt><dd>${today}[^<]* \\d+:\\d\\d[^<]*</dd>`));
    expect(html).toContain('each time the app comes back, it gets more time');
    expect(html).toContain(`Not known. The app last came back on ${today}.`);
    expect(html).not.toMatch(/gat_|grt_/);
  });

  test('[REV-01] [A084] who is not signed in signs in there, and is signed in for apps as well', async () => {
    await allowed();
    const browser = new CookieBrowser();
    const answer = await signIn(browser, 'amy');
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/apps']);
    expect((await look(browser)).html).toContain('Public App');
    const code = await authorize(server.issuer, { browser, password: 'is not asked for' });
    expect(code.code).not.toBe('');
  });

  test('[A075] [audited] a wrong password is refused in the same words as an unknown name, and is in the audit trail', async () => {
    const told = await Promise.all(
      ['amy', 'nobody'].map(async (name) => {
        const answer = await signIn(new CookieBrowser(), name, 'wrong');
        return {
          status: answer.status,
          html: (await answer.text()).replaceAll(name, '…').replace(/[a-z0-9]{4}(-[a-z0-9]{4}){2}/g, ''),
        };
      }),
    );
    expect(told[0]).toEqual(told[1]);
    expect(told[0]).toMatchObject({ status: 422, html: expect.stringContaining('is not right') });
    expect(server.audit.at(-1)).toMatchObject({ type: 'sign-in', outcome: 'refused' });
  });

  test('[A073] whoever guesses has to wait', async () => {
    const browser = new CookieBrowser();
    for (let tries = 0; tries < 10; tries += 1) await signIn(browser, 'dora', 'wrong');
    const answer = await signIn(browser, 'dora');
    expect([answer.status, answer.headers.has('retry-after')]).toEqual([429, true]);
  });

  test('[REV-01] a form to sign in, from a page of before, changes nothing for who is signed in', async () => {
    const { browser, body } = await allowed('ben', 'online_access launch/patient patient/Patient.rs');
    expect((await look(browser)).html).toContain('When you sign out');
    const answer = await browser.post(page, { step: 'sign-in', username: 'amy', password: PASSWORD });
    // Ben is signed in, and nobody is signed out by a form of before.
    expect(await answer.text()).toContain('Ben Ode');
    expect(await isActive(body.access_token)).toBe(true);
  });

  test('[REV-04] [G10-23] stopped, nothing of it lives: introspection says so at once, and no refresh helps', async () => {
    const { browser, body } = await allowed();
    expect(await isActive(body.access_token)).toBe(true);
    const answer = await stop(browser);
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/apps?stopped']);
    expect(await isActive(body.access_token)).toBe(false);
    expect((await refresh(server.issuer, body.refresh_token)).body.error).toBe('invalid_grant');
    expect(server.audit.findLast(({ type }) => type === 'token.revoked')).toMatchObject({
      ...{ what: 'grant', outcome: 'success', clientId: 'public-app', patient: 'p1' },
      accountId: expect.any(String),
    });
    const shown = await (await browser.get(`${page}?stopped`)).text();
    expect(shown).toContain('Done. That access has ended.');
  });

  test('[REV-09] somebody else’s is neither shown nor stopped', async () => {
    const ben = await allowed('ben');
    const ref = /name="stop" value="([^"]+)"/.exec((await look(ben.browser)).html)?.[1];
    const amy = await allowed('amy');
    expect((await look(amy.browser)).html).not.toContain(ref);
    const answer = await stop(amy.browser, ref);
    expect(answer.status).toBe(422);
    expect(await answer.text()).toContain('That access has ended already.');
    expect(await isActive(ben.body.access_token)).toBe(true);
  });

  test('[REV-09] two grants of one app are two, and one of them is stopped', async () => {
    const { browser, body } = await allowed('amy', 'launch/patient offline_access patient/Patient.rs');
    await delay(1100);
    const second = await redeem(server.issuer, await authorize(server.issuer, { browser }));
    await stop(browser);
    expect(await isActive(second.body.access_token)).toBe(false);
    expect(await isActive(body.access_token)).toBe(true);
  });

  test('[REV-01] all can be stopped at once', async () => {
    const { browser, body } = await allowed();
    const secret = await authorize(server.issuer, { browser, clientId: 'secret-app' });
    const other = await redeem(server.issuer, secret, {}, basic('secret-app', SECRET));
    expect((await stop(browser, 'all')).status).toBe(303);
    for (const token of [body.access_token, other.body.access_token])
      expect(await isActive(token)).toBe(false);
    expect((await look(browser)).html).toContain('No app can use health records through your account now.');
  });

  test.each([
    ['without a token', { _csrf: '' }, {}, 422, 'Nothing was changed'],
    ['with a token of nobody', { _csrf: 'abc-def' }, {}, 422, 'Nothing was changed'],
    ['from another site', {}, { 'sec-fetch-site': 'cross-site' }, 403, 'was not sent from our own page'],
  ])('[A067] a form %s stops nothing', async (_what, changed, headers, status, words) => {
    const { browser, body } = await allowed();
    const { html } = await look(browser);
    const { _csrf: [csrf = ''] = [] } = formFields(html);
    const answer = await browser.post(
      page,
      { _csrf: csrf, step: 'my-apps', stop: 'all', ...changed },
      headers,
    );
    expect(answer.status).toBe(status);
    expect(await answer.text()).toContain(words);
    expect(await isActive(body.access_token)).toBe(true);
  });

  test('[REV-01] what resource servers report is shown: which kinds of data, and when', async () => {
    const { browser, body } = await allowed();
    const asked = await postForm(
      `${server.issuer}/introspect`,
      { token: body.access_token },
      basic('fhir-server', RS_SECRET),
    );
    const last = Math.floor(Date.now() / 1000);
    const uses = ['search-type', 'update'].map((interaction, at) => ({
      ...{ grant_ref: asked.body['grant_ref'], interaction, count: 3, last },
      resource_type: ['Immunization', 'Goal'][at],
    }));
    const sent = await fetch(`${server.issuer}/usage`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...basic('fhir-server', RS_SECRET) },
      body: JSON.stringify({ uses }),
    });
    expect(sent.status).toBe(200);
    const { html } = await look(browser);
    expect(html).toMatch(/Vaccines \(read on \d+ \w+ \d{4}\)/);
    expect(html).toMatch(/Health goals \(changed on /);
  });

  describe('a part of it taken back', () => {
    const scope = 'openid launch/patient offline_access patient/Patient.rs patient/Observation.rs';

    /** What the page about the newest grant sends when these boxes stay ticked. */
    async function leave(
      browser: CookieBrowser,
      ticked: readonly string[],
      changed: Record<string, string> = {},
    ): Promise<Response> {
      const { html } = await look(browser);
      const href = /href="(\/apps\/[^"]+)"/.exec(html)?.[1] ?? '';
      const one = await browser.get(server.issuer + href);
      expect(one.status).toBe(200);
      const { _csrf: [csrf = ''] = [], step: [step = ''] = [] } = formFields(await one.text());
      return browser.post(server.issuer + href, { _csrf: csrf, step, scope: [...ticked], ...changed });
    }
    const about = async (token: string): Promise<TokenAnswer['body']> =>
      (await postForm(`${server.issuer}/introspect`, { token }, basic('fhir-server', RS_SECRET))).body;

    test('[REV-01] [INT-04] its tokens say so at once, a refresh gives no more, and it is in the audit trail', async () => {
      const { browser, body } = await allowed('amy', scope);
      const answer = await leave(browser, ['patient/Patient.rs', 'offline_access']);
      expect([answer.status, answer.headers.get('location')]).toEqual([303, '/apps?changed']);
      const left = 'openid launch/patient offline_access patient/Patient.rs';
      const sorted = (text: string): string => text.split(' ').sort().join(' ');
      expect(sorted((await about(body.access_token)).scope)).toBe(sorted(left));
      const next = await refresh(server.issuer, body.refresh_token);
      expect(sorted(next.body.scope)).toBe(sorted(left));
      expect(server.audit.find(({ type }) => type === 'consent.narrowed')).toMatchObject({
        ...{ outcome: 'success', clientId: 'public-app', dropped: 'patient/Observation.rs' },
      });
      const form = {
        grant_type: 'refresh_token',
        refresh_token: next.body.refresh_token,
        client_id: 'public-app',
      };
      const wider = await postForm(`${server.issuer}/token`, { ...form, scope });
      expect(wider.body.error).toBe('invalid_scope');
    });

    test('[REV-01] [CONS-10] one category may be left of a kind of data', async () => {
      const { browser, body } = await allowed('amy', scope);
      const part =
        'patient/Observation.rs?category=http://terminology.hl7.org/CodeSystem/observation-category|laboratory';
      await leave(browser, [part, 'offline_access']);
      expect((await about(body.access_token)).scope).toContain(part);
      expect((await about(body.access_token)).scope).not.toContain('Patient.rs');
    });

    test('[REV-01] without lasting access no refresh helps, and the token lives until its end', async () => {
      const { browser, body } = await allowed('amy', scope);
      await leave(browser, ['patient/Patient.rs', 'patient/Observation.rs']);
      expect(await isActive(body.access_token)).toBe(true);
      expect((await refresh(server.issuer, body.refresh_token)).body.error).toBe('invalid_grant');
      const [, ends = ''] = /<dt>Ends<\/dt><dd>([^<]+)</.exec((await look(browser)).html) ?? [];
      expect(Date.parse(`${ends} UTC`)).toBeLessThan(Date.now() + 2 * 86_400_000);
    });

    test('[A069] what was never allowed is not given, whatever is posted', async () => {
      const { browser, body } = await allowed('amy', scope);
      await leave(browser, ['patient/Patient.rs', 'patient/Condition.rs', 'user/*.cruds', 'online_access']);
      const { scope: left } = await about(body.access_token);
      for (const never of ['Condition', 'user/', 'online_access']) expect(left).not.toContain(never);
    });

    test('[REV-01] with nothing ticked it is said what to do, and nothing changes', async () => {
      const { browser, body } = await allowed('amy', scope);
      const answer = await leave(browser, ['offline_access']);
      expect(answer.status).toBe(422);
      expect(await answer.text()).toContain('Tick at least one kind of data');
      expect((await about(body.access_token)).scope).toContain('patient/Observation.rs');
      expect((await leave(browser, ['patient/Patient.rs'], { _csrf: 'x' })).status).toBe(422);
      expect((await about(body.access_token)).scope).toContain('patient/Observation.rs');
    });

    test('[REV-01] the same page stops it', async () => {
      const { browser, body } = await allowed('amy', scope);
      const answer = await leave(browser, [], { stop: 'yes' });
      expect(answer.headers.get('location')).toBe('/apps?stopped');
      expect(await isActive(body.access_token)).toBe(false);
    });

    test('[REV-09] somebody else’s page is nobody’s: back to the own list', async () => {
      const ben = await allowed('ben', scope);
      const href = /href="(\/apps\/[^"]+)"/.exec((await look(ben.browser)).html)?.[1] ?? '';
      const amy = await allowed('amy', scope);
      const answer = await amy.browser.get(server.issuer + href);
      expect([answer.status, answer.headers.get('location')]).toEqual([303, '/apps']);
    });
  });

  test('[REV-01] signed out, the page asks to sign in', async () => {
    const { browser } = await allowed();
    expect((await look(browser)).html).toContain('href="/logout"');
    const html = await (await browser.get(`${server.issuer}/logout`)).text();
    const { xsrf: [xsrf = ''] = [] } = formFields(html);
    await browser.post(`${server.issuer}/logout/confirm`, { xsrf, logout: 'yes' });
    expect((await look(browser)).html).toContain('Sign in to see which apps');
  });

  test('[A066] it cannot be framed, is never kept, and takes no method but its own', async () => {
    const answer = await fetch(page, { headers: { accept: 'text/html' } });
    expect(answer.headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
    expect(answer.headers.get('cache-control')).toBe('no-store');
    const other = await fetch(page, { method: 'DELETE' });
    expect([other.status, other.headers.get('allow')]).toEqual([405, 'HEAD, GET, POST']);
  });
});

describe('while the health record server hangs', () => {
  test('[REV-04] apps are listed and stopped all the same', async () => {
    const store = await testStore('embedded');
    const port = await freePort();
    const issuer = `http://localhost:${port}`;
    const fhir = await fhirServerFor(issuer);
    const fhirServers = [{ id: 'main', name: 'Test FHIR', url: fhir.base }];
    const server = await startGatehouse(store, { clients: [PUBLIC_APP, RESOURCE_SERVER], fhirServers }, port);
    await fhir.start();
    const account = {
      username: 'chloe',
      name: 'Chloe',
      role: 'patient',
      fhirUser: 'Patient/chloe-shaw',
    } as const;
    await createAccountStore(server.vault).add(await createAccount(account, PASSWORD));
    const browser = new CookieBrowser();
    const options = { browser, username: 'chloe', params: { aud: fhir.base } };
    const { body } = await redeem(issuer, await authorize(issuer, options));
    await fhir.stop();
    const hanging = createServer(() => undefined).listen(Number(new URL(fhir.base).port), '127.0.0.1');
    try {
      const began = performance.now();
      const html = await (await browser.get(`${issuer}/apps`)).text();
      expect(performance.now() - began).toBeLessThan(3500);
      expect(html).toContain('One patient, whose name cannot be shown right now');
      const { _csrf: [csrf = ''] = [], step: [step = ''] = [] } = formFields(html);
      await browser.post(`${issuer}/apps`, { _csrf: csrf, step, stop: 'all' });
      const asked = await postForm(
        `${issuer}/introspect`,
        { token: body.access_token },
        basic('fhir-server', RS_SECRET),
      );
      expect(asked.body).toEqual({ active: false });
    } finally {
      hanging.closeAllConnections();
      hanging.close();
      await server.close();
      await store.dispose();
    }
  });
});
