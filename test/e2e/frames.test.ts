import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Browser, BrowserContext, Frame, Page } from 'playwright-core';

import { launchChromium } from '../support/chromium.ts';
import { PUBLIC_APP } from '../support/clients.ts';
import { authorizeUrl, pkce } from '../support/flow.ts';
import {
  PASSWORD,
  startGatehouse,
  testStore,
  type TestServer,
  type TestStore,
} from '../support/gatehouse.ts';

/** Of another site than `localhost`, as an EHR is of another one than its authorization server. */
const EHR_HOST = '127.0.0.1';
const SCOPE = 'launch/patient patient/Patient.rs';

let store: TestStore;
let server: TestServer;
let ehr: { readonly origin: string; readonly server: Server };
let stranger: typeof ehr;
let redirect: string;
let app: typeof PUBLIC_APP;
let browser: Browser;
let context: BrowserContext;
let page: Page;

/** A page with frames, one for each address it is asked for. */
async function framingSite(): Promise<typeof ehr> {
  const site = createServer((request, response) => {
    const frames = new URL(request.url ?? '/', 'http://x').searchParams.getAll('frame');
    const shown = frames.map(
      (src, at) => `<iframe name="f${at}" src="${src.replaceAll('&', '&amp;')}"></iframe>`,
    );
    response.setHeader('content-type', 'text/html').end(`<!doctype html><title>EHR</title>${shown.join('')}`);
  });
  await new Promise<void>((resolve) => site.listen(0, EHR_HOST, resolve));
  return { origin: `http://${EHR_HOST}:${(site.address() as AddressInfo).port}`, server: site };
}

beforeAll(async () => {
  [ehr, stranger, browser, store] = await Promise.all([
    framingSite(),
    framingSite(),
    launchChromium(),
    testStore('embedded'),
  ]);
  // The app is of a third site: what the frames of these tests land on.
  redirect = `${stranger.origin}/cb`;
  app = { ...PUBLIC_APP, redirect_uris: [redirect] };
  server = await startGatehouse(store, { clients: [app], frames: { ancestors: [ehr.origin] } });
});
afterAll(async () => {
  await browser.close();
  for (const { server: site } of [ehr, stranger]) site.close();
  await server.close();
  await store.dispose();
});
beforeEach(async () => {
  context = await browser.newContext();
  page = await context.newPage();
  page.setDefaultTimeout(10_000);
});
afterEach(() => context.close());

const request = () =>
  authorizeUrl(server.issuer, { scope: SCOPE, params: { redirect_uri: redirect } }, pkce().challenge);
const framed = (site: typeof ehr, ...addresses: string[]) =>
  `${site.origin}/?${new URLSearchParams(addresses.map((address) => ['frame', address]))}`;

function frame(name: string): Frame {
  const found = page.frame(name);
  if (!found) throw new Error(`there is no frame ${name}`);
  return found;
}

async function allowIn(shown: Frame | Page, username = 'amy'): Promise<string> {
  const needsSignIn = shown
    .getByLabel('User name')
    .or(shown.getByRole('button', { name: 'Allow access' }))
    .first();
  await needsSignIn.waitFor();
  if ((await shown.getByLabel('User name').count()) > 0) {
    await shown.getByLabel('User name').fill(username);
    await shown.getByLabel('Password').fill(PASSWORD);
    await shown.getByRole('button', { name: 'Sign in' }).click();
  }
  await shown.getByRole('button', { name: 'Allow access' }).click();
  await shown.waitForURL(`${redirect}?*`);
  return new URL(shown.url()).searchParams.get('code') ?? '';
}

describe('a launch inside the frame of an EHR', () => {
  test('[LCH-11] of an allowed one it works to the end, and its cookies are kept apart', async () => {
    await page.goto(framed(ehr, request()));
    expect(await allowIn(frame('f0'))).toMatch(/^\S{20,}$/);
    const cookies = (await context.cookies(server.issuer)).filter(({ name }) => name.startsWith('gatehouse'));
    expect(cookies.length).toBeGreaterThan(0);
    for (const cookie of cookies) {
      expect(cookie).toMatchObject({ sameSite: 'None', secure: true, httpOnly: true });
      expect(cookie.partitionKey).toContain(EHR_HOST);
    }
    // A window of its own shares nothing with it.
    await page.goto(request());
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  });

  test('[LCH-11] the session in the frame serves the next launch there', async () => {
    await page.goto(framed(ehr, request()));
    await allowIn(frame('f0'));
    await page.goto(framed(ehr, request()));
    await frame('f0')
      .getByRole('heading', { name: /^Allow Public App/ })
      .waitFor();
  });

  test('[LCH-11] several launches at once, in frames and tabs of one browser', async () => {
    await page.goto(framed(ehr, request(), request()));
    for (const name of ['f0', 'f1']) await frame(name).getByLabel('User name').waitFor();
    const first = await allowIn(frame('f0'));
    const second = await allowIn(frame('f1'));
    expect(new Set([first, second]).size).toBe(2);
    const tabs = [await context.newPage(), await context.newPage()];
    for (const tab of tabs) await tab.goto(request());
    const codes = [];
    for (const tab of tabs) codes.push(await allowIn(tab));
    expect(new Set(codes).size).toBe(2);
  });

  test('[A066] [LCH-11] a foreign page shows nothing of ours', async () => {
    const refused = page.waitForEvent('console', { predicate: (one) => /frame-ancestors/.test(one.text()) });
    await page.goto(framed(stranger, request()));
    await refused;
    await page.waitForTimeout(300);
    expect(await frame('f0').content()).not.toMatch(/Sign in|Username/);
  });

  test('[A066] nobody frames the pages where access is ended, nor any page where no ancestor is configured', async () => {
    const blocked = { csp: expect.stringContaining("frame-ancestors 'none'"), xfo: 'DENY' };
    const seen = async (url: string) => {
      const { headers } = await fetch(url, { headers: { accept: 'text/html', 'sec-fetch-dest': 'iframe' } });
      return { csp: headers.get('content-security-policy'), xfo: headers.get('x-frame-options') };
    };
    for (const path of ['/apps', '/apps/history', '/', '/nothing-here', '/logout'])
      expect({ path, ...(await seen(server.issuer + path)) }).toEqual({ path, ...blocked });
    expect(await seen(`${server.issuer}/interaction/x`)).toMatchObject({ xfo: null });
    const strict = await startGatehouse(store, { clients: [app] });
    try {
      expect(await seen(`${strict.issuer}/interaction/x`)).toEqual(blocked);
    } finally {
      await strict.close();
    }
  });

  test('a forgotten password leads out of the frame, to a tab of its own', async () => {
    await page.goto(framed(ehr, request()));
    const link = page.frameLocator('iframe[name=f0]').getByRole('link', { name: /^Forgotten your password/ });
    const [opened] = await Promise.all([page.waitForEvent('popup'), link.click()]);
    await opened.getByRole('heading', { name: 'Forgotten your password?' }).waitFor();
    expect(new URL(opened.url()).search).toBe('');
    expect(await link.innerText()).toContain('Opens a new tab');
  });

  test('without cookies in frames, the page says to open a window of its own', async () => {
    const answer = await fetch(`${server.issuer}/interaction/x`, {
      headers: { accept: 'text/html', 'sec-fetch-dest': 'iframe' },
    });
    expect(await answer.text()).toContain('This does not work inside another page');
  });
});
