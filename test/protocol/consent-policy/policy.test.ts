import { describe, expect, test } from '@jest/globals';

import { createAccountStore } from '../../../src/store/index.ts';
import { key } from '../../../src/store/keys.ts';
import { appOf } from '../../support/app.ts';
import { CookieBrowser, formFields } from '../../support/browser.ts';
import { PUBLIC_APP, RESOURCE_SERVER, SECRET, SECRET_APP, basic } from '../../support/clients.ts';
import {
  arrive,
  authorize,
  authorizeUrl,
  openScreen,
  pkce,
  redeem,
  submit,
  type FlowOptions,
} from '../../support/flow.ts';
import { DRIVERS, startGatehouse } from '../../support/gatehouse.ts';
import { gatehouseOn } from '../../support/suite.ts';

const SCOPE = 'launch/patient offline_access patient/Patient.rs patient/Observation.rs';

describe.each(DRIVERS)('whether people are asked, on %s', (driver) => {
  const suite = gatehouseOn(driver, () => {
    const remembers = { ...SECRET_APP, client_id: 'remembers', consent: 'remember' as const };
    const own = { ...SECRET_APP, client_id: 'own-app', consent: 'skip' as const, max_access_days: 7 };
    const native = {
      ...{ ...PUBLIC_APP, client_id: 'native-app', application_type: 'native' as const },
      redirect_uris: ['com.example.app:/cb'],
    };
    return {
      clients: [
        PUBLIC_APP,
        SECRET_APP,
        remembers,
        { ...remembers, client_id: 'remembers-too' },
        { ...remembers, client_id: 'taken-back' },
        own,
        native,
        RESOURCE_SERVER,
      ],
    };
  });

  /** Where somebody who is signed in comes to: the app, or the screen that asks. */
  async function again(browser: CookieBrowser, options: FlowOptions) {
    const { verifier, challenge } = pkce();
    const first = await browser.get(authorizeUrl(suite.server.issuer, options, challenge));
    const { callback, html } = await arrive(suite.server.issuer, browser, first);
    const asked = /<h1>Allow/.test(html);
    if (!callback) return { asked };
    const code = { code: callback.searchParams.get('code') ?? '', verifier };
    const form = { client_id: options.clientId ?? '' };
    const { body } = await redeem(suite.server.issuer, code, form, basic(options.clientId ?? '', SECRET));
    return { asked, scope: body.scope, body };
  }
  const consents = () =>
    suite.server.audit.filter(({ type, outcome }) => type === 'consent' && outcome === 'success');
  const untilOf = (record: object | undefined) => String((record as { until?: string } | undefined)?.until);
  const sorted = (scope: string | undefined) => scope?.split(' ').sort().join(' ');

  test('always: each launch asks, also right after the last', async () => {
    const browser = new CookieBrowser();
    const options = { clientId: 'secret-app', scope: SCOPE, browser };
    await authorize(suite.server.issuer, options);
    expect(await again(browser, options)).toEqual({ asked: true });
    expect(consents().at(-1)).toMatchObject({ basis: 'asked' });
  });

  async function stopAll(browser: CookieBrowser): Promise<void> {
    const page = `${suite.server.issuer}/apps`;
    const { _csrf: csrf = [] } = formFields(await (await browser.get(page)).text());
    const stopped = await browser.post(page, { _csrf: csrf, step: ['my-apps'], stop: ['all'] });
    expect(stopped.status).toBe(303);
  }
  /** As its page says, without observations. */
  async function takeBackAPart(browser: CookieBrowser): Promise<void> {
    const { issuer } = suite.server;
    const list = await (await browser.get(`${issuer}/apps`)).text();
    const [, path = ''] = /href="(\/apps\/[^"/]{8,})"/.exec(list) ?? [];
    const fields = formFields(await (await browser.get(issuer + path)).text());
    const left = { ...fields, scope: withoutObservation(fields['scope'] ?? []) };
    expect((await browser.post(issuer + path, left)).status).toBe(303);
  }
  /** What was remembered of ben and this app is edited in the store. */
  async function edit(clientId: string): Promise<void> {
    const { vault, driver: store } = suite.server;
    const account = await createAccountStore(vault).findByUsername('ben');
    const name = key.agreed(account?.accountId ?? '', vault.keys.keyedHash('agreed', clientId));
    expect((await store.getMany([name]))[0]).toBeDefined();
    await store.put({ key: name, value: Buffer.from('{"not":"sealed"}'), ttlSeconds: 60 });
  }
  const ticked = (html: string): readonly string[] => formFields(html)['scope'] ?? [];
  const withoutObservation = (scopes: readonly string[]) =>
    scopes.filter((scope) => scope !== 'patient/Observation.rs');

  test('always: what somebody left out stays unticked, and the page says so; a part stays a part; what is new is as new', async () => {
    const options = { clientId: 'secret-app', scope: SCOPE, username: 'ben' };
    const first = await openScreen(suite.server.issuer, 'consent', options);
    expect(ticked(first.html)).toContain('patient/Observation.rs');
    expect(first.html).not.toContain('left out before');
    const labs =
      'patient/Observation.rs?category=http://terminology.hl7.org/CodeSystem/observation-category|laboratory';
    const scope = [...withoutObservation(ticked(first.html)).filter((one) => one !== 'offline_access'), labs];
    await submit(suite.server.issuer, { ...first, fields: { ...first.fields, scope } });
    const asked = { ...options, scope: `${SCOPE} patient/Condition.rs` };
    const second = await openScreen(suite.server.issuer, 'consent', asked);
    expect(ticked(second.html)).toEqual(expect.arrayContaining([labs, 'patient/Condition.rs']));
    expect(ticked(second.html)).not.toContain('patient/Observation.rs');
    expect(ticked(second.html)).not.toContain('offline_access');
    expect(second.html).toContain('What you left out before is not ticked.');
    // Of another person it says nothing.
    const other = await openScreen(suite.server.issuer, 'consent', { ...options, username: 'amy' });
    expect(ticked(other.html)).toContain('patient/Observation.rs');
  });

  test('what was taken back on the page of apps comes back unticked, whatever was remembered', async () => {
    const browser = new CookieBrowser();
    const options = { clientId: 'taken-back', scope: SCOPE, browser };
    await authorize(suite.server.issuer, options);
    // Of those that were allowed in the same second any may be the first.
    await stopAll(browser);
    await authorize(suite.server.issuer, options);
    expect((await again(browser, options)).asked).toBe(false);
    await takeBackAPart(browser);
    const { html } = await openScreen(suite.server.issuer, 'consent', options);
    expect(ticked(html)).toContain('patient/Patient.rs');
    expect(ticked(html)).not.toContain('patient/Observation.rs');
  });

  test.each(['remembers-too', 'own-app'])(
    '[LCH-11] [A092] several launches of %s at once in one browser all come to the app, and the person stays signed in',
    async (clientId) => {
      const browser = new CookieBrowser();
      const options = { clientId, scope: SCOPE, browser, username: 'ben' };
      await authorize(suite.server.issuer, options);
      for (let round = 0; round < 3; round += 1) {
        const all = await Promise.all(Array.from({ length: 4 }, () => again(browser, options)));
        expect(all.map(({ asked, scope }) => [asked, sorted(scope)])).toEqual(
          all.map(() => [false, sorted(SCOPE)]),
        );
      }
      // One that is left in the middle leaves everything as it was.
      await browser.get(authorizeUrl(suite.server.issuer, options, pkce().challenge));
      const apps = await (await browser.get(`${suite.server.issuer}/apps`)).text();
      expect(apps).toContain('Signed in as');
    },
  );

  test('remember: what was decided holds for the same and for less, never for more', async () => {
    const browser = new CookieBrowser();
    const options = { clientId: 'remembers', scope: SCOPE, browser };
    const kept = 'launch/patient offline_access patient/Patient.rs';
    const consent = (scopes: readonly string[]) =>
      scopes.filter((scope) => scope !== 'patient/Observation.rs');
    await authorize(suite.server.issuer, { ...options, consent, duration: '30-days' });
    const until = untilOf(consents().at(-1));

    const same = await again(browser, options);
    expect([same.asked, sorted(same.scope)]).toEqual([false, kept]);
    expect(consents().at(-1)).toMatchObject({ basis: 'remembered', until });
    const less = await again(browser, { ...options, scope: 'launch/patient patient/Patient.rs' });
    expect([less.asked, sorted(less.scope)]).toEqual([false, 'launch/patient patient/Patient.rs']);

    for (const scope of [
      `${SCOPE} patient/Condition.rs`,
      SCOPE.replace('Patient.rs', 'Patient.cruds'),
      `${SCOPE} openid`,
    ])
      expect(await again(browser, { ...options, scope })).toEqual({ asked: true });
    expect(await again(browser, { ...options, params: { prompt: 'consent' } })).toEqual({ asked: true });
  });

  test('remember: another person, and another app, are asked', async () => {
    await authorize(suite.server.issuer, { clientId: 'remembers', scope: SCOPE });
    const ben = new CookieBrowser();
    await openScreen(suite.server.issuer, 'consent', {
      browser: ben,
      username: 'ben',
      clientId: 'remembers',
      scope: SCOPE,
    });
    const amy = new CookieBrowser();
    await openScreen(suite.server.issuer, 'consent', { browser: amy, clientId: 'secret-app', scope: SCOPE });
  });

  test('remember: a person who has to sign in first need not consent again either', async () => {
    await authorize(suite.server.issuer, { clientId: 'remembers', scope: SCOPE });
    const { callback } = await authorize(suite.server.issuer, { clientId: 'remembers', scope: SCOPE });
    expect(callback.searchParams.get('code')).toBeTruthy();
    expect(consents().at(-1)).toMatchObject({ basis: 'remembered' });
  });

  test('[REV-01] an app is stopped also where what was decided about it cannot be read any more', async () => {
    const { server } = suite;
    const browser = new CookieBrowser();
    const options = { clientId: 'taken-back', scope: SCOPE, browser, username: 'ben' };
    const { body } = await redeem(
      server.issuer,
      await authorize(server.issuer, options),
      { client_id: 'taken-back' },
      basic('taken-back', SECRET),
    );
    await edit('taken-back');
    await stopAll(browser);
    expect(await appOf(server.issuer).isActive(body.access_token)).toBe(false);
    expect(await again(browser, options)).toEqual({ asked: true });
  });

  test('[REV-01] a part is taken back also then, and begins unticked the next time', async () => {
    const browser = new CookieBrowser();
    const options = { clientId: 'taken-back', scope: SCOPE, browser, username: 'ben' };
    await authorize(suite.server.issuer, options);
    await stopAll(browser);
    await authorize(suite.server.issuer, options);
    await edit('taken-back');
    await takeBackAPart(browser);
    const { html } = await openScreen(suite.server.issuer, 'consent', options);
    expect(ticked(html)).toContain('patient/Patient.rs');
    expect(ticked(html)).not.toContain('patient/Observation.rs');
  });

  test('remember: what was stopped is asked about anew', async () => {
    const browser = new CookieBrowser();
    const options = { clientId: 'remembers', scope: SCOPE, browser };
    await authorize(suite.server.issuer, options);
    expect((await again(browser, options)).asked).toBe(false);
    await stopAll(browser);
    expect(await again(browser, options)).toEqual({ asked: true });
  });

  test('skip: the organisation’s own app gets what it asks for, at most as long as it may, and it is on record', async () => {
    const { callback, code, verifier } = await authorize(suite.server.issuer, {
      clientId: 'own-app',
      scope: SCOPE,
      consent: () => {
        throw new Error('nobody is asked');
      },
    });
    expect(callback.searchParams.get('state')).toBe('state-1234567890');
    const { body } = await redeem(
      suite.server.issuer,
      { code, verifier },
      { client_id: 'own-app' },
      basic('own-app', SECRET),
    );
    expect(sorted(body.scope)).toBe(sorted(SCOPE));
    const week = Date.now() + 7 * 86_400_000;
    const seen = consents().at(-1);
    expect(seen).toMatchObject({ basis: 'skipped', clientId: 'own-app' });
    expect(Math.abs(Date.parse(untilOf(seen)) - week)).toBeLessThan(60_000);
  });

  test('skip: prompt=consent still asks', async () => {
    const params = { prompt: 'consent' };
    const screen = await openScreen(suite.server.issuer, 'consent', {
      clientId: 'own-app',
      scope: SCOPE,
      params,
    });
    expect(screen.html).toContain('Secret App');
  });

  test('[A094] a public client is asked about again, in the same session and for the same; so is one with a private scheme', async () => {
    const browser = new CookieBrowser();
    const native = { clientId: 'native-app', params: { redirect_uri: 'com.example.app:/cb' } };
    for (const which of [{}, native]) {
      const asked = { ...which, browser, scope: SCOPE };
      const first = await openScreen(suite.server.issuer, 'consent', asked);
      const { callback } = await submit(suite.server.issuer, first);
      expect(callback?.searchParams.get('code')).toBeTruthy();
      const again = await openScreen(suite.server.issuer, 'consent', asked);
      expect(formFields(again.html)['step']).toEqual(['consent']);
    }
  });

  test('[A094] a public client is always asked about: its registration cannot say otherwise', async () => {
    for (const consent of ['remember', 'skip'] as const) {
      const clients = [{ ...PUBLIC_APP, consent }];
      await expect(startGatehouse(suite.store, { clients })).rejects.toThrow(
        /is for clients that prove who they are/,
      );
    }
  });
});
