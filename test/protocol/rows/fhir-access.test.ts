import { afterEach, describe, expect, jest, test } from '@jest/globals';

import { SHARED_TYPES, createIntrospector, decide, visibleTo } from '../../../src/resource-server/index.ts';
import { RS_SECRET } from '../../support/clients.ts';
import { backendToken } from '../../support/ehr.ts';
import { authorize, type FlowOptions } from '../../support/flow.ts';
import { OTHER_FHIR, wireSuite } from '../wire/wire-suite.ts';

const GROWTH = 'growth-chart-web';
const APP_ORIGIN = 'https://app.example';
const CATEGORY = 'http://terminology.hl7.org/CodeSystem/observation-category';

interface Searchset {
  readonly total: number;
  readonly entry?: readonly { readonly resource: { readonly id: string; readonly category: unknown } }[];
}

// What a token opens does not depend on the store.
describe('what tokens of each kind open at the FHIR server', () => {
  const suite = wireSuite();
  afterEach(() => void jest.restoreAllMocks());
  const capabilities = async (): Promise<readonly string[]> => {
    const response = await fetch(`${suite.fhir.base}/.well-known/smart-configuration`);
    return ((await response.json()) as { capabilities: readonly string[] }).capabilities;
  };
  const statuses = async (token: string, paths: readonly string[]): Promise<number[]> =>
    Promise.all(paths.map(async (path) => (await suite.read(path, token)).status));
  const clinician = async (context: Record<string, unknown>, scope: string) => {
    const launch = await suite.launch(GROWTH, context);
    return (await suite.token({ clientId: GROWTH, username: 'carla', scope, params: { launch } })).body;
  };

  test('[CAP-10] [CAP-11] [CTX-02] [G10-12] an EHR launch conveys patient and encounter, banner and style; both can be read', async () => {
    expect(await capabilities()).toEqual(
      expect.arrayContaining([
        'context-ehr-patient',
        'context-ehr-encounter',
        'context-banner',
        'context-style',
      ]),
    );
    const context = { patient: 'amy-shaw', encounter: 'amy-shaw-visit-3', need_patient_banner: true };
    const body = await clinician(context, 'launch openid fhirUser user/Patient.rs user/Encounter.rs');
    expect(body).toMatchObject({ ...context, smart_style_url: expect.stringMatching(/^http/) });
    for (const path of ['Patient/amy-shaw', 'Encounter/amy-shaw-visit-3']) {
      const resource = await suite.read(path, body.access_token);
      expect([resource.status, await resource.json()]).toMatchObject([200, { id: path.split('/')[1] }]);
    }
    // A launch without an encounter does not make one up.
    expect(await clinician({ patient: 'amy-shaw' }, 'launch user/Patient.rs')).not.toHaveProperty(
      'encounter',
    );
  });

  test('[CAP-24] [CAP-16] [CTX-01] an EHR launch of a patient: patient/ scopes reach that record and those types, and nothing else', async () => {
    expect(await capabilities()).toEqual(
      expect.arrayContaining(['launch-ehr', 'client-public', 'context-ehr-patient', 'permission-patient']),
    );
    const launch = await suite.launch('my-health-ios', { patient: 'chloe-shaw' });
    const scope = 'launch openid fhirUser patient/Patient.rs patient/Observation.rs';
    const { body } = await suite.token({ username: 'chloe', scope, params: { launch } });
    expect(body).toMatchObject({ patient: 'chloe-shaw' });
    expect(body.scope.split(' ').sort()).toEqual(scope.split(' ').sort());
    const paths = ['Patient/chloe-shaw', 'Observation?patient=chloe-shaw', 'Patient/amy-shaw', 'Condition'];
    expect(await statuses(body.access_token, paths)).toEqual([200, 200, 404, 403]);
    const other = await suite.read('Observation?patient=amy-shaw', body.access_token);
    expect(await other.json()).toMatchObject({ resourceType: 'Bundle', total: 0 });
  });

  test('[CAP-17] user/ scopes reach every patient, in the types that were granted', async () => {
    expect(await capabilities()).toContain('permission-user');
    const scope = 'openid fhirUser user/Patient.rs';
    const { body } = await suite.token({ clientId: GROWTH, username: 'carla', scope });
    const paths = ['Patient/amy-shaw', 'Patient/chloe-shaw', 'Observation?patient=amy-shaw'];
    expect(await statuses(body.access_token, paths)).toEqual([200, 200, 403]);
  });

  test('[CAP-19] [USC-15] a granular v2 scope shows what is in its category, with whatever other category it has', async () => {
    expect(await capabilities()).toContain('permission-v2');
    const scope = `launch user/Observation.rs?category=${CATEGORY}|vital-signs`;
    const { access_token: part } = await clinician({ patient: 'amy-shaw' }, scope);
    const { access_token: whole } = await clinician({ patient: 'amy-shaw' }, 'launch user/Observation.rs');
    const find = async (token: string): Promise<NonNullable<Searchset['entry']>> => {
      const response = await suite.read('Observation?patient=amy-shaw&_count=100', token);
      return ((await response.json()) as Searchset).entry ?? [];
    };
    const has = (code: string) => (one: NonNullable<Searchset['entry']>[number]) =>
      JSON.stringify(one.resource.category).includes(`"${code}"`);
    const [all, some] = [await find(whole), await find(part)];
    expect(some).toEqual(all.filter(has('vital-signs')));
    expect(some.filter(has('laboratory')).length).toBeGreaterThan(0);
    expect(some.length).toBeLessThan(all.length);
  });

  test.each<[string, FlowOptions, string]>([
    ['chloe', { scope: 'launch/patient openid fhirUser patient/Patient.rs' }, 'Patient/chloe-shaw'],
    [
      'carla',
      { clientId: GROWTH, scope: 'openid fhirUser user/Practitioner.rs' },
      'Practitioner/carla-reyes',
    ],
  ])(
    '[OIDC-09] fhirUser of %s is readable with the same token, from a browser too',
    async (username, options, path) => {
      const { body } = await suite.token({ username, ...options });
      const [, payload = ''] = String(body['id_token']).split('.');
      const { fhirUser } = JSON.parse(Buffer.from(payload, 'base64url').toString()) as { fhirUser: string };
      expect(fhirUser).toBe(`${suite.fhir.base}/${path}`);
      const headers = { authorization: `Bearer ${body.access_token}`, origin: APP_ORIGIN };
      const response = await fetch(fhirUser, { headers });
      expect([response.status, response.headers.get('access-control-allow-origin')]).toEqual([200, '*']);
      expect(await response.json()).toMatchObject({ id: path.split('/')[1] });
      expect((await fetch(fhirUser, { headers: { origin: APP_ORIGIN } })).status).toBe(401);
    },
  );

  test('[SEM-26] a backend service that asks for more than its scope is refused; for a type there is not, with the token request', async () => {
    const { issuer } = suite.server;
    const { body } = await backendToken(issuer, suite.analytics, 'system/Patient.rs');
    expect((await suite.read('Patient/amy-shaw', body.access_token)).status).toBe(200);
    for (const path of ['Observation?patient=amy-shaw', 'Observation/amy-shaw-obs-1']) {
      const response = await suite.read(path, body.access_token);
      expect([path, response.status, await response.json()]).toMatchObject([
        ...[path, 403],
        { resourceType: 'OperationOutcome', issue: [{ code: 'forbidden' }] },
      ]);
    }
    const unicorn = await backendToken(issuer, suite.analytics, 'system/Unicorn.rs');
    expect([unicorn.status, unicorn.body.error]).toEqual([400, 'invalid_scope']);
  });

  test('[V1-11] an app that only knows v1 reads every type the FHIR server has of a patient', async () => {
    const statement = (await (await fetch(`${suite.fhir.base}/metadata`)).json()) as {
      rest: [{ resource: { type: string }[] }];
    };
    // A Person names other people: it is in nobody's record, and no patient/ scope reaches it (SEM-06).
    const types = statement.rest[0].resource.map(({ type }) => type).filter((type) => type !== 'Person');
    expect(types.length).toBeGreaterThan(8);
    const asked = types.map((type) => `patient/${type}.read`);
    const scope = ['launch/patient', 'openid', 'fhirUser', 'offline_access', ...asked].join(' ');
    const { status, body } = await suite.token({ username: 'chloe', scope });
    expect([status, body.scope.split(' ').sort()]).toEqual([200, scope.split(' ').sort()]);
    for (const type of types) {
      const query = SHARED_TYPES.has(type) || type === 'Patient' ? '' : '?patient=chloe-shaw';
      const found = await suite.read(type + query, body.access_token);
      expect([type, found.status]).toEqual([type, 200]);
      expect(await found.json()).toMatchObject({ resourceType: 'Bundle', total: expect.any(Number) });
    }
    expect((await suite.read('Person', body.access_token)).status).toBe(403);
    const narrow = await suite.token({ username: 'chloe', scope: 'launch/patient patient/Patient.read' });
    expect(await statuses(narrow.body.access_token, ['Patient/chloe-shaw', 'Condition'])).toEqual([200, 403]);
  });

  test('[TOK-19] [SEM-01] the FHIR server serves an access token until it expires, and refuses it from then on', async () => {
    const { body } = await suite.token({ username: 'chloe', scope: 'launch/patient patient/Patient.rs' });
    const now = Date.now();
    const after = async (seconds: number): Promise<Response> => {
      jest.spyOn(Date, 'now').mockImplementation(() => now + seconds * 1000);
      return suite.read('Patient/chloe-shaw', body.access_token);
    };
    expect((await after(Number(body['expires_in']) - 5)).status).toBe(200);
    const late = await after(Number(body['expires_in']) + 1);
    expect([late.status, late.headers.get('www-authenticate')]).toEqual([
      401,
      expect.stringMatching(/^Bearer error="invalid_token", error_description="/),
    ]);
    expect(await late.json()).toMatchObject({ resourceType: 'OperationOutcome' });
  });

  test('[SEC-02] aud holds at both ends: only for our FHIR servers, and at the one it was asked for', async () => {
    const scope = 'launch/patient patient/Patient.rs';
    const here = await suite.token({ username: 'chloe', scope });
    const there = await suite.token({ username: 'chloe', scope, params: { aud: OTHER_FHIR } });
    expect([here.status, there.status]).toEqual([200, 200]);
    expect((await suite.read('Patient/chloe-shaw', here.body.access_token)).status).toBe(200);
    const refused = await suite.read('Patient/chloe-shaw', there.body.access_token);
    expect([refused.status, refused.headers.get('www-authenticate')]).toEqual([
      401,
      'Bearer error="invalid_token", error_description="the access token was issued for another FHIR server"',
    ]);
    const params = { aud: 'https://evil.example/fhir' };
    const { callback } = await authorize(suite.server.issuer, { clientId: 'my-health-ios', scope, params });
    expect(Object.fromEntries(callback.searchParams)).toMatchObject({
      error: 'invalid_request',
      error_description: expect.stringMatching(/^aud is not a FHIR server of this authorization server/),
    });
    expect(callback.searchParams.has('code')).toBe(false);
  });

  test('[SEM-19] for a write under a granular scope the kit wants both, the old and the new content, within it', async () => {
    const scope = `launch/patient patient/Observation.cud?category=${CATEGORY}|laboratory`;
    const { body } = await suite.token({ username: 'chloe', scope });
    const introspect = createIntrospector({
      ...{ endpoint: `${suite.server.issuer}/introspect`, clientId: 'fhir-server', clientSecret: RS_SECRET },
      fhirBaseUrl: suite.fhir.base,
    });
    const result = await introspect(body.access_token);
    if (result.kind !== 'active') throw new Error(`the token is ${result.kind}`);
    const decision = decide(result.token, { kind: 'update', resourceType: 'Observation', id: 'o1' });
    if (!decision.allowed) throw new Error(decision.description);
    const observation = (code: string, patient = 'chloe-shaw') => ({
      ...{ resourceType: 'Observation', id: 'o1', subject: { reference: `Patient/${patient}` } },
      category: [{ coding: [{ system: CATEGORY, code }] }],
    });
    const mayBecome = (old: object, next: object): boolean =>
      [old, next].every((one) => visibleTo(decision.filters, one as ReturnType<typeof observation>));
    const laboratory = observation('laboratory');
    expect(mayBecome(laboratory, { ...laboratory, status: 'amended' })).toBe(true);
    expect(mayBecome(laboratory, observation('survey'))).toBe(false);
    expect(mayBecome(observation('survey'), laboratory)).toBe(false);
    expect(mayBecome(laboratory, observation('laboratory', 'amy-shaw'))).toBe(false);
    expect(decide(result.token, { kind: 'read', resourceType: 'Observation', id: 'o1' }).allowed).toBe(false);
  });
});
