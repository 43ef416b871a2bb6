/** Every payload in every field of every screen, drawn without the policy that would stop it: none does anything. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Eta } from 'eta';
import type { Browser, Page } from 'playwright-core';

import { wordsFor } from '../../src/interaction/index.ts';
import { createLanguage, filesOf } from '../../src/language/index.ts';
import { launchChromium } from '../support/chromium.ts';
import { PAYLOADS, REACH } from './payloads.ts';
import { screens } from './samples.ts';

const eta = new Eta({
  views: new URL('../../views/', import.meta.url).pathname,
  autoTrim: false,
  cache: true,
});
const [language] = filesOf(['en']).map((file) => createLanguage(file));
const words = wordsFor(language!);
/** Of these the server itself has a few, and templates choose by them. */
const FIXED = new Set([
  '',
  'en',
  'es',
  'ltr',
  'public',
  'confidential',
  'granted',
  'stopped',
  'expired',
  'expiry',
  'token-reuse',
  '/assets/gatehouse.css',
]);

let browser: Browser;
let page: Page;
const asked: string[] = [];
beforeAll(async () => {
  browser = await launchChromium();
  const context = await browser.newContext();
  await context.route('**/*', async (route) => {
    asked.push(route.request().url());
    await route.fulfill({ status: 200, contentType: 'text/html', body: '' });
  });
  page = await context.newPage();
});
afterAll(() => browser.close());

function filled(value: unknown, payload: string): unknown {
  // An address keeps its beginning: the server writes it.
  if (typeof value === 'string')
    return FIXED.has(value) ? value : /^(\/|https?:)/.test(value) ? value + payload : payload;
  if (Array.isArray(value)) return value.map((member) => filled(member, payload));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, filled(member, payload)]));
}

async function drawn(template: string, data: object): Promise<{ skeleton: string; reached: unknown }> {
  // A page that sends itself on would leave before it was looked at.
  const html = eta
    .render(`./${template}`, { ...words, ...data })
    .replace('http-equiv="refresh"', 'name="refresh"');
  await page.setContent(html, { waitUntil: 'domcontentloaded' });
  return page.evaluate(() => ({
    skeleton: [...document.querySelectorAll('*')]
      .map((one) => `${one.tagName} ${[...one.attributes].map(({ name }) => name).join(' ')}`)
      .join('\n'),
    reached: (globalThis as { reached?: unknown }).reached,
  }));
}

test('there are more than sixty, each another one', () => {
  expect(new Set(PAYLOADS).size).toBe(PAYLOADS.length);
  expect(PAYLOADS.length).toBeGreaterThanOrEqual(60);
});

test('the check itself sees one that gets in', async () => {
  const other = await page.context().newPage();
  await other.setContent(`<p>${PAYLOADS[0]}${PAYLOADS[1]}</p>`);
  expect(await other.evaluate('globalThis.reached')).toBe(1);
  expect(asked.some((url) => url.startsWith(REACH))).toBe(true);
  await other.close();
});

test.each(screens)('[A081] $screen: no element, no handler, no request', async ({ template, data }) => {
  const ordinary = await drawn(template, filled(data, 'x') as object);
  asked.length = 0;
  for (const payload of PAYLOADS) {
    const { skeleton, reached } = await drawn(template, filled(data, payload) as object);
    expect({ payload, reached, skeleton }).toEqual({
      payload,
      reached: undefined,
      skeleton: ordinary.skeleton,
    });
  }
  expect(asked.filter((url) => url.startsWith(REACH))).toEqual([]);
});
