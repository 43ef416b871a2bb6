/**
 * The screens, in a real browser. Every page is rendered with ordinary and with hostile data, read through
 * its accessible names, and measured at the narrowest supported width. Axe looks at them in accessibility.test.ts.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { AxeBuilder } from '@axe-core/playwright';
import { describe, expect, test } from '@jest/globals';
import type { Locator, Page } from 'playwright-core';

import { viewPages } from '../support/view-pages.ts';
import * as samples from './samples.ts';

const VIEWS = new URL('../../views/', import.meta.url);
const { screens } = samples;

const view = viewPages();
const { open, render, submit } = view;

/** Runs `change` over every string inside a value, whatever its depth. */
function mapStrings(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === 'string') return change(value);
  if (Array.isArray(value)) return value.map((member) => mapStrings(member, change));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, mapStrings(member, change)]));
}

/** Tag and attribute names in document order: the page without its data. */
const skeleton = (page: Page): Promise<string[]> =>
  page.evaluate(() =>
    [...document.querySelectorAll('*')].map(
      (element) => `${element.tagName} ${[...element.attributes].map(({ name }) => name).join(' ')}`,
    ),
  );

const templates = readdirSync(VIEWS, { recursive: true, encoding: 'utf8' }).filter((file) =>
  file.endsWith('.eta'),
);

describe('what a template may contain', () => {
  test.each(templates)('[A081] %s writes raw output only for layout, partials and blocks', (file) => {
    const source = readFileSync(new URL(file, VIEWS), 'utf8');
    const raw = [...source.matchAll(/<%[-_]?\s*~\s*([\s\S]*?)%>/g)].map((match) => match[1]!.trim());
    expect(
      raw.filter(
        (code) =>
          !/^(include\('|block\('|it\.body$|(it\.[a-zA-Z.]+ \? |entry\.[a-zA-Z.]+ \? )?it\.html\()/.test(
            code,
          ),
      ),
    ).toEqual([]);
  });

  test.each(templates)('[A085] %s has no script, inline style, handler or foreign resource', (file) => {
    const source = readFileSync(new URL(file, VIEWS), 'utf8');
    const known = '<script src="<%= it.page.passkeyHref %>" defer></script>';
    const script = file === 'partials/passkey.eta' ? source.replace(known, '') : source;
    // The one image is the organisation's logo, at an address of ours.
    const rest = script.replace('src="<%= it.page.logoHref %>"', '');
    expect(rest).not.toMatch(/<script|<style|\sstyle=|\son[a-z]+=|javascript:|https?:|src=/i);
  });

  test('[A085] the stylesheet asks nobody else for anything', () => {
    const css = readFileSync(new URL('assets/gatehouse.css', VIEWS), 'utf8');
    expect(css).not.toMatch(/@import|url\(|@font-face/);
  });

  test('every template is shown in at least one screen', () => {
    const pages = templates.filter((file) => !file.includes('/') && file !== 'layout.eta');
    expect(new Set(screens.map(({ template }) => `${template}.eta`))).toEqual(new Set(pages));
  });
});

describe('hostile data', () => {
  const attack = [
    '<script>document.title="owned"</script>',
    '"><img src=x onerror=alert(1)>',
    "' autofocus onfocus='alert(1)",
    '</title></textarea></style><svg onload=alert(1)>',
    '<%= process.env %>${1}{{1}}&lt;b&gt;',
    '\u202Egnp.exe \u2067ليلى حداد',
  ].join(' ');

  test.each(screens)('[A081] $screen shows hostile text as text', async ({ template, data }) => {
    const ordinary = await open(template, data, ({ page }) => skeleton(page));
    // Values the server writes itself keep their meaning; everything else carries the attacks.
    const fixed = new Set([
      '',
      'public',
      'confidential',
      'granted',
      'stopped',
      'expired',
      'expiry',
      'token-reuse',
      '/assets/gatehouse.css',
      '/assets/passkey.js',
    ]);
    const hostile = mapStrings(data, (text) => (fixed.has(text) ? text : `${text} ${attack}`));
    await open(template, hostile as object, async ({ page, complaints }) => {
      expect(await skeleton(page)).toEqual(ordinary);
      expect(await page.locator('title').textContent()).toContain(attack);
      expect(complaints).toEqual([]);
    });
  });

  test('[A081] values reach the form exactly as they were', async () => {
    const value = `patient/*.rs?x="'<>&amp;`;
    const scope = { value, label: 'One', checked: true, write: false, wildcard: false };
    const data = {
      ...samples.consent,
      form: { ...samples.consent.form, csrf: value },
      groups: [{ id: '"', legend: value, scopes: [scope] }],
    };
    await open('consent', data, async ({ page }) => {
      expect(await page.getByRole('group', { name: value, exact: true }).count()).toBe(1);
      const sent = await submit(page, () => page.getByRole('button', { name: 'Allow access' }).click());
      expect(sent.getAll('scope')).toEqual([value]);
      expect(sent.get('_csrf')).toBe(value);
    });
  });
});

describe('languages', () => {
  /** Everything a template says becomes a row of dots; what is left are the data it was given. */
  const dots = { say: () => '…', html: () => '…' };

  test.each(screens)('$screen says nothing but messages', ({ template, data }) => {
    const texts = view
      .renderAs(template, data, dots)
      .replaceAll(/<(head|style)[^>]*>[\s\S]*?<\/\1>/g, '')
      .replaceAll(/<[^>]*>/g, '\n')
      .split('\n');
    const known = stringsIn(data)
      .map((text) => escaped(text))
      .toSorted((one, other) => other.length - one.length);
    const rests = texts.map((text) => known.reduce((rest, one) => rest.replaceAll(one, ''), text));
    expect(rests.filter((rest) => /\p{L}{2}/u.test(rest))).toEqual([]);
  });

  test('[WCAG] right to left, nothing sticks out and axe is content', async () => {
    const page = { ...samples.consent.page, lang: 'ar', dir: 'rtl' };
    const narrow = { viewport: { width: 320, height: 640 } };
    await open(
      'consent',
      { ...samples.consent, page },
      async ({ page: seen }) => {
        expect(await seen.evaluate(() => document.documentElement.scrollWidth)).toBe(320);
        const sides = await seen.evaluate(() => {
          const box = document.querySelector('input[type=checkbox]')!.getBoundingClientRect();
          const name = document.querySelector('.choice-name')!.getBoundingClientRect();
          return box.left > name.left;
        });
        expect(sides).toBe(true);
        const { violations } = await new AxeBuilder({ page: seen }).analyze();
        expect(violations.map(({ id }) => id)).toEqual([]);
      },
      narrow,
    );
  });
});

describe('accessible names', () => {
  const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true });

  test('login: User name, Password, Sign in, and who is asking', async () => {
    await open('login', samples.login, async ({ page }) => {
      const username = page.getByLabel('User name', { exact: true });
      const password = page.getByLabel('Password', { exact: true });
      expect(await username.getAttribute('autocomplete')).toBe('username');
      expect(await password.getAttribute('autocomplete')).toBe('current-password');
      expect(await page.getByRole('main').innerText()).toContain(
        'Growth Chart (growth.example) would like access to health records. Sign in to continue.',
      );
      await username.fill('dshaw');
      await password.fill('secret');
      const sent = await submit(page, () => button(page, 'Sign in').click());
      expect(Object.fromEntries(sent)).toEqual({
        _csrf: 'csrf-5Zq1',
        step: 'login',
        username: 'dshaw',
        password: 'secret',
      });
    });
  });

  test('login: a button for each provider, and no password where there is none', async () => {
    await open('login', samples.loginWithProviders, async ({ page }) => {
      const sent = await submit(page, () => button(page, 'Sign in with Riverside Hospital').click());
      expect(Object.fromEntries(sent)).toEqual({ _csrf: 'csrf-5Zq1', step: 'login', provider: 'hospital' });
      expect(await page.getByRole('heading', { name: 'Or with a user name' }).count()).toBe(1);
    });
    await open('login', { ...samples.loginWithProviders, noPasswords: true }, async ({ page }) => {
      expect(await page.getByLabel('Password', { exact: true }).count()).toBe(0);
      const sent = await submit(page, () => button(page, 'Cancel').click());
      expect(Object.fromEntries(sent)).toEqual({ _csrf: 'csrf-5Zq1', step: 'login', cancel: 'yes' });
    });
  });

  test('login: Enter signs in, and Cancel needs no field filled', async () => {
    await open('login', samples.login, async ({ page }) => {
      const cancelled = await submit(page, () => button(page, 'Cancel').click());
      expect(cancelled.get('cancel')).toBe('yes');
      await page.getByLabel('User name').fill('dshaw');
      await page.getByLabel('Password').fill('secret');
      const sent = await submit(page, () => page.getByLabel('Password').press('Enter'));
      expect(sent.has('cancel')).toBe(false);
    });
  });

  test('login: a refusal is announced, focused, and describes both fields', async () => {
    await open('login', samples.loginRefused, async ({ page }) => {
      const alert = page.getByRole('alert');
      expect(await alert.innerText()).toBe(samples.loginRefused.error);
      expect(await alert.evaluate((element) => element === document.activeElement)).toBe(true);
      expect(await page.title()).toMatch(/^Error: /);
      expect(await page.getByLabel('User name').inputValue()).toBe('dshaw');
      for (const label of ['User name', 'Password']) {
        const field = page.getByLabel(label, { exact: true });
        expect(await field.getAttribute('aria-invalid')).toBe('true');
        expect(await field.getAttribute('aria-describedby')).toBe(await alert.getAttribute('id'));
      }
    });
  });

  test('[A019] an app nobody checked is called unverified, beside its host', async () => {
    for (const [template, data] of [
      ['login', samples.loginRefused],
      ['consent', samples.consentRefused],
    ] as const) {
      await open(template, data, async ({ page }) => {
        const text = await page.getByRole('main').innerText();
        expect(text).toContain('growth.example');
        expect(text).toContain('Unverified: Riverside Health has not checked this app');
        expect(text).not.toContain('Verified by');
      });
    }
  });

  test('patients are radio buttons named exactly by the name, described by the rest', async () => {
    await open('choose-patient', samples.choosePatient, async ({ page }) => {
      for (const { name, id } of samples.choosePatient.patients) {
        const radio = page.getByRole('radio', { name, exact: true });
        expect(await radio.inputValue()).toBe(id);
        expect(await page.getByLabel(name, { exact: true }).count()).toBe(1);
      }
      const amy = page.getByRole('radio', { name: 'Amy Shaw', exact: true });
      expect(await amy.isChecked()).toBe(true);
      expect(await describedBy(amy)).toBe('Born 20 March 2008, female, MRN 1032702');
      await page.getByText('Daniel Shaw', { exact: true }).click();
      const sent = await submit(page, () => button(page, 'Continue').click());
      expect(Object.fromEntries(sent)).toEqual({ _csrf: 'csrf-5Zq1', step: 'patient', patient: 'p2' });
      const cancelled = await submit(page, () => button(page, 'Cancel').click());
      expect(cancelled.get('cancel')).toBe('yes');
    });
  });

  test('patient search is its own form and carries no token', async () => {
    await open('choose-patient', samples.choosePatient, async ({ page }) => {
      const box = page.getByRole('searchbox', {
        name: 'Search patients by name, number or birth date (1984-05-17)',
        exact: true,
      });
      expect(await box.inputValue()).toBe('shaw');
      const [request] = await Promise.all([
        page.waitForRequest((candidate) => candidate.url().includes('query=')),
        button(page, 'Search').click(),
      ]);
      expect(request.method()).toBe('GET');
      expect(request.url()).toBe(`${new URL(page.url()).origin}/interaction/4f1c?view=patients&query=shaw`);
      expect(await page.getByRole('link', { name: 'Next page', exact: true }).count()).toBe(1);
    });
  });

  test('nobody found: the notice, no Continue', async () => {
    await open('choose-patient', samples.choosePatientNone, async ({ page }) => {
      expect(await page.getByRole('status').innerText()).toBe('No patient matches “x”.');
      expect(await button(page, 'Continue').count()).toBe(0);
      expect(await button(page, 'Cancel').count()).toBe(1);
    });
  });

  test('encounters are radio buttons named exactly by the label', async () => {
    await open('choose-encounter', samples.chooseEncounter, async ({ page }) => {
      const radio = page.getByRole('radio', { name: 'Well-child visit', exact: true });
      expect(await describedBy(radio)).toBe('12 February 2026, 09:30, in progress');
      await radio.check();
      const sent = await submit(page, () => button(page, 'Continue').click());
      expect(sent.get('encounter')).toBe('e1');
    });
  });

  test('[CONS-09] each scope is a checkbox in a labelled group, and only ticked ones are sent', async () => {
    await open('consent', samples.consent, async ({ page }) => {
      for (const { legend, scopes } of samples.consent.groups) {
        const group = page.getByRole('group', { name: legend, exact: true });
        for (const { label, value, checked } of scopes) {
          const box = group.getByRole('checkbox', { name: label, exact: true });
          expect(await box.inputValue()).toBe(value);
          expect(await box.isChecked()).toBe(checked);
        }
      }
      await page.getByRole('checkbox', { name: 'Health problems', exact: true }).uncheck();
      const sent = await submit(page, () => button(page, 'Allow access').click());
      expect(sent.getAll('scope')).toEqual([
        ...['patient/Observation.rs?category=vital-signs', 'patient/Observation.cu', 'offline_access'],
      ]);
      expect(await page.getByRole('main').innerText()).toContain('Unticked items are not shared.');
    });
  });

  test('[CONS-08] a wildcard says everything, now and in the future', async () => {
    await open('consent', samples.consent, async ({ page }) => {
      const whole = page.getByRole('checkbox', { name: 'The whole record', exact: true });
      expect(await describedBy(whole)).toContain('everything, now and in the future');
      const vitals = page.getByRole('checkbox', { name: 'Vital signs', exact: true });
      expect(await describedBy(vitals)).not.toContain('everything');
    });
  });

  test('a scope that can write says so in words', async () => {
    await open('consent', samples.consent, async ({ page }) => {
      expect(await page.getByText('Can make changes', { exact: true }).count()).toBe(1);
      const write = page.getByRole('checkbox', { name: 'Measurements: make changes', exact: true });
      expect(await describedBy(write)).toMatch(/^Can make changes /);
    });
  });

  test('[A097] consent shows how long access lasts, offline use, and that it can be stopped', async () => {
    await open('consent', samples.consent, async ({ page }) => {
      const text = await page.getByRole('main').innerText();
      expect(text).toContain(samples.consent.access.until);
      expect(text).toContain(
        'If “Keep access when you are away” is ticked, the app can use this access even when you are not using the app.',
      );
      expect(text).toContain('You can stop this access at any time: sign in at auth.riverside.example/apps.');
    });
    const online = { ...samples.consent, access: { until: 'One hour.', offline: false } };
    expect(render('consent', online)).not.toContain('even when you are not using the app');
  });

  test('[CONS-14] consent can be refused as a whole', async () => {
    await open('consent', samples.consent, async ({ page }) => {
      const sent = await submit(page, () => button(page, 'Cancel').click());
      expect(sent.get('cancel')).toBe('yes');
    });
  });

  test('handover goes to the app by itself and offers a link', async () => {
    await open('handover', samples.handover, async ({ page, elsewhere }) => {
      const link = page.getByRole('link', { name: 'Continue to Growth Chart', exact: true });
      expect(await link.getAttribute('href')).toBe(samples.handover.url);
      while (elsewhere.length === 0) await page.waitForTimeout(20);
      expect(elsewhere).toEqual([samples.handover.url]);
    });
  });

  test('an error gives its reference prominently and the rest to the developer', async () => {
    await open('error', samples.failure, async ({ page }) => {
      expect(await page.getByRole('heading', { level: 1 }).innerText()).toBe(samples.failure.heading);
      expect(await page.getByRole('main').getByText(samples.failure.reference, { exact: true }).count()).toBe(
        1,
      );
      expect(await page.getByRole('link', { name: 'Try again', exact: true }).getAttribute('href')).toBe(
        '/launch/again',
      );
      expect(await page.getByText('invalid_request').isVisible()).toBe(false);
      await page.getByText('For the app’s developer').click();
      expect(await page.getByText('invalid_request').isVisible()).toBe(true);
    });
  });

  test('[A087] signing out asks first', async () => {
    await open('sign-out', samples.signOut, async ({ page }) => {
      const sent = await submit(page, () => button(page, 'Sign out').click());
      expect(Object.fromEntries(sent)).toEqual({ xsrf: 'x-91', logout: 'yes' });
      const stayed = await submit(page, () => button(page, 'Stay signed in').click());
      expect(Object.fromEntries(stayed)).toEqual({ xsrf: 'x-91', stay: 'yes' });
    });
  });
});

describe('every screen', () => {
  test.each(screens)('$screen: head, headings, reference, one main action', async ({ template, data }) => {
    await open(template, data, async ({ page, complaints, elsewhere }) => {
      expect(await page.locator('html').getAttribute('lang')).toBe('en');
      expect(await page.locator('meta[name=referrer]').getAttribute('content')).toBe('no-referrer');
      expect(await page.locator('meta[name=robots]').getAttribute('content')).toBe('noindex');
      expect(await page.getByRole('heading', { level: 1 }).count()).toBe(1);
      expect(await page.getByRole('contentinfo').innerText()).toMatch(/^Reference kq7h-3mzt-9w2c/);
      expect(await page.locator('.primary').count()).toBeLessThanOrEqual(1);
      expect(await page.content()).not.toMatch(/undefined|\[object/);
      expect(complaints).toEqual([]);
      const onward: readonly string[] = [samples.handover.url, samples.toProvider.url];
      expect(elsewhere.filter((url) => !onward.includes(url))).toEqual([]);
    });
  });

  test.each(screens)(
    '[WCAG] $screen fits 320 px, also with text twice as large',
    async ({ template, data }) => {
      const long = (text: string) => (/^[A-Z]/.test(text) ? `${text} ${'Wwwwwwwwww'.repeat(6)}` : text);
      const widthAt = (page: Page, fontSize: string) =>
        page.evaluate((size) => {
          document.documentElement.style.fontSize = size;
          return document.documentElement.scrollWidth;
        }, fontSize);
      const narrow = { viewport: { width: 320, height: 640 } };
      await open(
        template,
        mapStrings(data, long) as object,
        async ({ page }) => {
          expect(await widthAt(page, '100%')).toBe(320);
          expect(await widthAt(page, '200%')).toBe(320);
        },
        narrow,
      );
    },
  );

  test.each(screens)('[WCAG] $screen has targets of at least 44 px', async ({ template, data }) => {
    await open(template, data, async ({ page }) => {
      const small = await page.evaluate(() =>
        [...document.querySelectorAll('button, a, summary, .choice, .field input')]
          .filter((element) => element.getBoundingClientRect().height < 44)
          .map((element) => element.outerHTML),
      );
      expect(small).toEqual([]);
    });
  });
});

function stringsIn(data: unknown): string[] {
  if (typeof data === 'string') return [data];
  return typeof data === 'object' && data !== null ? Object.values(data).flatMap(stringsIn) : [];
}

const escaped = (text: string): string =>
  text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');

/** The text a screen reader adds after the name. */
const describedBy = (locator: Locator): Promise<string> =>
  locator.evaluate((element) =>
    (element.getAttribute('aria-describedby') ?? '')
      .split(' ')
      .map((id) => document.getElementById(id)?.textContent.trim() ?? '')
      .join(' '),
  );
