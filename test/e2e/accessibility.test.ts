import { AxeBuilder } from '@axe-core/playwright';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { Browser, BrowserContext, Page } from 'playwright-core';

import { launchChromium } from '../support/chromium.ts';
import { demoOn } from '../support/demo-suite.ts';
import { authorizeUrl, pkce } from '../support/flow.ts';

const RULES = ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa'];
const suite = demoOn('embedded');
let browser: Browser;
let context: BrowserContext;
let page: Page;
let requested: Set<string>;

beforeAll(async () => {
  browser = await launchChromium();
});
afterAll(() => browser.close());
beforeEach(() => open());
afterEach(() => context.close());

async function open(options: { javaScriptEnabled?: boolean } = {}): Promise<void> {
  context = await browser.newContext(options);
  page = await context.newPage();
  page.setDefaultTimeout(10_000);
  requested = new Set();
  page.on('request', (request) => requested.add(new URL(request.url()).origin));
}

/** What an app of the demo would send the browser to. */
function authorization(clientId: string, changes: Record<string, string> = {}): string {
  const { fhir, apps } = suite.demo;
  const params = {
    aud: fhir,
    redirect_uri: `${apps}/apps/${clientId}/index.html`,
    scope: 'launch/patient openid fhirUser patient/Patient.rs patient/AllergyIntolerance.rs user/Patient.rs',
    ...changes,
  };
  return authorizeUrl(suite.demo.issuer, { clientId, params }, pkce().challenge);
}

async function signIn(username: string, password = `demo-${username}-1`): Promise<void> {
  await page.getByLabel('User name').fill(username);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

/** Accessible, from one origin only, and with the headers that keep it so. */
async function expectGoodPage(
  heading: string | RegExp,
  origin: string,
  referrer = 'no-referrer',
): Promise<void> {
  await page.getByRole('heading', { level: 1, name: heading }).waitFor();
  const { violations } = await new AxeBuilder({ page }).withTags(RULES).analyze();
  expect(violations.map(({ id, nodes }) => ({ id, at: nodes.map(({ html }) => html) }))).toEqual([]);
  expect([...requested]).toEqual([origin]);
  const response = await context.request.get(page.url(), { maxRedirects: 0 });
  const headers = response.headers();
  // The demo lets its EHR show the way to an app in a frame; frames.test.ts has the rest.
  const framedBy = origin === suite.demo.apps ? "'self'" : suite.demo.apps;
  const [, ancestors] =
    /default-src 'none'.*frame-ancestors ([^;]*)/.exec(headers['content-security-policy'] ?? '') ?? [];
  expect([framedBy, "'none'"]).toContain(ancestors);
  expect(headers['content-security-policy']).not.toMatch(/unsafe|\*/);
  expect(headers).toMatchObject({ 'referrer-policy': referrer, 'x-content-type-options': 'nosniff' });
}

test('[A066] [A085] sign-in, also after a mistake, and consent of a patient', async () => {
  await page.goto(authorization('my-health'));
  await expectGoodPage('Sign in', suite.demo.issuer);
  await signIn('amy', 'wrong-password');
  await page.getByRole('alert').waitFor();
  await expectGoodPage('Sign in', suite.demo.issuer);
  await signIn('amy');
  await expectGoodPage(/^Allow My Health to access/, suite.demo.issuer);
});

test('[A066] [A085] the patient picker, with a search that finds nobody, and consent of a clinician', async () => {
  await page.goto(authorization('clinic-list'));
  await signIn('carla');
  await expectGoodPage('Choose a patient', suite.demo.issuer);
  await page.getByLabel('Search patients by name').fill('nobody-of-this-name');
  await page.getByRole('button', { name: 'Search' }).click();
  await page.getByText('No patient matches').waitFor();
  await expectGoodPage('Choose a patient', suite.demo.issuer);
  await page.goBack();
  await page.getByRole('radio').first().check();
  await page.getByRole('button', { name: 'Continue' }).click();
  await expectGoodPage(/^Allow Clinic List to access/, suite.demo.issuer);
});

test('[A066] [A085] the error page', async () => {
  await page.goto(authorization('my-health', { redirect_uri: 'https://evil.example/cb' }));
  await expectGoodPage(/./, suite.demo.issuer);
  expect(await page.content()).toMatch(/reference/i);
  await page.goto(`${suite.demo.issuer}/nothing-here`);
  await expectGoodPage(/./, suite.demo.issuer);
});

test('[A066] [A085] the EHR simulator', async () => {
  await page.goto(`${suite.demo.apps}/`);
  await expectGoodPage('Launch an app', suite.demo.apps, 'same-origin');
});

test('without JavaScript: sign-in, patient, consent, and back at the app with a code', async () => {
  await context.close();
  await open({ javaScriptEnabled: false });
  await page.goto(authorization('clinic-list'));
  await signIn('carla');
  await page.getByRole('radio').first().check();
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByRole('button', { name: 'Allow access' }).click();
  await page.waitForURL(`${suite.demo.apps}/apps/clinic-list/index.html?*`);
  const { searchParams } = new URL(page.url());
  expect(searchParams.get('code')).toMatch(/^\S{20,}$/);
  expect(searchParams.get('iss')).toBe(suite.demo.issuer);
});

test('without JavaScript: the EHR simulator shows the encounters of another patient and launches', async () => {
  await context.close();
  await open({ javaScriptEnabled: false });
  await page.goto(`${suite.demo.apps}/`);
  await page.getByLabel('Patient', { exact: true }).selectOption('ben-okafor');
  await page.getByRole('button', { name: 'Show this patient’s encounters' }).click();
  await page.getByLabel('Encounter').selectOption('ben-okafor-visit-1');
  await page.getByRole('button', { name: 'Launch app' }).click();
  await page.waitForURL(/launch\.html\?/);
  expect(new URL(page.url()).searchParams.get('iss')).toBe(suite.demo.fhir);
  expect(new URL(page.url()).searchParams.get('launch')).toMatch(/^\S{20,}$/);
});
