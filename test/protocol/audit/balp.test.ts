import { beforeAll, describe, expect, test } from '@jest/globals';

import { auditEventsOf, type AuditEventResource } from '../../../src/balp/index.ts';
import { placedIn } from '../../../src/trail/index.ts';
import { auditLinesOf } from '../../support/audit-disk.ts';
import { appOf, until } from '../../support/app.ts';
import { problemsOf } from '../../support/balp-validator.ts';
import { CookieBrowser, formFields } from '../../support/browser.ts';
import { RS_SECRET, basic } from '../../support/clients.ts';
import { announce, ehrSuite } from '../../support/ehr.ts';
import { arrive, authorize, openScreen, redeem } from '../../support/flow.ts';
import { PASSWORD } from '../../support/gatehouse.ts';

const OFFLINE = 'launch/patient offline_access patient/Observation.rs';

describe('what a server does, as AuditEvents', () => {
  const suite = ehrSuite('embedded');
  const secrets: string[] = [];
  let events: readonly AuditEventResource[] = [];
  const of = (type: string): AuditEventResource[] =>
    events.filter(({ subtype }) => subtype.some(({ code }) => code === type));
  const claiming = (name: string): AuditEventResource[] =>
    events.filter(({ meta }) => meta.profile?.some((url) => url.endsWith(name)));

  beforeAll(async () => {
    const { issuer } = suite.server;
    const app = appOf(issuer);
    const browser = new CookieBrowser();
    const authorized = await authorize(issuer, { scope: OFFLINE, browser });
    const { body } = await redeem(issuer, authorized);
    const { body: second } = await app.refresh(body.refresh_token);
    const { body: launched } = await announce(issuer, suite.token, { patient: 'p9' });
    const dora = { username: 'dora', scope: 'launch patient/Patient.rs' };
    const launchedCode = await authorize(issuer, { ...dora, params: { launch: launched.launch } });
    await redeem(issuer, launchedCode);
    await redeem(issuer, launchedCode);
    await app.token({
      grant_type: 'refresh_token',
      refresh_token: 'CANARY-refresh',
      client_secret: 'CANARY-secret',
    });
    // Not the usual way to ask, so it is recorded for itself.
    await fetch(`${issuer}/introspect`, {
      method: 'POST',
      body: new URLSearchParams({ token: second.access_token }),
      headers: { ...basic('fhir-server', RS_SECRET), accept: 'application/token-introspection+jwt' },
    });
    const third = await app.newTokens();
    await app.revoke(third.refresh_token);
    const login = await openScreen(issuer, 'login');
    await login.browser.post(login.url, {
      ...login.fields,
      username: ['amy'],
      password: ['CANARY-password'],
    });
    const consent = await openScreen(issuer, 'consent');
    const denied = { ...consent.fields, cancel: ['yes'] };
    await arrive(issuer, consent.browser, await consent.browser.post(consent.url, denied));
    const apps = await browser.get(`${issuer}/apps`);
    const page = await apps.text();
    await browser.post(`${issuer}/apps`, { ...formFields(page), stop: 'all' });
    const out = await browser.get(`${issuer}/logout`);
    const html = await out.text();
    const action = new URL(/action="([^"]+)"/.exec(html)![1]!, out.url).href;
    await browser.post(action, { ...formFields(html), logout: ['yes'] });
    secrets.push(
      ...[body.access_token, body.refresh_token, second.access_token, second.refresh_token],
      ...[authorized.code, authorized.verifier, third.access_token, PASSWORD, 'CANARY', launched.launch],
    );
    const house = { issuer, name: 'Test House' };
    await until(async () => {
      const lines = await auditLinesOf(suite.server.dataDir);
      events = lines
        .flatMap((line) => placedIn(line) ?? [])
        .flatMap((placed) => auditEventsOf(placed, house));
      return of('110123').length > 0;
    }, 'the sign-out was recorded');
  });

  test('[SEC-3] each is well formed, and what it claims to be', () => {
    const wrong = events.flatMap((event) =>
      problemsOf(event as unknown as Record<string, unknown>).map((problem) => ({ problem, event })),
    );
    expect(wrong).toEqual([]);
    expect(new Set(events.map(({ id }) => id)).size).toBe(events.length);
  });

  test('[SEC-3] what was done is there, in the shape that BALP has for it', () => {
    const counts = [
      ...['AuthZconsent', 'IUA.71', 'OAUTHaccessTokenUse.Minimal'],
      ...['PatientCreate', 'PatientDelete'],
    ].map((name) => [name, claiming(name).length > 0] as const);
    expect(counts.filter(([, isThere]) => !isThere)).toEqual([]);
    const decisions = claiming('AuthZconsent').map(({ outcome }) => outcome);
    expect(decisions).toEqual(expect.arrayContaining(['0']));
    for (const type of ['110120', '110122', '110123', 'launch.created', 'launch.used', 'authorize'])
      expect([type, of(type).length > 0]).toEqual([type, true]);
    for (const type of ['token.refused', 'token.reuse', 'token.revoked', 'token.introspected'])
      expect([type, of(type).length > 0]).toEqual([type, true]);
    expect(of('110122').map(({ outcome }) => outcome)).toEqual(expect.arrayContaining(['0', '4']));
    expect(events.some(({ outcome, subtype }) => outcome === '8' && /^AuthZ/.test(subtype[0]!.code))).toBe(
      true,
    );
  });

  test('[SEC-3] no token, code, verifier, password or secret is in any of them, nor in what is encoded', () => {
    const queries = events.flatMap(({ entity = [] }) => entity.flatMap(({ query }) => query ?? []));
    expect(queries.length).toBeGreaterThan(0);
    const all = [
      JSON.stringify(events),
      ...queries.map((query) => Buffer.from(query, 'base64').toString()),
    ].join();
    expect(secrets.filter((secret) => secret.length < 4 || all.includes(secret))).toEqual([]);
  });
});
