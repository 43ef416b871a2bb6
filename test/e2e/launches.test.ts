import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Browser, BrowserContext, Page } from 'playwright-core';

import { launchChromium } from '../support/chromium.ts';
import { startDemo, type Demo } from '../support/demo.ts';
import { DRIVERS } from '../support/gatehouse.ts';
import { startRedis, type RedisServer } from '../support/redis-server.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await launchChromium();
});
afterAll(() => browser.close());

describe.each(DRIVERS)('the demo in a browser, on %s', (driver) => {
  let redis: RedisServer | undefined;
  let demo: Demo;
  let context: BrowserContext;
  let page: Page;

  beforeAll(async () => {
    redis = driver === 'redis' ? await startRedis() : undefined;
    demo = await startDemo(redis ? { REDIS_URL: redis.url } : {});
  });
  afterAll(async () => {
    expect(await demo.stop()).toBe(0);
    await redis?.stop();
  });

  async function freshPage(): Promise<void> {
    context = await browser.newContext();
    page = await context.newPage();
    page.setDefaultTimeout(10_000);
  }

  async function signIn(username: string): Promise<void> {
    await page.getByLabel('User name').fill(username);
    await page.getByLabel('Password').fill(`demo-${username}-1`);
    await page.getByRole('button', { name: 'Sign in' }).click();
  }

  async function allow(): Promise<void> {
    await page.getByRole('button', { name: 'Allow access' }).click();
  }

  const text = (selector: string) => page.locator(selector).innerText();

  async function isReady(): Promise<void> {
    await page.locator('#status', { hasText: /^(ready|error)/ }).waitFor();
    expect(await text('#status')).toBe('ready');
  }

  async function refreshToken(): Promise<void> {
    await page.getByRole('button', { name: 'Refresh token' }).click();
    await isReady();
    expect(await text('#refreshed')).toBe('1 time');
  }

  async function launchFromEhr(patient: string): Promise<void> {
    await page.goto(`${demo.apps}/`);
    await page.getByLabel('Signed in as').selectOption('carla');
    await page.getByLabel('Patient', { exact: true }).selectOption(patient);
    await page.getByLabel('Encounter').selectOption(`${patient}-visit-1`);
    await page.getByLabel('App', { exact: true }).selectOption('growth-chart');
    await page.getByRole('button', { name: 'Launch app' }).click();
  }

  test('it says where its store is', () => {
    expect(demo.output()).toContain(driver === 'redis' ? `Redis at 127.0.0.1:${redis!.port}` : demo.dataDir);
    for (const name of ['amy', 'demo-amy-1', demo.issuer, demo.fhir, demo.apps])
      expect(demo.output()).toContain(name);
  });

  test('[LCH-07] the EHR answers for its user: no second sign-in, and inside the EHR’s own page', async () => {
    await freshPage();
    await page.goto(`${demo.apps}/`);
    await page.getByLabel('Signed in as').selectOption('carla');
    await page.getByLabel('App', { exact: true }).selectOption('growth-chart');
    await page.getByLabel('Answer for this user').check();
    await page.getByText('Launch inside this page').click();
    await page.getByRole('button', { name: 'Launch app here' }).click();
    const frame = page.frameLocator('iframe[name=app-frame]');
    await frame.getByRole('heading', { name: /^Allow Growth Chart/ }).waitFor();
    expect(await frame.getByRole('main').innerText()).toContain('Dr Carla Reyes');
    await frame.getByRole('button', { name: 'Allow access' }).click();
    await frame.locator('#status', { hasText: 'ready' }).waitFor();
  });

  test('a whole launch in Spanish, by keyboard alone', async () => {
    context = await browser.newContext({ locale: 'es-MX' });
    page = await context.newPage();
    page.setDefaultTimeout(10_000);
    await page.goto(`${demo.apps}/apps/my-health/launch.html`);
    await page.getByRole('heading', { name: 'Iniciar sesión' }).waitFor();
    expect(await page.locator('html').getAttribute('lang')).toBe('es');
    await page.getByLabel('Usuario').focus();
    for (const typed of ['amy', 'demo-amy-1']) {
      await page.keyboard.type(typed);
      await page.keyboard.press(typed === 'amy' ? 'Tab' : 'Enter');
    }
    await page.getByRole('heading', { name: '¿Deja que My Health vea datos de salud?' }).waitFor();
    for (let presses = 0; presses < 60; presses += 1) {
      const name = await page.evaluate(() => document.activeElement?.textContent.trim());
      if (name === 'Dar acceso') break;
      await page.keyboard.press('Tab');
    }
    expect(await page.evaluate(() => document.activeElement?.textContent.trim())).toBe('Dar acceso');
    await page.keyboard.press('Enter');
    await isReady();
  });

  test('[CAP-23] [USC-02] a patient opens a standalone app, leaves one kind of data out, and sees the rest', async () => {
    await freshPage();
    await page.goto(`${demo.apps}/apps/my-health/launch.html`);
    await signIn('amy');
    await page.getByRole('checkbox', { name: 'Allergies' }).uncheck();
    await allow();
    await isReady();
    expect(await text('#patient-name')).toContain('Amy');
    expect(await text('#user')).toContain('Patient/amy-shaw');
    expect(await text('#allergies')).toContain('Not allowed (403): this was not shared with the app.');
    expect(await page.locator('#conditions li').count()).toBeGreaterThan(0);
    expect(await text('#scopes')).toContain('patient/Condition.rs');
    expect(await text('#scopes')).not.toContain('AllergyIntolerance');
    await page.goto(`${demo.apps}/apps/my-health/launch.html`);
    await page.getByText('What you left out before is not ticked.').waitFor();
    expect(await page.getByRole('checkbox', { name: 'Allergies' }).isChecked()).toBe(false);
    expect(await page.getByRole('checkbox', { name: 'Health problems' }).isChecked()).toBe(true);
    await context.close();
  });

  test('[CAP-25] a clinician opens a standalone app and picks the patient from the FHIR server', async () => {
    await freshPage();
    await page.goto(`${demo.apps}/apps/clinic-list/launch.html`);
    await signIn('carla');
    await page.getByLabel('Search patients by name').fill('okafor');
    await page.getByRole('button', { name: 'Search' }).click();
    await page.getByRole('radio', { name: 'Ben Okafor' }).check();
    await page.getByRole('button', { name: 'Continue' }).click();
    await allow();
    await isReady();
    expect(await text('#patient-name')).toContain('Okafor');
    await context.close();
  });

  test('[A095] a mother chooses her child’s record among those she acts for, and the app sees that one', async () => {
    await freshPage();
    await page.goto(`${demo.apps}/apps/my-health/launch.html`);
    await signIn('grace');
    await page.getByRole('heading', { name: 'Whose record is this for?' }).waitFor();
    expect(await page.getByRole('radio').count()).toBe(2);
    await page.getByRole('radio', { name: 'Chloé Shaw' }).check();
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByText('You act as parent, until 8 March 2036').waitFor();
    await allow();
    await isReady();
    expect(await page.getByRole('main').innerText()).toContain('Chloé Shaw');
  });

  test('[CAP-25] the picker leads to the next page of patients, and back', async () => {
    await freshPage();
    await page.goto(`${demo.apps}/apps/clinic-list/launch.html`);
    await signIn('carla');
    // Whom she chose before stands above, and not among the ten.
    const patients = page.getByRole('radio');
    expect(await patients.count()).toBeGreaterThanOrEqual(10);
    expect(await patients.count()).toBeLessThanOrEqual(15);
    const firstOnFirst = await patients.first().getAttribute('value');
    await page.getByRole('link', { name: 'Next page' }).click();
    await page.getByText('Page 2').waitFor();
    const chosen = patients.last();
    const id = await chosen.getAttribute('value');
    await page.getByRole('link', { name: 'Previous page' }).click();
    await page.getByText('Page 1').waitFor();
    expect(await patients.first().getAttribute('value')).toBe(firstOnFirst);
    await page.getByRole('link', { name: 'Next page' }).click();
    await page.getByText('Page 2').waitFor();
    await chosen.check();
    await page.getByRole('button', { name: 'Continue' }).click();
    await allow();
    await isReady();
    expect(await text('#token-response')).toContain(`"patient": "${id}"`);
    await context.close();
  });

  test('[CAP-26] [USC-02] [REV-06] an EHR launch with encounter, refresh, and after revocation the next read is refused', async () => {
    await freshPage();
    await launchFromEhr('chloe-shaw');
    expect(await page.getByLabel('User name').inputValue()).toBe('carla');
    await signIn('carla');
    await allow();
    await isReady();
    expect(await text('#patient-name')).toContain('Chloé');
    expect(await text('#encounter')).toBe('chloe-shaw-visit-1');
    expect(await text('#user')).toContain('Practitioner/carla-reyes');

    await refreshToken();
    await page.getByRole('button', { name: 'Read again' }).click();
    await isReady();

    const { code, stdout } = await demo.cli('user', 'disable', 'carla');
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining('grant(s) ended') });
    await page.getByRole('button', { name: 'Read again' }).click();
    await page.locator('#status', { hasText: /^error/ }).waitFor();
    expect(await text('#status')).toMatch(/401|Unauthorized|expired/i);
    expect((await demo.cli('user', 'enable', 'carla')).code).toBe(0);
    await context.close();
  });

  test('[LCH-07] two launches for two patients in one browser: each keeps its own, also after refresh', async () => {
    await freshPage();
    await launchFromEhr('chloe-shaw');
    await signIn('carla');
    await allow();
    await isReady();
    const first = page;
    page = await context.newPage();
    await launchFromEhr('ben-okafor');
    await allow();
    await isReady();
    const second = page;
    for (const [one, name] of [
      [first, 'Chloé'],
      [second, 'Okafor'],
    ] as const) {
      page = one;
      await refreshToken();
      await page.getByRole('button', { name: 'Read again' }).click();
      await isReady();
      expect(await text('#patient-name')).toContain(name);
    }
    await context.close();
  });

  test('somebody else takes over in the same browser with "Use another account"', async () => {
    await freshPage();
    await page.goto(`${demo.apps}/apps/my-health/launch.html`);
    await signIn('amy');
    await allow();
    await isReady();
    const first = page;
    page = await context.newPage();
    await page.goto(`${demo.apps}/apps/my-health/launch.html`);
    await page.getByRole('button', { name: 'Use another account' }).click();
    await signIn('ben');
    expect(await text('.facts')).toContain('Ben Okafor');
    await allow();
    await isReady();
    expect(await text('#patient-name')).toContain('Okafor');
    expect(await text('#user')).toContain('Patient/ben-okafor');
    await refreshToken();
    page = first;
    await refreshToken();
    await page.getByRole('button', { name: 'Read again' }).click();
    await isReady();
    expect(await text('#patient-name')).toContain('Amy');
    await context.close();
  });

  test('[CONS-14] cancelling leads back to the app with access_denied', async () => {
    await freshPage();
    await page.goto(`${demo.apps}/apps/my-health/launch.html`);
    await signIn('ben');
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.waitForURL(/my-health\/index\.html/);
    expect(page.url()).toContain('error=access_denied');
    await context.close();
  });

  // The last one: ben has another password afterwards.
  test('who has forgotten a password on the way to an app gets there with another one', async () => {
    await freshPage();
    await page.goto(`${demo.apps}/apps/my-health/launch.html`);
    await page.getByRole('link', { name: 'Forgotten your password?' }).click();
    await page.getByRole('link', { name: 'I have a code' }).click();
    const { stdout } = await demo.cli('user', 'reset-code', 'ben');
    await page.getByLabel('User name').fill('ben');
    await page.getByLabel(/^Code/).fill(/\d{8}/.exec(stdout)?.[0] ?? '');
    const password = 'seven purple tractors sing quietly';
    for (const field of await page.locator('input[type=password]').all()) await field.fill(password);
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('heading', { name: 'You have a new password' }).waitFor();
    await page.getByRole('link', { name: 'Sign in' }).click();
    await page.getByText('My Health').first().waitFor();
    await page.getByLabel('User name').fill('ben');
    await page.getByLabel('Password').fill(password);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await allow();
    await isReady();
    expect(await text('#patient-name')).toContain('Ben');
    await context.close();
  });
});
