import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Browser } from 'playwright-core';

import { launchChromium } from '../support/chromium.ts';
import { REDIRECT } from '../support/clients.ts';
import { authorizeUrl, pkce } from '../support/flow.ts';
import { hospitalOn } from '../support/hospital.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await launchChromium();
});
afterAll(() => browser.close());

const hospital = hospitalOn('embedded');

test('[A067] in Chromium, without JavaScript: to the hospital and back to the app, then out of both', async () => {
  await hospital.link('amy', 'h-1');
  hospital.idp.person = { sub: 'h-1' };
  const context = await browser.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  const blocked: string[] = [];
  context.on('console', (message) => void blocked.push(message.text()));
  try {
    const { issuer } = hospital.server;
    await page.goto(
      authorizeUrl(issuer, { scope: 'openid launch/patient patient/Patient.rs' }, pkce().challenge),
    );
    await page.getByRole('button', { name: 'Sign in with Riverside Hospital' }).click();
    await page.getByText('Amy Shaw').first().waitFor();
    const arrived = page.waitForRequest((request) => request.url().startsWith(REDIRECT));
    await page.getByRole('button', { name: /^Allow/ }).click();
    expect(new URL((await arrived).url()).searchParams.get('code')).toBeTruthy();

    // Nobody listens where the app should be: what follows needs a page of its own.
    const next = await context.newPage();
    await next.goto(`${issuer}/apps`);
    await next.getByText('Signed in as').waitFor();
    await next.goto(`${issuer}/logout`);
    await next.getByRole('button', { name: 'Sign out' }).click();
    await next.waitForURL(`${hospital.idp.issuer}/**`);
    await next.getByRole('button', { name: /sign me out/i }).click();
    await next.getByRole('heading', { name: 'You are signed out' }).waitFor();
    expect(blocked.filter((text) => text.includes('Content Security Policy'))).toEqual([]);
  } finally {
    await context.close();
  }
});
