import { readFileSync } from 'node:fs';
import { AxeBuilder } from '@axe-core/playwright';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { Browser, BrowserContext, CDPSession, Page } from 'playwright-core';

import { launchChromium } from '../support/chromium.ts';
import { PUBLIC_APP } from '../support/clients.ts';
import { authorizeUrl, pkce } from '../support/flow.ts';
import { PASSWORD } from '../support/gatehouse.ts';
import { takeFactors } from '../support/second-factors.ts';
import { gatehouseOn } from '../support/suite.ts';

const suite = gatehouseOn('embedded', () => ({ clients: [PUBLIC_APP] }));
let browser: Browser;
let context: BrowserContext;
let page: Page;
let devices: CDPSession;

beforeAll(async () => {
  browser = await launchChromium();
});
afterAll(() => browser.close());
beforeEach(async () => {
  await takeFactors(suite.server.vault, 'amy');
  context = await browser.newContext();
  page = await context.newPage();
  page.setDefaultTimeout(10_000);
  devices = await context.newCDPSession(page);
  await devices.send('WebAuthn.enable');
  await devices.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      ...{ protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true },
      ...{ isUserVerified: true, automaticPresenceSimulation: true },
    },
  });
});
afterEach(() => context.close());

const heading = (name: string | RegExp) => page.getByRole('heading', { level: 1, name }).waitFor();
const press = (name: string) => page.getByRole('button', { name, exact: true }).click();

async function signIn(): Promise<void> {
  await page.getByLabel('User name').fill('amy');
  await page.getByLabel('Password').fill(PASSWORD);
  await press('Sign in');
}

/** Amy makes a passkey on her account page, and shows it once. */
async function makePasskey(): Promise<void> {
  await page.goto(`${suite.server.issuer}/account`);
  await signIn();
  await page.getByRole('link', { name: 'Add a passkey' }).click();
  await page.getByLabel('A name for it').fill('My phone');
  await press('Make a passkey');
  await heading('Your printed codes');
  await page.getByRole('link', { name: 'I have kept them' }).click();
  await press('Use a passkey');
  await heading('How you sign in');
  await page.getByText('My phone', { exact: true }).first().waitFor();
}

async function signOut(): Promise<void> {
  await context.clearCookies();
}

test('[A077] made on the account page, used beside the password and then alone', async () => {
  await makePasskey();
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(violations.map(({ id }) => id)).toEqual([]);

  await signOut();
  await page.goto(authorizeUrl(suite.server.issuer, {}, pkce().challenge));
  await signIn();
  await heading('Use your passkey');
  await press('Use a passkey');
  await heading(/^Allow /);

  await signOut();
  await page.goto(authorizeUrl(suite.server.issuer, {}, pkce().challenge));
  await page.getByRole('link', { name: 'Sign in with a passkey' }).click();
  await press('Use a passkey');
  await heading(/^Allow /);
});

test('a browser without it says so, and leads to another way', async () => {
  await page.goto(`${suite.server.issuer}/account?way=passkey`);
  await devices.send('WebAuthn.disable');
  await page.addInitScript(() => Reflect.deleteProperty(window, 'PublicKeyCredential'));
  await page.reload();
  await page.getByText('Passkeys do not work here').waitFor();
  expect(await page.getByRole('button', { name: 'Use a passkey' }).count()).toBe(0);
  await page.getByRole('link', { name: 'Use a password' }).click();
  await page.getByLabel('Password').waitFor();
});

test('[A077] on a false page, with what ours would ask for, it lets nobody in', async () => {
  await makePasskey();
  await signOut();
  const { issuer } = suite.server;
  const ours = await (await context.request.get(`${issuer}/account?way=passkey`)).text();
  const script = readFileSync('views/assets/passkey.js', 'utf8');
  const body = ours
    .replace(/<script[^>]*><\/script>/, () => `<script type="module">${script}</script>`)
    .replaceAll('action="/', `action="${issuer}/`);
  await context.route('http://evil.localhost/', (route) => route.fulfill({ body, contentType: 'text/html' }));
  await page.goto('http://evil.localhost/');
  const before = signIns();
  await press('Use a passkey');
  await Promise.race([
    page.getByText('That did not work.').waitFor(),
    page.waitForResponse((response) => response.status() >= 400),
  ]);
  expect(signIns()).toBe(before);
  await page.goto(`${issuer}/account`);
  await page.getByLabel('Password').waitFor();
});

function signIns(): number {
  return suite.server.audit.filter(({ type, outcome }) => type === 'sign-in' && outcome === 'success').length;
}
