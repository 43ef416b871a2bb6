import { AxeBuilder } from '@axe-core/playwright';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';

import { until } from '../support/app.ts';
import { launchChromium } from '../support/chromium.ts';
import { demoOn } from '../support/demo-suite.ts';
import { DRIVERS } from '../support/gatehouse.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await launchChromium();
});
afterAll(() => browser.close());

describe.each(DRIVERS)('people stop apps in a browser, on %s', (driver) => {
  const suite = demoOn(driver);

  async function inBrowser(
    work: (page: Page) => Promise<void>,
    options: NonNullable<Parameters<Browser['newContext']>[0]> = {},
  ): Promise<void> {
    const context = await browser.newContext(options);
    const page = await context.newPage();
    page.setDefaultTimeout(10_000);
    try {
      await work(page);
    } finally {
      await context.close();
    }
  }

  async function signInAt(page: Page, username: string): Promise<void> {
    await page.goto(`${suite.demo.issuer}/`);
    await page.getByRole('link', { name: 'See which apps can use your records' }).click();
    await page.getByLabel('User name').fill(username);
    await page.getByLabel('Password').fill(`demo-${username}-1`);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('heading', { name: 'Apps that can use health records' }).waitFor();
  }

  async function readOnce(token: string): Promise<void> {
    const answer = await fetch(`${suite.demo.fhir}/Condition?patient=amy-shaw`, {
      headers: { authorization: `Bearer ${token}` },
    });
    expect(answer.status).toBe(200);
  }

  test('[REV-01] [REV-04] without JavaScript: sign in, see the app and whose records, stop it; its token is dead', async () => {
    const scope = 'launch/patient offline_access patient/Patient.rs patient/Condition.rs';
    const { body } = await suite.launch({ scope });
    await inBrowser(
      async (page) => {
        await signInAt(page, 'amy');
        const section = page.getByRole('article', { name: 'My Health' });
        expect(await section.innerText()).toContain('Amy');
        await section.getByText('What it may do').click();
        expect(await section.innerText()).toContain('Name, birth date and contact details');
        await readOnce(body.access_token);
        await until(async () => {
          await page.reload();
          return (await section.textContent())?.includes('Health problems (read on') ?? false;
        }, 'what was read is shown');
        expect(await suite.isActive(body.access_token)).toBe(true);
        await section.getByRole('button', { name: /^Stop access of My Health: Amy/ }).click();
        expect(await page.getByRole('status').innerText()).toBe('Done. That access has ended.');
        expect(await suite.isActive(body.access_token)).toBe(false);
        expect(await page.getByRole('article').count()).toBe(0);
      },
      { javaScriptEnabled: false },
    );
  });

  test('[REV-01] by keyboard alone', async () => {
    const { body } = await suite.launch();
    await inBrowser(async (page) => {
      await page.goto(`${suite.demo.issuer}/apps`);
      const focusOn = async (name: string): Promise<void> => {
        for (let presses = 0; presses < 30; presses += 1) {
          await page.keyboard.press('Tab');
          const text = await page.evaluate(() => {
            const { activeElement: at } = document;
            return at instanceof HTMLInputElement ? at.name : (at?.textContent ?? '');
          });
          if (text.includes(name)) return;
        }
        throw new Error(`Tab never came to ${name}`);
      };
      await focusOn('username');
      await page.keyboard.type('amy');
      await focusOn('password');
      await page.keyboard.type('demo-amy-1');
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: 'Apps that can use health records' }).waitFor();
      await focusOn('Stop access');
      await page.keyboard.press('Enter');
      await page.getByRole('status').waitFor();
    });
    expect(await suite.isActive(body.access_token)).toBe(false);
  });

  test.each([
    ['narrow', 360, 'light'],
    ['wide', 1280, 'dark'],
  ] as const)(
    '[WCAG] %s, %i px, %s: nothing for axe to find, nothing wider than the screen',
    async (_name, width, colorScheme) => {
      await suite.launch();
      await suite.launch({ clientId: 'my-health', username: 'amy' });
      await inBrowser(
        async (page) => {
          const looked: string[] = [];
          const look = async (what: string): Promise<void> => {
            const { violations } = await new AxeBuilder({ page })
              .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'])
              .analyze();
            expect({ what, found: violations.map(({ id }) => id) }).toEqual({ what, found: [] });
            const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
            expect({ what, overflow: Math.max(0, overflow) }).toEqual({ what, overflow: 0 });
            looked.push(what);
          };
          await page.goto(`${suite.demo.issuer}/apps`);
          await look('sign in');
          await signInAt(page, 'amy');
          await look('list');
          await page.locator('summary').first().click();
          await look('details');
          await page.getByRole('button', { name: 'Stop all access' }).click();
          await look('stopped');
          expect(looked).toHaveLength(4);
        },
        { viewport: { width, height: 800 }, colorScheme },
      );
    },
  );
});
