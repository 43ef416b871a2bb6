import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';

import { DEMO_RESOURCES, type DemoResource } from '../../../src/demo/index.ts';
import { createAccount, type NewAccount } from '../../../src/identity/index.ts';
import { createAccountStore } from '../../../src/store/index.ts';
import { CookieBrowser, formFields } from '../../support/browser.ts';
import { PUBLIC_APP, RESOURCE_SERVER, RS_SECRET, basic, type KeyedClient } from '../../support/clients.ts';
import { announce, backendToken, ehrClient } from '../../support/ehr.ts';
import { fhirServerFor, type TestFhirServer } from '../../support/fhir-server.ts';
import {
  authorize,
  authorizeUrl,
  openScreen,
  pkce,
  postForm,
  redeem,
  refresh,
  submit,
  textOf,
  type FlowOptions,
  type Screen,
  type TokenAnswer,
} from '../../support/flow.ts';
import { DRIVERS, PASSWORD } from '../../support/gatehouse.ts';
import { gatehouseOn } from '../../support/suite.ts';

const SCOPE = 'openid fhirUser launch/patient offline_access patient/Patient.rs patient/Condition.rs';
const DAY_MS = 24 * 3600 * 1000;

const EVE: NewAccount = {
  username: 'eve',
  name: 'Eve Shaw',
  role: 'representative',
  fhirUser: 'RelatedPerson/chloe-mother',
};
const GRACE: NewAccount = { ...EVE, username: 'grace', name: 'Grace Shaw', fhirUser: 'Person/grace-shaw' };
const NOBODY: NewAccount = { ...EVE, username: 'rob', name: 'Rob', fhirUser: 'RelatedPerson/gone' };
const AMY: NewAccount = {
  username: 'amelia',
  name: 'Amy Shaw',
  role: 'patient',
  fhirUser: 'Patient/amy-shaw',
};
const CHLOE: NewAccount = { ...AMY, username: 'chloe', name: 'Chloé Shaw', fhirUser: 'Patient/chloe-shaw' };
const PEOPLE = [EVE, GRACE, NOBODY, AMY, CHLOE];

type RelatedPerson = Extract<DemoResource, { readonly resourceType: 'RelatedPerson' }>;
const byId = (id: string): DemoResource => DEMO_RESOURCES.find((one) => one.id === id)!;
const MOTHER: RelatedPerson = { ...(byId('chloe-shaw-mother') as RelatedPerson), id: 'chloe-mother' };
const AMY_AS_PERSON: DemoResource = {
  ...(byId('grace-shaw') as Extract<DemoResource, { readonly resourceType: 'Person' }>),
  id: 'amy-as-person',
  link: ['Patient/amy-shaw', 'RelatedPerson/amy-as-mother'].map((reference) => ({
    target: { reference },
    assurance: 'level4',
  })),
};

describe.each(DRIVERS)('people who act for a patient, on %s', (driver) => {
  let fhir: TestFhirServer;
  let ehr: KeyedClient;
  /** What the FHIR server says now. */
  const held: DemoResource[] = [];
  const say = (mother: Partial<RelatedPerson> = {}): void => {
    held.splice(0, held.length, ...DEMO_RESOURCES, { ...MOTHER, ...mother });
  };
  const suite = gatehouseOn(driver, async (issuer) => {
    fhir = await fhirServerFor(issuer, { resources: held });
    ehr = await ehrClient(issuer);
    return {
      clients: [PUBLIC_APP, RESOURCE_SERVER, ehr.registration],
      fhirServers: [{ id: 'main', name: 'Test FHIR', url: fhir.base, representatives: {} }],
      limits: { failuresPerAddress: 0, authorizationsPerAddress: 0, tokensPerClient: 0 },
    };
  });
  beforeAll(async () => {
    await fhir.start();
    const accounts = createAccountStore(suite.server.vault);
    for (const person of PEOPLE) await accounts.add(await createAccount(person, PASSWORD));
  });
  beforeEach(() => say());
  afterAll(() => fhir.stop());

  const as = (username: string, more: FlowOptions = {}): FlowOptions => ({
    ...{ username, scope: SCOPE, params: { aud: fhir.base } },
    ...more,
  });
  const issuerOf = (): string => suite.server.issuer;
  const tokensFor = async (options: FlowOptions): Promise<TokenAnswer['body']> =>
    (await redeem(issuerOf(), await authorize(issuerOf(), options))).body;
  const introspect = async (token: string): Promise<Record<string, unknown>> =>
    (await postForm(`${issuerOf()}/introspect`, { token }, basic('fhir-server', RS_SECRET))).body;
  const ask = async (token: string, path: string): Promise<Response> =>
    fetch(`${fhir.base}/${path}`, { headers: { authorization: `Bearer ${token}` } });
  const screenAt = (screen: Screen, html: string): Screen => ({ ...screen, html, fields: formFields(html) });
  const refusedPage = async (options: FlowOptions): Promise<{ status: number; text: string }> => {
    try {
      await authorize(issuerOf(), options);
    } catch (error) {
      const [, status = '', text = ''] = /answered (\d+): (.*)/s.exec((error as Error).message) ?? [];
      return { status: Number(status), text };
    }
    throw new Error('nothing was refused');
  };

  test('[A095] [CONS-04] a mother shares the record of her one child, and is told by which right', async () => {
    const consent = await openScreen(issuerOf(), 'consent', as('eve'));
    const text = textOf(consent.html);
    expect(text).toContain('Chloé Shaw');
    expect(text).toContain('You act as parent, until 8 March 2036');
    const { callback } = await submit(issuerOf(), consent);
    const code = callback!.searchParams.get('code')!;
    const { body } = await redeem(issuerOf(), { code, verifier: consent.verifier });
    expect(body).toMatchObject({ patient: 'chloe-shaw' });
    const claims = JSON.parse(Buffer.from(String(body['id_token']).split('.')[1]!, 'base64url').toString());
    expect(claims.fhirUser).toBe(`${fhir.base}/RelatedPerson/chloe-mother`);
    expect(await introspect(body.access_token)).toMatchObject({
      ...{ active: true, patient: 'chloe-shaw', fhirUser: claims.fhirUser },
      related_person: `${fhir.base}/RelatedPerson/chloe-mother`,
    });
    expect((await ask(body.access_token, 'Patient/chloe-shaw')).status).toBe(200);
    expect((await ask(body.access_token, 'Patient/amy-shaw')).status).not.toBe(200);
    expect(suite.server.audit).toContainEqual(
      expect.objectContaining({
        ...{ type: 'consent', outcome: 'success', patient: 'chloe-shaw' },
        ...{ actsAs: 'RelatedPerson/chloe-mother', legalBasis: 'parent' },
      }),
    );
    expect((await refresh(issuerOf(), body.refresh_token)).status).toBe(200);
  });

  test('[A095] [CONS-04] who acts for several chooses one of them, and gets no other whatever is posted', async () => {
    const picker = await openScreen(issuerOf(), 'patient', as('grace'));
    expect([...picker.html.matchAll(/name="patient" value="([^"]+)"/g)].map(([, id]) => id)).toEqual([
      'chloe-shaw',
      'hakan-bronte',
    ]);
    const text = textOf(picker.html);
    expect(text).toContain('Whose record is this for?');
    expect(text).toContain('You act with a health care power of attorney, until 31 December 2039');
    expect(picker.html).not.toContain('type="search"');
    for (const patient of ['amy-shaw', '', 'nobody', '../chloe-shaw']) {
      const { response, html } = await submit(issuerOf(), picker, { patient });
      expect(response.status).toBe(422);
      expect(html).toContain('name="patient" value="chloe-shaw"');
    }
    const { html } = await submit(issuerOf(), picker, { patient: 'hakan-bronte' });
    const { callback } = await submit(issuerOf(), screenAt(picker, html));
    const code = callback!.searchParams.get('code')!;
    const { body } = await redeem(issuerOf(), { code, verifier: picker.verifier });
    expect(body).toMatchObject({ patient: 'hakan-bronte' });
  });

  test('[A095] a patient who is a parent, too, chooses between both, and is who they are', async () => {
    held.push({ ...MOTHER, id: 'amy-as-mother' }, AMY_AS_PERSON);
    const picker = await openScreen(issuerOf(), 'patient', as('amelia'));
    expect(textOf(picker.html)).toMatch(/Your own record.*You act as parent/);
    const own = await tokensFor(as('amelia', { patient: 'amy-shaw' }));
    expect(own['patient']).toBe('amy-shaw');
    expect(await introspect(own.access_token)).not.toHaveProperty('related_person');
    const childs = await tokensFor(as('amelia', { patient: 'chloe-shaw' }));
    expect(await introspect(childs.access_token)).toMatchObject({
      ...{ patient: 'chloe-shaw', fhirUser: `${fhir.base}/Patient/amy-shaw` },
      related_person: `${fhir.base}/RelatedPerson/amy-as-mother`,
    });
  });

  test('[A095] a patient whom nobody links to anybody is not asked', async () => {
    const consent = await openScreen(issuerOf(), 'consent', as('amelia'));
    expect(textOf(consent.html)).not.toContain('You act');
    expect((await tokensFor(as('amelia')))['patient']).toBe('amy-shaw');
  });

  test.each<[string, string, Partial<RelatedPerson>]>([
    ['there is no such RelatedPerson', 'rob', {}],
    ['it is not active any more', 'eve', { active: false }],
    ['its time is over', 'eve', { period: { end: '2025-12-31' } }],
    ['its time has not come', 'eve', { period: { start: '2099-01-01' } }],
    ['it is a friend', 'eve', { relationship: [] }],
    [
      'its patient is elsewhere',
      'eve',
      { patient: { reference: 'https://other.example/fhir/Patient/chloe-shaw' } },
    ],
  ])('[A095] [audited] nobody acts for a patient when %s', async (_why, username, mother) => {
    say(mother);
    const { status, text } = await refusedPage(as(username));
    expect(status).toBe(403);
    expect(text).toContain('There is no record you may share');
    expect(suite.server.audit.at(-1)).toMatchObject({
      ...{ type: 'consent', outcome: 'refused', reason: 'acts-for-nobody' },
    });
  });

  test('[A095] the right that ends while the page is open is not used', async () => {
    const consent = await openScreen(issuerOf(), 'consent', as('eve'));
    say({ active: false });
    const { callback, response, html } = await submit(issuerOf(), consent);
    expect(callback).toBeUndefined();
    expect([response.status, textOf(html)]).toEqual([
      403,
      expect.stringContaining('no record you may share'),
    ]);
  });

  test('[A095] what was granted ends at the next refresh when the right has ended', async () => {
    const browser = new CookieBrowser();
    const tokens = await tokensFor(as('eve', { browser }));
    say({ active: false });
    const refused = await refresh(issuerOf(), tokens.refresh_token);
    expect([refused.status, refused.body.error]).toEqual([400, 'invalid_grant']);
    expect(refused.body['error_description']).toMatch(/^the person may no longer act for this patient/);
    expect(await introspect(tokens.access_token)).toEqual({ active: false });
    expect(suite.server.audit).toContainEqual(
      expect.objectContaining({ type: 'token.revoked', what: 'grant', reason: 'acts-for-nobody' }),
    );
    // The end waits for no record of it.
    let history = '';
    for (let look = 0; look < 40 && !history.includes('any more'); look += 1) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      history = textOf(await (await browser.get(`${issuerOf()}/apps/history`)).text());
    }
    expect(history).toContain('You may not act for this patient any more');
    say();
    expect((await refresh(issuerOf(), tokens.refresh_token)).body.error).toBe('invalid_grant');
  });

  test('[A095] a FHIR server that is away is neither yes nor no: the app tries again and loses nothing', async () => {
    const tokens = await tokensFor(as('eve'));
    await fhir.stop();
    const away = await refresh(issuerOf(), tokens.refresh_token);
    expect([away.status, away.body.error]).toEqual([503, 'temporarily_unavailable']);
    expect(away.headers.get('retry-after')).toBe('2');
    expect((await refusedPage(as('eve'))).status).toBe(503);
    // The own record needs nobody's word.
    expect((await tokensFor(as('amelia')))['patient']).toBe('amy-shaw');
    await fhir.start();
    expect((await refresh(issuerOf(), tokens.refresh_token)).status).toBe(200);
  });

  test('[A095] access never outlasts the right of who allowed it', async () => {
    const end = new Date(Date.now() + 10.5 * DAY_MS).toISOString();
    say({ period: { end } });
    const consent = await openScreen(issuerOf(), 'consent', as('eve'));
    expect([...consent.html.matchAll(/name="duration" value="([^"]+)"/g)].map(([, name]) => name)).toEqual([
      'once',
      'longest',
    ]);
    expect(textOf(consent.html)).toContain('10 days');
    say({ period: { end: new Date(Date.now() + 120_000).toISOString() } });
    const { body } = await redeem(issuerOf(), await authorize(issuerOf(), as('eve')));
    expect(Number(body['expires_in'])).toBeLessThanOrEqual(120);
    expect(Number(body['expires_in'])).toBeGreaterThan(90);
  });

  test('[A095] [LCH-07] a launch for somebody else’s record is refused, and one for the own child is not', async () => {
    const token = (await backendToken(issuerOf(), ehr, `${issuerOf()}/scopes/launch`)).body.access_token;
    const launched = async (patient: string): Promise<FlowOptions> => {
      const { body } = await announce(issuerOf(), token, { iss: fhir.base, patient });
      const params = { aud: fhir.base, launch: body.launch };
      return as('eve', { scope: 'launch patient/Patient.rs', params });
    };
    const { status, text } = await refusedPage(await launched('amy-shaw'));
    expect([status, text]).toEqual([403, expect.stringContaining('You cannot open this record here')]);
    expect((await tokensFor(await launched('chloe-shaw')))['patient']).toBe('chloe-shaw');
  });

  test('[SEC-9] [SEC-10] the record says who decided, for whom and by which right', async () => {
    const browser = new CookieBrowser();
    await authorize(issuerOf(), as('eve', { browser }));
    const pages = ['/apps', '/apps/history'].map(async (at) =>
      textOf(await (await browser.get(issuerOf() + at)).text()),
    );
    const [apps, history] = await Promise.all(pages);
    expect(apps).toContain('You allowed this for somebody you act for.');
    expect(history).toContain('You acted for this person');
    const list = await (await browser.get(`${issuerOf()}/apps`)).text();
    await browser.post(`${issuerOf()}/apps`, { ...formFields(list), stop: ['all'] });
    const stopped = textOf(await (await browser.get(`${issuerOf()}/apps/history`)).text());
    expect(stopped.match(/You acted for this person/g)?.length).toBeGreaterThan(1);
    const answer = await browser.get(`${issuerOf()}/apps/history/consents.json`);
    const { entry } = (await answer.json()) as { entry: { resource: Record<string, unknown> }[] };
    const newest = (type: string) =>
      entry.map(({ resource }) => resource).find((one) => one['resourceType'] === type);
    const who = { reference: `${fhir.base}/RelatedPerson/chloe-mother`, display: 'Eve Shaw' };
    const patient = { reference: `${fhir.base}/Patient/chloe-shaw` };
    expect(newest('Consent')).toMatchObject({ patient, performer: [who] });
    expect(newest('Provenance')).toMatchObject({
      reason: [{ coding: [{ code: 'FAMRQT' }] }],
      agent: expect.arrayContaining([
        expect.objectContaining({
          who: expect.objectContaining(who),
          onBehalfOf: expect.objectContaining(patient),
          role: [{ coding: [expect.objectContaining({ code: 'PRN' })] }],
        }),
      ]),
    });
  });

  /** Signs in at /apps. */
  const atApps = async (username: string): Promise<{ browser: CookieBrowser; html: string }> => {
    const browser = new CookieBrowser();
    const page = `${issuerOf()}/apps`;
    const door = await (await browser.get(page)).text();
    await browser.post(page, { ...formFields(door), username, password: PASSWORD });
    return { browser, html: await (await browser.get(page)).text() };
  };

  test('[A095] [CONS-04] a patient sees who allowed what about them, and can stop it', async () => {
    const mothers = new CookieBrowser();
    const tokens = await tokensFor(as('eve', { browser: mothers }));
    await tokensFor(as('grace', { patient: 'chloe-shaw' }));
    const { browser, html } = await atApps('chloe');
    const text = textOf(html);
    expect(text).toContain('Allowed by others for you');
    expect(text).toMatch(/Allowed by Eve Shaw/);
    expect(text).toMatch(/Allowed by Grace Shaw/);
    const form = /<article[^>]*>(?:(?!<\/article>).)*Eve Shaw.*?<\/article>/s.exec(html)![0];
    expect(form).not.toContain('/apps/');
    const ref = /name="stop" value="([^"]+)"/.exec(form)![1]!;
    const after = await browser.post(`${issuerOf()}/apps`, { ...formFields(html), stop: [ref] });
    expect(after.headers.get('location')).toContain('stopped');
    expect(await introspect(tokens.access_token)).toEqual({ active: false });
    expect((await refresh(issuerOf(), tokens.refresh_token)).body.error).toBe('invalid_grant');
    const left = textOf(await (await browser.get(`${issuerOf()}/apps`)).text());
    expect([left.includes('Eve Shaw'), left.includes('Grace Shaw')]).toEqual([false, true]);

    const hers = textOf(await (await mothers.get(`${issuerOf()}/apps/history`)).text());
    expect(hers).toContain('The patient stopped it');
    expect(suite.server.audit).toContainEqual(
      expect.objectContaining({
        type: 'token.revoked',
        what: 'grant',
        patient: 'chloe-shaw',
        outcome: 'success',
      }),
    );
  });

  test('[A095] nobody else sees or stops what was allowed about a patient', async () => {
    const tokens = await tokensFor(as('eve'));
    const { html: chloes } = await atApps('chloe');
    const [, ref = ''] = /Eve Shaw(?:(?!<\/article>).)*name="stop" value="([^"]+)"/s.exec(chloes)!;
    const { browser, html } = await atApps('amelia');
    expect(textOf(html)).not.toContain('Allowed by others');
    expect(html).not.toContain(ref);
    const form = { ...formFields(html), stop: [ref] };
    expect((await browser.post(`${issuerOf()}/apps`, form)).status).toBe(422);
    expect(await introspect(tokens.access_token)).toMatchObject({ active: true });
  });

  test('a link to a page of the search leads nowhere for who has a list', async () => {
    const { challenge } = pkce();
    const browser = new CookieBrowser();
    await authorize(issuerOf(), as('grace', { browser, patient: 'chloe-shaw' }));
    const first = await browser.get(authorizeUrl(issuerOf(), as('grace'), challenge));
    const page = await browser.get(new URL(`${first.headers.get('location')}?query=amy`, issuerOf()).href);
    expect(await page.text()).not.toContain('amy-shaw');
  });
});

describe('where nobody may act for others', () => {
  let fhir: TestFhirServer;
  const suite = gatehouseOn('embedded', async (issuer) => {
    fhir = await fhirServerFor(issuer, { resources: [...DEMO_RESOURCES, MOTHER] });
    return {
      clients: [PUBLIC_APP, RESOURCE_SERVER],
      fhirServers: [{ id: 'main', name: 'Test FHIR', url: fhir.base }],
    };
  });
  beforeAll(async () => {
    await fhir.start();
    await createAccountStore(suite.server.vault).add(await createAccount(EVE, PASSWORD));
  });
  afterAll(() => fhir.stop());

  test('[A095] a RelatedPerson alone opens no record', async () => {
    const options = { username: 'eve', scope: SCOPE, params: { aud: fhir.base } };
    await expect(authorize(suite.server.issuer, options)).rejects.toThrow(/403.*no record you may share/s);
  });
});
