import { describe, expect, test } from '@jest/globals';

import { createDueList, createFileArchive } from '../../../src/archive/index.ts';
import { composeRecords } from '../../../src/compose-records.ts';
import { configSchema } from '../../../src/config/index.ts';
import { createExpiry, historyOf, type HistoryEntry, type KeptRecord } from '../../../src/records/index.ts';
import { createFirst, createGrantList } from '../../../src/store/index.ts';
import { until } from '../../support/app.ts';
import { CookieBrowser, formFields } from '../../support/browser.ts';
import { PUBLIC_APP, RESOURCE_SERVER } from '../../support/clients.ts';
import { authorize, postForm, redeem, refresh, type FlowOptions } from '../../support/flow.ts';
import { DRIVERS, STORE_SECRET } from '../../support/gatehouse.ts';
import { gatehouseOn } from '../../support/suite.ts';

const DAY = 86_400;
const LASTING = 'launch/patient offline_access patient/Patient.rs';

describe.each(DRIVERS)('records of how access ends, on %s', (driver) => {
  const suite = gatehouseOn(driver, () => ({
    clients: [PUBLIC_APP, RESOURCE_SERVER],
    limits: { failuresPerAddress: 0, authorizationsPerAddress: 0, tokensPerClient: 0 },
    tokens: { refreshGraceSeconds: 0 },
  }));
  const nameOf = (accountId: string): string => suite.server.vault.keys.keyedHash('records', accountId);
  const archive = () => createFileArchive({ dataDir: suite.server.dataDir, nameOf });
  const recordsOf = async (browser: CookieBrowser): Promise<KeptRecord[]> => {
    const answer = await browser.get(`${suite.server.issuer}/apps/history/consents.json`);
    const { entry } = (await answer.json()) as { entry: { resource: never }[] };
    const resources = entry.map(({ resource }) => resource);
    return resources.flatMap((consent, at) =>
      at % 2 === 0 ? [{ consent, provenance: resources[at + 1]! }] : [],
    );
  };
  const allow = async (options: FlowOptions = {}) => {
    const browser = new CookieBrowser();
    const code = await authorize(suite.server.issuer, { browser, scope: LASTING, ...options });
    const { body } = await redeem(suite.server.issuer, code);
    const [newest] = historyOf(await recordsOf(browser));
    return { browser, code, ...body, reference: newest?.reference ?? '' };
  };
  const historyAbout = async (browser: CookieBrowser, reference: string): Promise<HistoryEntry[]> =>
    historyOf(await recordsOf(browser)).filter((entry) => entry.reference === reference);
  const untilEnded = async (browser: CookieBrowser, reference: string): Promise<HistoryEntry> => {
    await until(async () => (await historyAbout(browser, reference)).length > 1, 'its end was recorded');
    return (await historyAbout(browser, reference))[0]!;
  };
  /** What a node looks after once a minute, in `days` from now. */
  const lookIn = (days: number): (() => Promise<number>) => {
    const { vault, dataDir } = suite.server;
    const now = (): number => Math.floor(Date.now() / 1000) + days * DAY;
    const grantList = createGrantList(vault);
    const config = configSchema.parse({
      issuer: suite.server.issuer,
      store: { dataDir },
      secrets: { store: STORE_SECRET, cookies: ['test-cookie-key-0123456789-abcdefghijklmnop'] },
      fhirServers: [{ id: 'main', url: 'http://localhost:3999/fhir' }],
    });
    const audit = { record: async () => undefined, close: async () => undefined };
    const { records } = composeRecords({ config, vault, clock: now, audit, log: { error: () => undefined } });
    return createExpiry({
      due: createDueList(dataDir),
      latestWith: (accountId, text) => archive().latestWith(accountId, text),
      livesUntil: async (accountId, reference) => {
        const grants = await grantList({ accountId });
        return grants.find((grant) => grant.reference === reference && grant.expiresAt > now())?.expiresAt;
      },
      ...{ first: createFirst(vault), keep: (decision) => records.keep(decision), now },
    });
  };

  test('[SEC-9] [CONS-16] access whose time is over is recorded once, by whichever node, and shown', async () => {
    const { browser, reference } = await allow({ duration: '30-days' });
    expect(await lookIn(29)()).toBe(0);
    const looks = await Promise.all([lookIn(31)(), lookIn(31)(), lookIn(31)()]);
    expect(looks.reduce((sum, one) => sum + one)).toBeGreaterThan(0);
    expect(await lookIn(32)()).toBe(0);
    const [expired, granted, ...more] = await historyAbout(browser, reference);
    expect(more).toEqual([]);
    expect([expired?.kind, expired?.why, granted?.kind]).toEqual(['expired', 'expiry', 'granted']);
    expect(expired).toMatchObject({ clientName: 'Public App', patient: 'Amy Shaw', kept: [] });
    const records = await recordsOf(browser);
    const { consent, provenance } = records.findLast(
      ({ consent: { identifier } }) => identifier[0]?.value === reference,
    )!;
    expect(consent.status).toBe('inactive');
    expect(provenance).toMatchObject({
      agent: [{ who: { type: 'Device' }, onBehalfOf: { type: 'Organization' } }, {}, {}],
    });
    const page = await (await browser.get(`${suite.server.issuer}/apps/history`)).text();
    expect(page).toContain('Access of <bdi>Public App</bdi> ran out');
    expect(page).toContain('Its time was over');
  });

  test('[SEC-9] what is used lives on, and is looked after again; what was stopped does not run out as well', async () => {
    const [used, stopped] = [await allow(), await allow({ username: 'ben' })];
    const html = await (await stopped.browser.get(`${suite.server.issuer}/apps`)).text();
    await stopped.browser.post(`${suite.server.issuer}/apps`, { ...formFields(html), stop: 'all' });
    // A hundred days without a refresh are not over yet.
    await lookIn(99)();
    expect(await historyAbout(used.browser, used.reference)).toHaveLength(1);
    await lookIn(101)();
    const kinds = async ({ browser, reference }: typeof used) =>
      (await historyAbout(browser, reference)).map(({ kind }) => kind);
    expect(await kinds(used)).toEqual(['expired', 'granted']);
    expect(await kinds(stopped)).toEqual(['stopped', 'granted']);
  });

  test('[SEC-9] a refresh token that comes a second time ends the grant, and the record says so', async () => {
    const { browser, reference, refresh_token: token } = await allow();
    expect((await refresh(suite.server.issuer, token)).status).toBe(200);
    expect((await refresh(suite.server.issuer, token)).body.error).toBe('invalid_grant');
    expect(await untilEnded(browser, reference)).toMatchObject({ kind: 'stopped', why: 'token-reuse' });
    await refresh(suite.server.issuer, token);
    expect(await historyAbout(browser, reference)).toHaveLength(2);
    const page = await (await browser.get(`${suite.server.issuer}/apps/history`)).text();
    expect(page).toContain('an old key of the app was used again');
  });

  test('[SEC-9] so does a code that comes a second time', async () => {
    const { browser, reference, code } = await allow();
    expect((await redeem(suite.server.issuer, code)).body.error).toBe('invalid_grant');
    expect(await untilEnded(browser, reference)).toMatchObject({ kind: 'stopped', why: 'token-reuse' });
  });

  test('[SEC-9] [REV-03] an app that gives its access back leaves a record', async () => {
    const { browser, reference, refresh_token: token } = await allow();
    const answer = await postForm(`${suite.server.issuer}/revoke`, { token, client_id: 'public-app' });
    expect(answer.status).toBe(200);
    expect(await untilEnded(browser, reference)).toMatchObject({
      ...{ kind: 'stopped', why: 'given-back', refused: expect.arrayContaining(['offline_access']) },
    });
  });

  test('[SEC-9] access for the time of a session ends with it, recorded as its person’s own doing', async () => {
    const scope = 'launch/patient online_access patient/Patient.rs';
    const { browser, reference } = await allow({ scope, username: 'ben' });
    const page = `${suite.server.issuer}/account`;
    const { _csrf: [csrf = ''] = [], step: [step = ''] = [] } = formFields(
      await (await browser.get(page)).text(),
    );
    await browser.post(page, { _csrf: csrf, step, everywhere: 'yes' });
    const again = new CookieBrowser();
    await authorize(suite.server.issuer, { browser: again, username: 'ben', scope: LASTING });
    expect(await untilEnded(again, reference)).toMatchObject({ kind: 'stopped', why: 'signed-out' });
  });
});
