import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { createAccount } from '../../../src/identity/index.ts';
import { createAccountStore } from '../../../src/store/index.ts';
import { CookieBrowser, formFields } from '../../support/browser.ts';
import { PUBLIC_APP, RESOURCE_SERVER, RS_SECRET, SECRET, SECRET_APP, basic } from '../../support/clients.ts';
import { fhirServerFor, type TestFhirServer } from '../../support/fhir-server.ts';
import {
  authorize,
  openScreen,
  postForm,
  redeem,
  refresh,
  textOf,
  type FlowOptions,
  type TokenAnswer,
} from '../../support/flow.ts';
import { DRIVERS, PASSWORD } from '../../support/gatehouse.ts';
import { gatehouseOn } from '../../support/suite.ts';

const SCOPE = 'launch/patient offline_access patient/Patient.rs patient/Condition.rs';
const OWN_APP = { ...SECRET_APP, client_id: 'own-app', consent: 'skip' as const };
const MIND = '__sensitive/mental-health';
const DEPRESSION = 'amy-shaw-condition-5';

interface Consent {
  readonly resourceType: string;
  readonly dateTime: string;
  readonly provision: { readonly provision: unknown };
}

describe.each(DRIVERS)('sensitive kinds of data, on %s', (driver) => {
  let fhir: TestFhirServer;
  const suite = gatehouseOn(driver, async (issuer) => {
    fhir = await fhirServerFor(issuer);
    return {
      clients: [PUBLIC_APP, RESOURCE_SERVER, OWN_APP],
      fhirServers: [
        { id: 'main', name: 'Test FHIR', url: fhir.base, sensitiveKinds: ['mental-health', 'hiv'] },
      ],
      limits: { failuresPerAddress: 0, authorizationsPerAddress: 0, tokensPerClient: 0 },
    };
  });
  beforeAll(async () => {
    await fhir.start();
    const amy = {
      username: 'amelia',
      name: 'Amy Shaw',
      role: 'patient',
      fhirUser: 'Patient/amy-shaw',
    } as const;
    await createAccountStore(suite.server.vault).add(await createAccount(amy, PASSWORD));
  });
  afterAll(() => fhir.stop());

  const asAmy = (more: FlowOptions = {}): FlowOptions => ({
    ...{ username: 'amelia', scope: SCOPE, params: { aud: fhir.base } },
    ...more,
  });
  const ticking = (...kinds: string[]): FlowOptions => asAmy({ consent: (scopes) => [...scopes, ...kinds] });
  const tokensFor = async (options: FlowOptions): Promise<TokenAnswer['body']> =>
    (await redeem(suite.server.issuer, await authorize(suite.server.issuer, options))).body;
  const introspect = async (token: string): Promise<Record<string, unknown>> =>
    (await postForm(`${suite.server.issuer}/introspect`, { token }, basic('fhir-server', RS_SECRET))).body;
  const get = async (token: string, path: string): Promise<Response> =>
    fetch(`${fhir.base}/${path}`, { headers: { authorization: `Bearer ${token}` } });
  const conditions = async (token: string): Promise<string[]> => {
    const { entry = [] } = (await (await get(token, 'Condition?patient=amy-shaw')).json()) as {
      entry?: { resource: { id: string } }[];
    };
    return entry.map(({ resource }) => resource.id);
  };

  test('[SEC-12] [CONS-12] each kind is a box that is not ticked, and whatever else is labelled is one more', async () => {
    const { html } = await openScreen(suite.server.issuer, 'consent', asAmy());
    const boxes = [...html.matchAll(/<input type="checkbox" name="scope" value="(__sensitive[^"]+)"[^>]*>/g)];
    expect(boxes.map(([, value]) => value)).toEqual([
      '__sensitive/mental-health',
      '__sensitive/hiv',
      '__sensitive/other',
    ]);
    expect(boxes.filter(([box]) => box.includes(' checked'))).toEqual([]);
    const text = textOf(html);
    for (const words of ['Extra private information', 'Mental health', 'Other notes marked as private'])
      expect(text).toContain(words);
  });

  test('[SEC-08] [SEC-12] [A200] what nobody ticked is held back, from searches and from reads', async () => {
    const { access_token: token, scope } = await tokensFor(asAmy());
    expect(scope).not.toContain('__sensitive');
    expect(await introspect(token)).toMatchObject({
      extensions: {
        ihe_pcf: {
          residual: [
            {
              type: 'forbid',
              securityLabel: expect.arrayContaining([
                { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'PSY' },
                { system: 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality', code: 'R' },
              ]),
            },
          ],
        },
      },
    });
    const seen = await conditions(token);
    expect(seen.length).toBeGreaterThan(3);
    expect(seen).not.toContain(DEPRESSION);
    expect((await get(token, `Condition/${DEPRESSION}`)).status).not.toBe(200);
    expect((await get(token, 'Condition/amy-shaw-condition-1')).status).toBe(200);
  });

  test('[SEC-12] what was ticked is seen; the app is told so by the scope, also after a refresh', async () => {
    const tokens = await tokensFor(ticking(MIND));
    expect(tokens.scope.split(' ')).toContain(MIND);
    expect(await conditions(tokens.access_token)).toContain(DEPRESSION);
    expect(JSON.stringify(await introspect(tokens.access_token))).not.toContain('PSY');
    const { body } = await refresh(suite.server.issuer, tokens.refresh_token);
    expect(await conditions(body.access_token)).toContain(DEPRESSION);
  });

  test('[SEC-12] another kind than the one that was ticked stays held back', async () => {
    const { access_token: token } = await tokensFor(ticking('__sensitive/hiv', '__sensitive/other'));
    expect(await conditions(token)).not.toContain(DEPRESSION);
  });

  test('[SEC-12] [A069] kinds that were not offered are not granted, whatever is posted or asked for', async () => {
    const { scope } = await tokensFor(ticking('__sensitive/genetics', '__sensitive/all'));
    expect(scope).not.toContain('__sensitive');
    const asked = await tokensFor(asAmy({ scope: `${SCOPE} ${MIND}` }));
    expect(asked.scope).not.toContain('__sensitive');
  });

  test('[SEC-12] an app that is not asked about gets none of it', async () => {
    const authorized = await authorize(suite.server.issuer, asAmy({ clientId: 'own-app' }));
    const { body } = await redeem(suite.server.issuer, authorized, {}, basic('own-app', SECRET));
    expect(body.scope).toContain('patient/Condition.rs');
    expect(await conditions(body.access_token)).not.toContain(DEPRESSION);
  });

  test('[SEC-12] for clinicians the rules of the FHIR server stand, and there is nothing to tick', async () => {
    const dora = asAmy({ username: 'dora', patient: 'amy-shaw' });
    const { html } = await openScreen(suite.server.issuer, 'consent', dora);
    expect(html).not.toContain('__sensitive');
    const { access_token: token } = await tokensFor(dora);
    expect(await introspect(token)).not.toHaveProperty('extensions');
    expect(await conditions(token)).toContain(DEPRESSION);
  });

  test('[SEC-12] [CONS-15] what was ticked is taken back on its own, and at once', async () => {
    const browser = new CookieBrowser();
    await tokensFor({ ...asAmy(), browser });
    // Of what was allowed in the same second any may stand first.
    const first = await (await browser.get(`${suite.server.issuer}/apps`)).text();
    await browser.post(`${suite.server.issuer}/apps`, { ...formFields(first), stop: ['all'] });
    const { access_token: token } = await tokensFor({ ...ticking(MIND), browser });
    const list = await (await browser.get(`${suite.server.issuer}/apps`)).text();
    const [, change = ''] = /href="(\/apps\/[^"]+)"[^>]*>\s*Change/.exec(list) ?? [];
    const page = `${suite.server.issuer}${change}`;
    const fields = formFields(await (await browser.get(page)).text());
    expect(fields['scope']).toContain(MIND);
    const left = fields['scope']!.filter((scope) => scope !== MIND);
    expect((await browser.post(page, { ...fields, scope: left })).status).toBe(303);
    expect(JSON.stringify(await introspect(token))).toContain('PSY');
    await new Promise((resolve) => setTimeout(resolve, 1100));
    expect(await conditions(token)).not.toContain(DEPRESSION);
  });

  test('[SEC-9] the record says which labels were refused', async () => {
    const browser = new CookieBrowser();
    await authorize(suite.server.issuer, { ...ticking(MIND), browser });
    const answer = await browser.get(`${suite.server.issuer}/apps/history/consents.json`);
    const { entry } = (await answer.json()) as { entry: { resource: Consent }[] };
    const newest = entry
      .map(({ resource }) => resource)
      .filter(({ resourceType }) => resourceType === 'Consent')
      .toSorted((one, other) => (one.dateTime < other.dateTime ? 1 : -1))[0];
    const denied = JSON.stringify(newest?.provision.provision);
    expect(denied).toContain('"code":"HIV"');
    expect(denied).not.toContain('"code":"PSY"');
  });
});
