import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { decodeJwt } from 'jose';

import { createAccountStore } from '../../../src/store/index.ts';
import { CookieBrowser, formFields } from '../../support/browser.ts';
import { PUBLIC_APP, RESOURCE_SERVER, RS_SECRET, basic } from '../../support/clients.ts';
import { until } from '../../support/app.ts';
import { authorize, postForm, redeem, refresh } from '../../support/flow.ts';
import { DRIVERS, PASSWORD } from '../../support/gatehouse.ts';
import { startSmtp, type SmtpReceiver } from '../../support/smtp.ts';
import { gatehouseOn } from '../../support/suite.ts';
import { startToldApp, type ToldApp } from '../../support/told-app.ts';

const MAX = 3;
const AMY = 'amy@riverside.example';
const ONLINE = 'openid launch/patient online_access patient/Patient.rs';

describe.each(DRIVERS)('how many browsers one person is signed in to, on %s', (driver) => {
  let smtp: SmtpReceiver;
  let app: ToldApp;
  beforeAll(async () => {
    [smtp, app] = await Promise.all([
      startSmtp(),
      startToldApp('told-app', { backchannel_logout_session_required: true }),
    ]);
  });
  const suite = gatehouseOn(driver, () => ({
    clients: [PUBLIC_APP, RESOURCE_SERVER, app.registration],
    signIn: { maxSessions: MAX },
    notices: { grants: false },
    mail: { host: 'localhost', port: smtp.port, security: 'none', from: 'gate@riverside.example' },
  }));
  afterAll(() => Promise.all([smtp.close(), app.close()]));
  const issuer = (): string => suite.server.issuer;
  beforeEach(async () => {
    const accounts = createAccountStore(suite.server.vault);
    const amy = await accounts.findByUsername('amy');
    await accounts.save({ ...amy!, email: AMY, emailVerified: true });
    const page = await signInAtMyApps();
    const html = await (await page.get(`${issuer()}/account`)).text();
    await page.post(`${issuer()}/account`, { ...formFields(html), everywhere: 'yes' });
    smtp.received.length = 0;
    app.forget();
  });

  async function signInAtMyApps(username = 'amy'): Promise<CookieBrowser> {
    const browser = new CookieBrowser();
    await browser.post(`${issuer()}/apps`, { step: 'sign-in', username, password: PASSWORD });
    return browser;
  }
  const isSignedIn = async (browser: CookieBrowser): Promise<boolean> =>
    (await (await browser.get(`${issuer()}/apps`)).text()).includes('Signed in as');
  const capped = () =>
    suite.server.audit.filter((event) => event.type === 'sign-out' && event.reason === 'too-many-sessions');

  test('[A093] one more ends the oldest: with what was granted for its time, its apps told, the person told, and an audit event', async () => {
    const before = capped().length;
    const oldest = new CookieBrowser();
    const code = await authorize(issuer(), { browser: oldest, clientId: 'told-app', scope: ONLINE });
    const { body } = await redeem(issuer(), code, { client_id: 'told-app' });
    await untilNextSecond();
    const others = [await signInAtMyApps(), await signInAtMyApps()];
    expect(await isSignedIn(oldest)).toBe(true);
    expect([capped().length, smtp.received.length]).toEqual([before, 0]);

    const newest = new CookieBrowser();
    await authorize(issuer(), { browser: newest });
    expect(await isSignedIn(oldest)).toBe(false);
    for (const browser of [...others, newest]) expect(await isSignedIn(browser)).toBe(true);
    const asked = await postForm(
      `${issuer()}/introspect`,
      { token: body.access_token },
      basic('fhir-server', RS_SECRET),
    );
    expect(asked.body).toEqual({ active: false });
    const again = await refresh(issuer(), body.refresh_token, { client_id: 'told-app' });
    expect(again.body.error).toBe('invalid_grant');
    const { sub, sid } = decodeJwt(String(body['id_token']));
    expect(await app.told(1, issuer())).toEqual([expect.objectContaining({ sub, sid })]);
    expect(capped().slice(before)).toEqual([expect.objectContaining({ outcome: 'success', accountId: sub })]);
    await until(() => smtp.received.length > 0, 'the person was told by mail');
    expect(smtp.received).toHaveLength(1);
    expect(smtp.received[0]?.to).toEqual([AMY]);
    expect(smtp.received[0]?.text).toContain('signed out of a browser');
  });

  test('[A093] at /apps as well; somebody else, and the same browser again, count for nothing', async () => {
    const first = await signInAtMyApps();
    await untilNextSecond();
    const others = [await signInAtMyApps(), await signInAtMyApps()];
    await signInAtMyApps('ben');
    const form = { step: 'sign-in', username: 'amy', password: PASSWORD };
    for (let again = 0; again < MAX; again += 1) await others[0]!.post(`${issuer()}/apps`, form);
    expect(await isSignedIn(first)).toBe(true);
    const fourth = await signInAtMyApps();
    const all = [first, ...others, fourth];
    expect(await Promise.all(all.map(isSignedIn))).toEqual([false, true, true, true]);
  });

  test('[A093] of ten who sign in at once no more than three are left', async () => {
    const browsers = await Promise.all(Array.from({ length: 10 }, () => signInAtMyApps()));
    const left = (await Promise.all(browsers.map(isSignedIn))).filter(Boolean);
    expect(left.length).toBeLessThanOrEqual(MAX);
  });
});

describe('without a limit', () => {
  const suite = gatehouseOn('embedded', () => ({ clients: [PUBLIC_APP], signIn: { maxSessions: 0 } }));

  test('[A093] 0 means any number', async () => {
    const { issuer } = suite.server;
    const form = { step: 'sign-in', username: 'amy', password: PASSWORD };
    const browsers = Array.from({ length: 12 }, () => new CookieBrowser());
    for (const browser of browsers) await browser.post(`${issuer}/apps`, form);
    for (const browser of browsers)
      expect(await (await browser.get(`${issuer}/apps`)).text()).toContain('Signed in as');
  });
});

/** Who signed in first is known by the second. */
async function untilNextSecond(): Promise<void> {
  const second = Math.floor(Date.now() / 1000);
  await until(() => Math.floor(Date.now() / 1000) > second, 'a second had passed');
}
