import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { CookieBrowser } from '../../support/browser.ts';
import { PUBLIC_APP, RESOURCE_SERVER, RS_SECRET, basic } from '../../support/clients.ts';
import { openScreen, postForm, redeem, refresh, submit, type TokenAnswer } from '../../support/flow.ts';
import {
  DRIVERS,
  startGatehouse,
  testStore,
  type TestServer,
  type TestStore,
} from '../../support/gatehouse.ts';

const DAY = 86_400;
const SCOPE = 'launch/patient offline_access patient/Patient.rs';

describe.each(DRIVERS)('how long an app may keep access, on %s', (driver) => {
  let store: TestStore;
  let server: TestServer;
  beforeAll(async () => {
    store = await testStore(driver);
    const week = { ...PUBLIC_APP, client_id: 'week-app', max_access_days: 7 };
    server = await startGatehouse(store, { clients: [PUBLIC_APP, week, RESOURCE_SERVER] });
  });
  afterAll(async () => {
    await server.close();
    await store.dispose();
  });

  /** In which somebody allows one app after the other. */
  const browser = new CookieBrowser();

  interface Chosen {
    readonly status: number;
    readonly html: string;
    readonly body?: TokenAnswer['body'];
  }

  async function allow(
    duration: string | undefined,
    clientId = 'public-app',
    scope = SCOPE,
  ): Promise<Chosen> {
    const screen = await openScreen(server.issuer, 'consent', {
      browser,
      clientId,
      scope,
    });
    const fields = { ...screen.fields, ...(duration === undefined ? {} : { duration: [duration] }) };
    const arrival = await submit(server.issuer, { ...screen, fields });
    const html = arrival.callback ? screen.html : arrival.html;
    if (!arrival.callback) return { status: arrival.response.status, html };
    const code = { code: arrival.callback.searchParams.get('code') ?? '', verifier: screen.verifier };
    const { body } = await redeem(server.issuer, code, { client_id: clientId });
    return { status: 200, html, body };
  }
  const consent = () =>
    server.audit.filter(({ type, outcome }) => type === 'consent' && outcome === 'success').at(-1);
  const daysLeft = (): number =>
    Math.round(
      (Date.parse((consent() as { until?: string } | undefined)?.until ?? '') - Date.now()) / DAY / 1000,
    );

  test('[CONS-13] [A097] the screen offers times, the open one chosen, and says when each ends', async () => {
    const { html } = await allow(undefined);
    for (const label of ['30 days', 'One year', 'Until I stop it']) expect(html).toContain(label);
    expect(
      /value="([^"]+)"[^>]*checked/.exec(html.slice(html.indexOf('name="duration"')))?.[1],
    ).toBeDefined();
    expect(html).toMatch(/value="until-stopped"[^>]*checked/);
    expect(consent()).not.toHaveProperty('until');
  });

  test('[CONS-13] thirty days are thirty days: in the audit trail, and where the person looks it up', async () => {
    const { body } = await allow('30-days');
    expect(daysLeft()).toBe(30);
    const next = await refresh(server.issuer, body?.refresh_token ?? '');
    expect(next.status).toBe(200);
    const day = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeZone: 'UTC' });
    const ends = day.format(Date.now() + 30 * DAY * 1000);
    const shown = await (await browser.get(`${server.issuer}/apps`)).text();
    expect(shown).toContain(`<dt>Ends</dt><dd>${ends}</dd>`);
    const asked = await postForm(
      `${server.issuer}/introspect`,
      { token: next.body.access_token },
      basic('fhir-server', RS_SECRET),
    );
    expect(asked.body['active']).toBe(true);
  });

  test('[CONS-13] once is once, whatever is ticked beside it', async () => {
    const { html, body } = await allow('once');
    expect(html).toMatch(/value="once"(?![^>]*checked)/);
    expect(body).not.toHaveProperty('refresh_token');
    expect(body?.scope).not.toMatch(/offline_access|online_access/);
    expect(body?.scope).toContain('patient/');
  });

  test('[CONS-13] an app with a limit of its own is offered no more than that', async () => {
    const { html, body } = await allow(undefined, 'week-app');
    expect(html).toContain('7 days');
    for (const label of ['30 days', 'One year', 'Until I stop it']) expect(html).not.toContain(label);
    expect(daysLeft()).toBe(7);
    expect(body?.refresh_token).toBeDefined();
  });

  test.each(['until-stopped', '1-year', 'for-ever', ''])(
    '[A069] what was not offered (%j) is asked again, and nothing is granted',
    async (duration) => {
      const { status, html, body } = await allow(duration, 'week-app');
      expect([status, body]).toEqual([422, undefined]);
      expect(html).toContain('Choose how long the app may keep access.');
    },
  );

  test('[CONS-13] without lasting access there is nothing to choose', async () => {
    const { html } = await allow(undefined, 'public-app', 'launch/patient patient/Patient.rs');
    expect(html).not.toContain('name="duration"');
  });
});
