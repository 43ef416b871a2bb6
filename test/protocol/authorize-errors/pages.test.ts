import { request } from 'node:http';
import { beforeAll, describe, expect, test } from '@jest/globals';

import { createAccount } from '../../../src/identity/index.ts';
import { createAccountStore } from '../../../src/store/index.ts';
import { CookieBrowser, formFields } from '../../support/browser.ts';
import { PUBLIC_APP } from '../../support/clients.ts';
import { arrive, authorize, openScreen, submit, textOf } from '../../support/flow.ts';
import { DRIVERS, PASSWORD } from '../../support/gatehouse.ts';
import { gatehouseOn } from '../../support/suite.ts';

const REFERENCE = /[a-z2-9]{4}-[a-z2-9]{4}-[a-z2-9]{4}/;

describe.each(DRIVERS)('pages and forms on %s', (driver) => {
  const amy = new CookieBrowser();
  const suite = gatehouseOn(driver, () => ({ clients: [PUBLIC_APP] }));
  beforeAll(async () => {
    await authorize(suite.server.issuer, { browser: amy });
  });
  const consent = () => openScreen(suite.server.issuer, 'consent', { browser: amy });

  test.each([
    ['cross-site', { 'sec-fetch-site': 'cross-site' }],
    ['same-site', { 'sec-fetch-site': 'same-site' }],
    ['an older browser elsewhere', { 'sec-fetch-site': '', origin: 'https://evil.example' }],
  ])('[A067] [CONS-17] a form posted from %s is refused, and nothing is granted', async (_what, headers) => {
    const screen = await consent();
    const before = grants();
    const response = await amy.post(screen.url, screen.fields, headers);
    expect(response.status).toBe(403);
    expect(textOf(await response.text())).toMatch(REFERENCE);
    expect(grants()).toBe(before);
    expect((await submit(suite.server.issuer, screen)).callback?.searchParams.has('code')).toBe(true);
  });

  test.each([
    ['another token', ['x-made-up']],
    ['no token', []],
  ])('[A067] a form with %s is refused, and nothing is granted', async (_what, csrf) => {
    const screen = await consent();
    const before = grants();
    const { response, callback, html } = await submit(suite.server.issuer, {
      ...screen,
      fields: { ...screen.fields, _csrf: csrf },
    });
    expect([response.status, callback]).toEqual([403, undefined]);
    expect(textOf(html)).toMatch(REFERENCE);
    expect(grants()).toBe(before);
  });

  test('[A067] a token of another interaction is no token of this one', async () => {
    const [one, other] = [await consent(), await consent()];
    const crossed = await submit(suite.server.issuer, {
      ...one,
      fields: { ...one.fields, _csrf: other.fields['_csrf']! },
    });
    expect(crossed.response.status).toBe(403);
  });

  test('[A068] the address of an interaction opened in another browser shows nothing of it', async () => {
    const screen = await openScreen(suite.server.issuer, 'login');
    const elsewhere = await new CookieBrowser().get(screen.url);
    const html = await elsewhere.text();
    expect(elsewhere.status).toBe(400);
    expect(textOf(html)).toMatch(/This page has expired/);
    expect(html).not.toMatch(/Public App|_csrf/);
    const posted = await new CookieBrowser().post(screen.url, {
      ...screen.fields,
      username: 'amy',
      password: PASSWORD,
    });
    expect(posted.status).toBe(400);
  });

  test('[A070] skipping ahead leads back to the step that is due', async () => {
    const login = await openScreen(suite.server.issuer, 'login');
    const fields = { ...login.fields, step: ['consent'], scope: ['patient/Patient.rs'], accountId: ['x'] };
    const { html, callback } = await submit(suite.server.issuer, { ...login, fields });
    expect(callback).toBeUndefined();
    expect(formFields(html)['step']).toEqual(['login']);

    const scope = 'launch/patient patient/Patient.rs';
    const dora = { username: 'dora', scope, browser: new CookieBrowser() };
    const first = await openScreen(suite.server.issuer, 'login', dora);
    // The picker is due next, and the FHIR server of this suite is away: still no consent page.
    const picker = await submit(suite.server.issuer, first, dora);
    expect(picker.response.status).toBe(503);
    const skipped = await submit(suite.server.issuer, {
      ...first,
      fields: { ...first.fields, step: ['consent'], scope: [scope] },
    });
    expect([skipped.callback, skipped.response.status]).toEqual([undefined, 503]);
  });

  test('[RESP-08] [A084] [A085] after a form comes a 303 or a page of ours, never a 307; nothing is cached or leaked', async () => {
    const login = await openScreen(suite.server.issuer, 'login');
    const response = await login.browser.post(login.url, {
      ...login.fields,
      username: 'amy',
      password: PASSWORD,
    });
    expect(response.status).toBe(303);
    const page = await login.browser.get(login.url);
    expect(page.headers.get('cache-control')).toMatch(/no-store/);
    expect(page.headers.get('referrer-policy')).toBe('no-referrer');
    expect(page.headers.get('content-security-policy')).toMatch(/form-action 'self'.*frame-ancestors 'none'/);
    expect(page.headers.get('x-frame-options')?.toLowerCase()).toBe('deny');
  });

  test('a form sent twice ends in the same place', async () => {
    const screen = await consent();
    const first = await amy.post(screen.url, screen.fields);
    const second = await amy.post(screen.url, screen.fields);
    const hrefOf = async (page: Response) => /content="0;url=([^"]+)"/.exec(await page.text())?.[1];
    expect(await hrefOf(second)).toBe(await hrefOf(first));
  });

  test.each([
    ['text/html', /^text\/html/],
    ['application/json', /^application\/json/],
    ['*/*', /^application\/json/],
  ])(
    '[rfc9110§15.5.5] an unknown path answers 404 in what %s asks for, with the reference',
    async (accept, type) => {
      for (const path of [
        '/nowhere',
        '/interaction',
        '/.well-known/nothing',
        '/token/x',
        '/..%2f..%2fetc/passwd',
      ]) {
        const response = await fetch(suite.server.issuer + path, { headers: { accept } });
        const text = await response.text();
        expect([response.status, response.headers.get('content-type')]).toEqual([
          404,
          expect.stringMatching(type),
        ]);
        expect(text).toContain(response.headers.get('x-request-id'));
        expect(text).not.toMatch(/node_modules|\.ts:\d|at \w+ \(/);
      }
    },
  );

  test.each([
    ['another Host', { host: 'evil.example' }, 421],
    ['our name on another port', { host: 'localhost:1' }, 421],
    ['X-Forwarded-Host alone', { 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https' }, 200],
    ['Forwarded alone', { forwarded: 'host=evil.example;proto=https' }, 200],
  ])('[A088] [audited] %s changes no URL', async (_what, headers, status) => {
    const host = new URL(suite.server.issuer).host;
    const before = suite.server.audit.length;
    const answer = await raw(suite.port, '/.well-known/openid-configuration', { host, ...headers });
    expect(answer.status).toBe(status);
    const foreign = { type: 'request.refused', outcome: 'refused', reason: 'another-host' };
    expect(suite.server.audit.slice(before)).toEqual(
      status === 421 ? [expect.objectContaining(foreign)] : [],
    );
    expect(answer.body).not.toMatch(/evil/);
    if (status === 421) expect(answer.body).toMatch(/answers as .* only \(reference \S{14}\)/);
    else expect(JSON.parse(answer.body)).toMatchObject({ token_endpoint: `${suite.server.issuer}/token` });
  });

  test('[A073] [A075] 100 wrong passwords: 429 with Retry-After, the same words for users who exist and who do not', async () => {
    const guess = async (username: string) => {
      const screen = await openScreen(suite.server.issuer, 'login');
      const seen: { status: number; retryAfter: string | null; text: string }[] = [];
      for (let turn = 0; turn < 50; turn += 1) {
        const fields = { ...screen.fields, username, password: `guess-${turn}` };
        const response = await screen.browser.post(screen.url, fields);
        const text = textOf(await response.text())
          .replace(REFERENCE, '')
          .replaceAll(username, 'NAME');
        seen.push({ status: response.status, retryAfter: response.headers.get('retry-after'), text });
      }
      return seen;
    };
    const [known, unknown] = [await guess('ben'), await guess('nobody')];
    for (const seen of [known, unknown]) {
      expect(seen[0]).toMatchObject({
        status: 422,
        retryAfter: null,
        text: expect.stringMatching(/user name or password is not right/),
      });
      const last = seen.at(-1)!;
      expect(last).toMatchObject({ status: 429, text: expect.stringMatching(/Too many tries/) });
      expect(Number(last.retryAfter)).toBeGreaterThan(0);
      expect(seen.filter(({ status }) => status === 422).length).toBeLessThanOrEqual(10);
    }
    expect(known.map(({ status }) => status)).toEqual(unknown.map(({ status }) => status));
    expect(known[0]!.text).toBe(unknown[0]!.text);
    // The right password does not help while the door is shut, and other people are not shut out.
    const shut = await submit(suite.server.issuer, await openScreen(suite.server.issuer, 'login'), {
      username: 'ben',
    });
    expect(shut.response.status).toBe(429);
    expect((await authorize(suite.server.issuer, { username: 'amy' })).code).not.toBe('');
  });

  test('[A078] [A079] [audited] user names and passwords of any size are answered, not thrown', async () => {
    const screen = await openScreen(suite.server.issuer, 'login');
    for (const [username, password] of [
      ['x'.repeat(10_000), 'y'],
      ['amy\u0000', PASSWORD],
      ['zoe', 'p'.repeat(30_000)],
      ['', ''],
    ]) {
      const fields = { ...screen.fields, username: username!, password: password! };
      const { response } = await arrive(
        suite.server.issuer,
        screen.browser,
        await screen.browser.post(screen.url, fields),
      );
      expect([400, 413, 422]).toContain(response.status);
      const last = suite.server.audit.at(-1);
      expect(last).toMatchObject({ type: 'sign-in', outcome: 'refused', reason: 'wrong-credentials' });
      expect(JSON.stringify(last)).not.toMatch(/xxxx|pppp|correct horse/);
    }
    const spaces = await submit(suite.server.issuer, { ...screen, fields: { ...screen.fields } });
    expect(formFields(spaces.html)['step']).toEqual(['consent']);
  });

  test('[A079] a password of 128 characters that begins and ends with spaces is taken as it is, and not without them', async () => {
    const password = `  ${'correct horse battery '.repeat(6).slice(0, 124)}  `;
    expect(password).toHaveLength(128);
    const person = { username: 'vera', name: 'Vera Long', role: 'patient', fhirUser: 'Patient/p9' } as const;
    await createAccountStore(suite.server.vault).add(await createAccount(person, password));
    for (const other of [password.trim(), password.slice(1), password.slice(0, -1), `${password} `]) {
      const screen = await openScreen(suite.server.issuer, 'login');
      const { response } = await submit(suite.server.issuer, screen, { username: 'vera', password: other });
      expect(response.status).toBe(422);
    }
    const whole = await authorize(suite.server.issuer, { username: 'vera', password });
    expect(whole.code).not.toBe('');
  });

  const grants = (): number =>
    suite.server.audit.filter(({ type, outcome }) => type === 'consent' && outcome === 'success').length;
});

function raw(
  port: number,
  path: string,
  headers: Record<string, string>,
): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, path, headers }, (answer) => {
      let body = '';
      answer.setEncoding('utf8').on('data', (part: string) => (body += part));
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body }));
    });
    sent.once('error', reject);
    sent.end();
  });
}
