import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { JWK } from 'jose';

import { inspect } from '../../../src/records/index.ts';
import { CookieBrowser, formFields } from '../../support/browser.ts';
import { PUBLIC_APP, RESOURCE_SERVER, RS_SECRET, basic } from '../../support/clients.ts';
import { forgetDecisions } from '../../support/forget-decisions.ts';
import {
  SCOPE,
  arrive,
  authorize,
  openScreen,
  postForm,
  redeem,
  submit,
  textOf,
  type Authorized,
  type FlowOptions,
} from '../../support/flow.ts';
import {
  DRIVERS,
  PASSWORD,
  startGatehouse,
  testStore,
  type TestServer,
  type TestStore,
} from '../../support/gatehouse.ts';

const LAB =
  'patient/Observation.rs?category=http://terminology.hl7.org/CodeSystem/observation-category|laboratory';

interface Resource {
  readonly resourceType: string;
  readonly status: string;
  readonly sourceAttachment: { readonly data: string; readonly language: string };
  readonly provision: {
    readonly type: string;
    readonly period: { readonly end?: string };
    readonly extension: { readonly valueUri: string }[];
    readonly provision?: { readonly extension: { readonly valueUri: string }[] }[];
  };
  readonly [member: string]: unknown;
}

describe.each(DRIVERS)('records of what people decide, on %s', (driver) => {
  let store: TestStore;
  let server: TestServer;
  let folder: string;
  beforeAll(async () => {
    store = await testStore(driver);
    const limits = { failuresPerAddress: 0, authorizationsPerAddress: 0, tokensPerClient: 0 };
    const changing = { ...PUBLIC_APP, client_id: 'changing-app', scope: 'launch/patient patient/Goal.cruds' };
    server = await startGatehouse(store, { clients: [PUBLIC_APP, RESOURCE_SERVER, changing], limits });
    folder = path.join(server.dataDir, 'records');
  });
  afterAll(async () => {
    await server.close();
    await store.dispose();
  });
  // Of those that were allowed in the same second any may be the newest.
  beforeEach(async () => {
    await rm(folder, { recursive: true, force: true });
    await forgetDecisions(server);
    const { browser } = await allow();
    await press(browser, `${server.issuer}/apps`, { stop: ['all'] });
    await rm(folder, { recursive: true });
    server.audit.splice(0);
  });

  const allow = async (options: FlowOptions = {}): Promise<{ browser: CookieBrowser; code: Authorized }> => {
    const browser = new CookieBrowser();
    return { browser, code: await authorize(server.issuer, { browser, ...options }) };
  };
  const download = async (browser: CookieBrowser): Promise<Response> =>
    browser.get(`${server.issuer}/apps/history/consents.json`);
  const consentsOf = async (browser: CookieBrowser): Promise<Resource[]> => {
    const { entry } = (await (await download(browser)).json()) as { entry: { resource: Resource }[] };
    return entry.map(({ resource }) => resource).filter(({ resourceType }) => resourceType === 'Consent');
  };
  const publicKeys = async (): Promise<JWK[]> => {
    const answer = await fetch(`${server.issuer}/.well-known/provenance-jwks.json`);
    return ((await answer.json()) as { keys: JWK[] }).keys;
  };
  const scopesOf = ({ provision }: Resource): string[] =>
    provision.extension.map(({ valueUri }) => valueUri.replace('http://smarthealthit.org/fhir/scopes/', ''));
  const deniedIn = ({ provision }: Resource): string[] => {
    const [denied] = provision.provision ?? [];
    return (denied?.extension ?? []).map(({ valueUri }) =>
      valueUri.replace('http://smarthealthit.org/fhir/scopes/', ''),
    );
  };
  const isActive = async (token: string): Promise<unknown> =>
    (await postForm(`${server.issuer}/introspect`, { token }, basic('fhir-server', RS_SECRET))).body[
      'active'
    ];

  /** Presses a button of the page where apps are stopped or changed. */
  async function press(
    browser: CookieBrowser,
    page: string,
    fields: Record<string, string[]>,
  ): Promise<Response> {
    const html = await (await browser.get(page)).text();
    const { scope: _ticked, ...hidden } = formFields(html);
    return browser.post(page, { ...hidden, ...fields });
  }
  const listed = async (browser: CookieBrowser): Promise<string> =>
    /name="stop" value="([^"]+)"/.exec(await (await browser.get(`${server.issuer}/apps`)).text())?.[1] ?? '';
  async function spoil(): Promise<void> {
    await rm(folder, { recursive: true, force: true });
    await writeFile(folder, 'not a folder');
  }

  test('[SEC-9] [SEC-10] [CONS-16] who allows an app leaves a signed record of exactly what was shown', async () => {
    const browser = new CookieBrowser();
    const screen = await openScreen(server.issuer, 'consent', { browser });
    const { callback } = await submit(server.issuer, screen);
    expect(callback?.searchParams.get('code')).toBeTruthy();
    const [consent, ...others] = await consentsOf(browser);
    expect(others).toEqual([]);
    expect(consent).toMatchObject({ status: 'active', performer: [{ display: 'Amy Shaw' }] });
    expect(scopesOf(consent!)).toEqual(expect.arrayContaining(['offline_access', 'patient/Observation.rs']));
    const text = Buffer.from(consent!.sourceAttachment.data, 'base64').toString();
    const bare = screen.html.replaceAll(/<input type="hidden" name="(_csrf|shown)"[^>]*>/g, '');
    const main = (page: string) => /<main[\s\S]*<\/main>/.exec(page)?.[0].replaceAll(/\s+/g, ' ');
    expect(main(text)).toContain('<h1>Allow');
    expect(main(text)).toBe(main(bare));
    expect(text).not.toContain('_csrf');
    const bundle = await (await download(browser)).text();
    expect((await inspect(bundle, await publicKeys())).map(({ problem }) => problem)).toEqual([undefined]);
  });

  test('[SEC-9] what was unticked is in the record as denied', async () => {
    const { browser } = await allow({
      consent: (scopes) => scopes.filter((scope) => scope !== 'offline_access'),
    });
    const [consent] = await consentsOf(browser);
    expect(scopesOf(consent!)).not.toContain('offline_access');
    expect(consent?.provision).toMatchObject({
      type: 'permit',
      period: { end: expect.any(String) },
      provision: [{ type: 'deny', extension: [{ valueUri: expect.stringMatching(/offline_access$/) }] }],
    });
  });

  test('[SEC-9] [CONS-14] a refusal is recorded, with the page it was made on', async () => {
    const browser = new CookieBrowser();
    const screen = await openScreen(server.issuer, 'consent', { browser });
    const { _csrf: [csrf = ''] = [], shown: [shown = ''] = [] } = screen.fields;
    const answer = await browser.post(screen.url, { _csrf: csrf, step: 'consent', shown, cancel: 'yes' });
    const { callback } = await arrive(server.issuer, browser, answer);
    expect(callback?.searchParams.get('error')).toBe('access_denied');
    const signedIn = (await allow()).browser;
    const [first] = await consentsOf(signedIn);
    expect(first).toMatchObject({ status: 'rejected', provision: { type: 'deny' } });
    expect(scopesOf(first!).toSorted()).toEqual(SCOPE.split(' ').toSorted());
    expect(Buffer.from(first!.sourceAttachment.data, 'base64').toString()).toContain('Public App');
  });

  test('[SEC-9] what is narrowed and what is stopped are versions of the same Consent', async () => {
    const { browser } = await allow();
    const ref = await listed(browser);
    const narrowed = await press(browser, `${server.issuer}/apps/${ref}`, { scope: ['patient/Patient.rs'] });
    expect(narrowed.headers.get('location')).toBe('/apps?changed');
    const stopped = await press(browser, `${server.issuer}/apps`, { stop: [ref] });
    expect(stopped.headers.get('location')).toBe('/apps?stopped');
    const [first, second, third, ...more] = await consentsOf(browser);
    expect(more).toEqual([]);
    expect([second?.['id'], third?.['id']]).toEqual([first?.['id'], first?.['id']]);
    expect([second?.status, third?.status]).toEqual(['active', 'inactive']);
    expect(scopesOf(second!)).not.toContain('patient/Observation.rs');
    const page = Buffer.from(second!.sourceAttachment.data, 'base64').toString();
    expect(page).toContain('Untick what it may no longer do');
    expect(page).not.toContain('_csrf');
    const bundle = await (await download(browser)).text();
    expect((await inspect(bundle, await publicKeys())).map(({ problem }) => problem)).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  test('[SEC-9] seeing that is kept is not refused, and access of an hour ends after an hour', async () => {
    const scope = 'launch/patient patient/Goal.cruds';
    const { browser } = await allow({ clientId: 'changing-app', scope });
    const page = `${server.issuer}/apps/${await listed(browser)}`;
    expect((await press(browser, page, { scope: ['patient/Goal.rs'] })).status).toBe(303);
    const both = await consentsOf(browser);
    const changed = both.find(({ provision }) => JSON.stringify(provision).includes('Goal.cud'));
    expect(scopesOf(changed!)).toContain('patient/Goal.rs');
    expect(deniedIn(changed!)).toEqual(['patient/Goal.cud']);
    for (const { provision } of both) {
      const end = Date.parse(provision.period.end ?? '');
      expect(end - Date.now()).toBeLessThan(2 * 3_600_000);
    }
  });

  test('[SEC-9] what is permitted in part is not denied as a whole', async () => {
    const { browser } = await allow({
      consent: (scopes) => [...scopes.filter((one) => one !== 'patient/Observation.rs'), LAB],
    });
    const [consent] = await consentsOf(browser);
    expect(scopesOf(consent!)).toContain(LAB);
    expect(deniedIn(consent!)).not.toContain('patient/Observation.rs');
  });

  test('[CONS-10] who ticks a whole and a part of it is asked which', async () => {
    const screen = await openScreen(server.issuer, 'consent');
    const { response, html, callback } = await submit(server.issuer, screen, {
      consent: (scopes) => [...scopes, LAB],
    });
    expect([callback, response.status]).toEqual([undefined, 422]);
    expect(textOf(html)).toContain('and also a part of it');
  });

  test('[SEC-9] a form over another text is not obeyed: the page is shown again', async () => {
    const browser = new CookieBrowser();
    const screen = await openScreen(server.issuer, 'consent', { browser });
    const { shown: _gone, ...without } = screen.fields;
    for (const fields of [without, { ...without, shown: ['x'] }]) {
      const answer = await browser.post(screen.url, fields);
      expect([answer.status, await answer.text()]).toEqual([
        422,
        expect.stringContaining('has changed meanwhile'),
      ]);
    }
    expect(await readdir(server.dataDir)).not.toContain('records');
  });

  test('[SEC-9] no record, no grant: the person reads why, and can press again', async () => {
    await spoil();
    const browser = new CookieBrowser();
    const screen = await openScreen(server.issuer, 'consent', { browser });
    const refused = await submit(server.issuer, screen);
    expect([refused.callback, refused.response.status]).toEqual([undefined, 503]);
    expect(refused.html).toContain('Your choice could not be recorded');
    expect(refused.html).toMatch(/class="reference">[a-z0-9]{4}(-[a-z0-9]{4}){2}</);
    expect(server.audit.at(-1)).toMatchObject({
      ...{ type: 'record.failed', outcome: 'failure', decision: 'granted', clientId: 'public-app' },
      reference: expect.any(String),
    });
    expect(server.audit.some(({ type }) => type === 'consent')).toBe(false);
    await rm(folder);
    const { callback } = await submit(server.issuer, screen);
    expect(callback?.searchParams.get('code')).toBeTruthy();
    expect(await consentsOf(browser)).toHaveLength(1);
  });

  test('[SEC-9] [REV-01] stopping and refusing go on without a record, and it is audited', async () => {
    const { browser, code } = await allow();
    const { body } = await redeem(server.issuer, code);
    const ref = await listed(browser);
    await spoil();
    const narrowed = await press(browser, `${server.issuer}/apps/${ref}`, { scope: ['patient/Patient.rs'] });
    expect(narrowed.headers.get('location')).toBe('/apps?changed');
    expect(server.audit.at(-2)).toMatchObject({ type: 'record.failed', decision: 'changed' });
    expect(await isActive(body.access_token)).toBe(true);
    const stopped = await press(browser, `${server.issuer}/apps`, { stop: [ref] });
    expect(stopped.headers.get('location')).toBe('/apps?stopped');
    expect(await isActive(body.access_token)).toBe(false);
    expect(server.audit.some((one) => one.type === 'record.failed' && one.decision === 'stopped')).toBe(true);
  });

  test('[CONS-16] people read what they decided, newest first, and nobody else does', async () => {
    const { browser } = await allow();
    await press(browser, `${server.issuer}/apps`, { stop: ['all'] });
    const html = await (await browser.get(`${server.issuer}/apps/history`)).text();
    expect(html.indexOf('Access of <bdi>Public App</bdi> was stopped')).toBeGreaterThan(0);
    expect(html.indexOf('Access of <bdi>Public App</bdi> was stopped')).toBeLessThan(
      html.indexOf('You allowed <bdi>'),
    );
    expect(await (await browser.get(`${server.issuer}/apps`)).text()).toContain('href="/apps/history"');

    const ben = new CookieBrowser();
    await authorize(server.issuer, { browser: ben, username: 'ben', password: PASSWORD });
    const text = await (await download(ben)).text();
    expect(text).toContain('Ben Ode');
    expect(text).not.toContain('Amy');
    const stranger = new CookieBrowser();
    for (const page of ['/apps/history', '/apps/history/consents.json']) {
      const answer = await stranger.get(server.issuer + page);
      expect([answer.status, answer.headers.get('location')]).toEqual([303, '/apps']);
    }
  });

  test('[CONS-16] the download is FHIR JSON, a file, and in no cache', async () => {
    const { headers } = await download((await allow()).browser);
    expect(headers.get('content-type')).toMatch(/^application\/fhir\+json/);
    expect(headers.get('content-disposition')).toBe('attachment; filename="consents.json"');
    expect(headers.get('cache-control')).toBe('no-store');
  });

  test('twenty on a page, and the rest on the next', async () => {
    const { browser } = await allow();
    const [group = ''] = (await readdir(folder)).filter((name) => name !== 'keys.jsonl');
    const [name = ''] = await readdir(path.join(folder, group));
    const [month = ''] = await readdir(path.join(folder, group, name));
    const file = path.join(folder, group, name, month);
    const line = (await readFile(file, 'utf8')).trim();
    await writeFile(file, `${`${line}\n`.repeat(40)}${line.slice(0, 50)}\n${line}\n`);
    const entries = async (page: string): Promise<[number, string]> => {
      const html = await (await browser.get(`${server.issuer}/apps/history${page}`)).text();
      expect(html).toContain('Some entries could not be read');
      return [html.split('<article').length - 1, /pager-label[^>]*>([^<]*)</.exec(html)?.[1] ?? ''];
    };
    expect(await entries('')).toEqual([20, 'Page 1']);
    expect(await entries('?page=3')).toEqual([1, 'Page 3']);
    expect(await entries('?page=99')).toEqual([1, 'Page 3']);
    expect(await entries('?page=x')).toEqual([20, 'Page 1']);
  });

  test('[SEC-10] the keys are for everybody, also those that are only in the archive', async () => {
    await allow();
    const before = await publicKeys();
    expect(before).toHaveLength(2);
    for (const key of before)
      expect(Object.keys(key).toSorted()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']);
    const answer = await fetch(`${server.issuer}/.well-known/provenance-jwks.json`, {
      headers: { origin: 'https://a.example' },
    });
    expect(answer.headers.get('access-control-allow-origin')).toBe('*');
    const old = { ...before[0], kid: 'rec-of-long-ago' };
    await writeFile(path.join(folder, 'keys.jsonl'), `\n${JSON.stringify(old)}\n`, { flag: 'a' });
    expect((await publicKeys()).map(({ kid }) => kid)).toContain('rec-of-long-ago');
  });

  test('[SEC-10] after the store has gone, the archive verifies with its own keys', async () => {
    await allow();
    const aside = `${folder}-aside`;
    await rename(folder, aside);
    const lines = await readFile(path.join(aside, 'keys.jsonl'), 'utf8');
    const keys = lines
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as JWK);
    const files = (await readdir(aside, { recursive: true })).filter((name) => /\/.*jsonl$/.test(name));
    expect(files).toHaveLength(1);
    const text = await readFile(path.join(aside, files[0]!), 'utf8');
    expect((await inspect(text, keys)).map(({ problem }) => problem)).toEqual([undefined]);
    await rm(aside, { recursive: true });
  });
});
