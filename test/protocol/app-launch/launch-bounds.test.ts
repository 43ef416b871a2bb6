import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { PUBLIC_APP, RESOURCE_SERVER, RS_SECRET, basic, type KeyedClient } from '../../support/clients.ts';
import { announce, backendToken, ehrClient, type LaunchAnswer } from '../../support/ehr.ts';
import { fhirServerFor, type TestFhirServer } from '../../support/fhir-server.ts';
import { authorize, openScreen, postForm, redeem, submit, textOf } from '../../support/flow.ts';
import { DRIVERS } from '../../support/gatehouse.ts';
import { gatehouseOn } from '../../support/suite.ts';

const SOUTH = 'http://localhost:3998/fhir';
const SCOPE = 'launch openid fhirUser user/Patient.rs';

describe.each(DRIVERS)('what a launch is bound to, on %s', (driver) => {
  let fhir: TestFhirServer;
  const ehrs = new Map<string, KeyedClient>();
  const suite = gatehouseOn(driver, async (issuer) => {
    fhir = await fhirServerFor(issuer);
    const bounds = {
      'ehr-any': {},
      'ehr-one': { tenants: ['clinic-a'] },
      'ehr-two': { tenants: ['clinic-a', 'clinic-b'] },
      'ehr-south': { fhir_servers: ['south'] },
    };
    const registrations = await Promise.all(
      Object.entries(bounds).map(async ([id, bound]) => {
        const ehr = await ehrClient(issuer, id);
        ehrs.set(id, ehr);
        return { ...ehr.registration, ...bound };
      }),
    );
    return {
      clients: [PUBLIC_APP, RESOURCE_SERVER, ...registrations],
      fhirServers: [
        { id: 'main', name: 'Test FHIR', url: fhir.base },
        { id: 'south', name: 'South', url: SOUTH },
      ],
    };
  });
  beforeAll(() => fhir.start());
  afterAll(() => fhir.stop());

  const launchBy = async (id: string, launch: Record<string, unknown>): Promise<LaunchAnswer> => {
    const { issuer } = suite.server;
    const ehr = ehrs.get(id)!;
    const { body } = await backendToken(issuer, ehr, `${issuer}/scopes/launch`);
    return announce(issuer, body.access_token, { iss: fhir.base, patient: 'ben-okafor', ...launch });
  };
  const flow = (launch: string) => ({
    username: 'dora',
    scope: SCOPE,
    params: { aud: fhir.base, launch },
  });

  test.each([
    ['one tenant, named', 'ehr-one', { tenant: 'clinic-a' }, 'clinic-a'],
    ['one tenant, not named', 'ehr-one', {}, 'clinic-a'],
    ['one of two', 'ehr-two', { tenant: 'clinic-b' }, 'clinic-b'],
    ['no bounds, named', 'ehr-any', { tenant: 'clinic-z' }, 'clinic-z'],
    ['no bounds, not named', 'ehr-any', {}, undefined],
  ] as const)(
    '[LCH-04] [CTX-09] [SEC-10] %s: the tenant stays with token and introspection',
    async (_what, ehr, more, tenant) => {
      const { issuer } = suite.server;
      const { body: made } = await launchBy(ehr, more);
      const { body } = await redeem(issuer, await authorize(issuer, flow(made.launch)));
      expect(body['tenant']).toBe(tenant);
      const rs = basic('fhir-server', RS_SECRET);
      const told = await postForm(`${issuer}/introspect`, { token: body.access_token }, rs);
      expect(told.body).toMatchObject({ active: true, patient: 'ben-okafor' });
      expect(told.body['tenant']).toBe(tenant);
    },
  );

  test.each([
    ['another tenant', 'ehr-one', { tenant: 'clinic-b' }, /^tenant: is not one this EHR may launch apps for/],
    ['no tenant of two', 'ehr-two', {}, /^tenant: is required of an EHR with several tenants/],
    [
      'another FHIR server',
      'ehr-south',
      {},
      /^iss: is not a FHIR server .* that the app and the EHR may use/,
    ],
  ])('[LCH-04] [SEC-10] an EHR cannot launch for %s', async (_what, ehr, more, description) => {
    const { status, body } = await launchBy(ehr, more);
    expect([status, body['error']]).toEqual([400, 'invalid_request']);
    expect(body.error_description).toMatch(description);
    expect(body).not.toHaveProperty('launch');
  });

  test('[LCH-04] the FHIR server an EHR is registered for is the one it launches for', async () => {
    const { body } = await launchBy('ehr-south', { iss: undefined });
    expect(body['iss']).toBe(SOUTH);
  });

  test('[LCH-06] [CONS-06] [CTX-01] nobody can share the record of a patient whom the FHIR server does not know', async () => {
    const { issuer } = suite.server;
    const { body: made } = await launchBy('ehr-any', { patient: 'nobody' });
    const login = await openScreen(issuer, 'login', flow(made.launch));
    const refused = await submit(issuer, login, { username: 'dora' });
    expect([refused.response.status, textOf(refused.html)]).toEqual([
      403,
      expect.stringMatching(/This record cannot be found/),
    ]);
    // Not by sending the form that was never shown, either.
    const skipped = await submit(issuer, {
      ...login,
      fields: { ...login.fields, step: ['consent'], scope: SCOPE.split(' ') },
    });
    expect([skipped.response.status, skipped.callback]).toEqual([403, undefined]);
    const back = await submit(issuer, { ...login, fields: { ...login.fields, cancel: ['yes'] } });
    expect(back.callback?.searchParams.get('error')).toBe('access_denied');
    expect(suite.server.audit).toContainEqual(
      expect.objectContaining({
        type: 'consent',
        outcome: 'refused',
        reason: 'unknown-patient',
        patient: 'nobody',
      }),
    );
  });

  test('[CTX-19] what an EHR adds of its own arrives beside the token, and at introspection', async () => {
    const { issuer } = suite.server;
    const own = { __appContext: '{"cardId":"c1"}', 'https://ehr.example/context/ward': { bed: 7 } };
    const { body: made } = await launchBy('ehr-any', own);
    const { body } = await redeem(issuer, await authorize(issuer, flow(made.launch)));
    expect(body).toMatchObject(own);
    const rs = basic('fhir-server', RS_SECRET);
    expect((await postForm(`${issuer}/introspect`, { token: body.access_token }, rs)).body).toMatchObject(
      own,
    );
  });

  test('[CTX-03] [CONS-01] who does not allow the launch scope shares nothing of what was open', async () => {
    const { issuer } = suite.server;
    const { body: made } = await launchBy('ehr-any', { encounter: 'e1', intent: 'x' });
    const consent = (scopes: readonly string[]) => scopes.filter((one) => one !== 'launch');
    const { body } = await redeem(issuer, await authorize(issuer, { ...flow(made.launch), consent }));
    expect(body.scope.split(' ')).not.toContain('launch');
    for (const member of ['patient', 'encounter', 'intent', 'need_patient_banner', 'smart_style_url'])
      expect(body).not.toHaveProperty(member);
  });

  test('[LCH-08] the context is that of launch time, whatever the EHR opens later', async () => {
    const { issuer } = suite.server;
    const first = (await launchBy('ehr-any', { patient: 'ben-okafor' })).body.launch;
    const screen = await openScreen(issuer, 'consent', flow(first));
    await launchBy('ehr-any', { patient: 'amy-shaw' });
    const { callback } = await submit(issuer, screen);
    const code = callback?.searchParams.get('code') ?? '';
    const { body } = await redeem(issuer, { code, verifier: screen.verifier });
    expect(body['patient']).toBe('ben-okafor');
  });

  test('[SCO-24] [AUTHZ-13] the launch scope in its URI form is the launch scope', async () => {
    const { issuer } = suite.server;
    const { body: made } = await launchBy('ehr-any', {});
    const scope = SCOPE.replace('launch', 'http://smarthealthit.org/fhir/scopes/launch');
    const { body } = await redeem(issuer, await authorize(issuer, { ...flow(made.launch), scope }));
    expect(body['patient']).toBe('ben-okafor');
    expect(new Set(body.scope.split(' '))).toEqual(new Set(SCOPE.split(' ')));
  });
});
