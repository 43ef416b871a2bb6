import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { entries, startFhir, type DemoFhir, type Resource } from './demo-server.ts';

const OBSERVATION = 'http://terminology.hl7.org/CodeSystem/observation-category';
const LABORATORY = `patient/Observation.rs?category=${OBSERVATION}|laboratory`;
const AMY = { patient: 'amy-shaw' };

let fhir: DemoFhir;
beforeAll(async () => {
  fhir = await startFhir();
});
beforeEach(() => {
  fhir.authServerStatus = 200;
});
afterAll(() => fhir.close());

async function expectOutcome(response: Response, status: number, code: string): Promise<void> {
  expect(response.status).toBe(status);
  expect(response.headers.get('content-type')).toBe('application/fhir+json');
  expect(response.headers.get('cache-control')).toBe('no-store');
  expect(response.headers.get('x-request-id')).toMatch(/^[\w-]+$/);
  expect(response.headers.get('access-control-allow-origin')).toBe('*');
  const body: unknown = await response.json();
  expect(body).toMatchObject({ resourceType: 'OperationOutcome', issue: [{ severity: 'error', code }] });
  expect(JSON.stringify(body)).not.toMatch(/\.ts|token-\d/);
}

const categoriesOf = ({ category }: Resource): string[] =>
  category.flatMap(({ coding }) => coding.map(({ code }) => code));

describe('who is asked in', () => {
  test('[SEM-03] no token: 401 and a challenge without error', async () => {
    const response = await fhir.ask('/Patient/amy-shaw');
    expect(response.headers.get('www-authenticate')).toBe('Bearer realm="fhir"');
    await expectOutcome(response, 401, 'login');
  });

  test('[SEM-03] a token in the query is no token', async () => {
    const token = fhir.token('patient/*.rs', AMY);
    await expectOutcome(await fhir.ask(`/Patient/amy-shaw?access_token=${token}`), 401, 'login');
  });

  test.each([
    ['SEM-01', 'unknown', undefined],
    ['SEM-01', 'expired', { exp: 1000 }],
    ['SEM-02', 'for another server', { aud: 'https://else.example/fhir' }],
  ])('[%s] a token that is %s: 401 invalid_token', async (_requirement, _what, more) => {
    const token = more ? fhir.token('patient/*.rs', { ...AMY, ...more }) : 'never-issued';
    const response = await fhir.ask('/Patient/amy-shaw', token);
    expect(response.headers.get('www-authenticate')).toMatch(
      /^Bearer error="invalid_token", error_description="/,
    );
    await expectOutcome(response, 401, 'login');
  });

  test.each([401, 500])('[SEM-01] the authorization server answers %d: 503, not 401', async (status) => {
    fhir.authServerStatus = status;
    const response = await fhir.ask('/Patient/amy-shaw', fhir.token('patient/*.rs', AMY));
    expect(response.headers.get('retry-after')).toBe('5');
    expect(response.headers.get('www-authenticate')).toBeNull();
    expect(fhir.logged.at(-2)?.detail).toBe(`introspection answered ${status}`);
    await expectOutcome(response, 503, 'transient');
  });

  test('[SEM-04] [SEM-23] outside the scope: 403, and which scope it takes', async () => {
    const response = await fhir.ask('/Condition?patient=amy-shaw', fhir.token(LABORATORY, AMY));
    expect(response.headers.get('www-authenticate')).toContain('error="insufficient_scope"');
    expect(response.headers.get('www-authenticate')).toContain('scope="patient/Condition.rs"');
    await expectOutcome(response, 403, 'forbidden');
  });
});

describe('what a patient/ scope shows', () => {
  test('[SEM-05] their own record; of another patient: 404, as if it were not there', async () => {
    const token = fhir.token('patient/*.rs', AMY);
    const own = await fhir.ask('/Patient/amy-shaw', token);
    expect(own.status).toBe(200);
    expect(own.headers.get('etag')).toBe('W/"1"');
    expect(await own.json()).toMatchObject({ resourceType: 'Patient', birthDate: '1984-05-17' });
    const other = await fhir.ask('/Patient/ben-okafor', token);
    const nobody = await fhir.ask('/Patient/no-such', token);
    expect(await other.clone().json()).toEqual(await nobody.clone().json());
    await expectOutcome(other, 404, 'not-found');
    await expectOutcome(await fhir.ask('/Observation/ben-okafor-obs-1', token), 404, 'not-found');
  });

  test.each(['/Patient', '/Patient?_id=amy-shaw,ben-okafor', '/Patient?name=shaw'])(
    '[SEM-22] %s finds only the patient in context',
    async (path) => {
      const found = await entries(await fhir.ask(path, fhir.token('patient/Patient.s', AMY)));
      expect(found.map(({ id }) => id)).toEqual(['amy-shaw']);
    },
  );

  test('[SEM-05] another patient’s results are not found', async () => {
    const token = fhir.token('patient/*.rs', AMY);
    expect(await entries(await fhir.ask('/Observation?patient=ben-okafor', token))).toEqual([]);
  });

  test('[SEM-05] without a patient in context nothing is allowed', async () => {
    await expectOutcome(await fhir.ask('/Patient', fhir.token('patient/*.rs')), 403, 'forbidden');
  });

  test('[SEM-06] practitioners, organizations and locations are readable under patient/', async () => {
    const token = fhir.token('patient/*.rs', AMY);
    for (const path of [
      '/Practitioner/carla-reyes',
      '/Organization/gatehouse-general',
      '/Location/outpatients',
    ]) {
      expect((await fhir.ask(path, token)).status).toBe(200);
    }
    const narrow = fhir.token('patient/Patient.rs', AMY);
    await expectOutcome(await fhir.ask('/Practitioner/carla-reyes', narrow), 403, 'forbidden');
  });

  test('[SEM-07] [SEM-08] user/ and system/ reach everybody', async () => {
    for (const level of ['user', 'system']) {
      const found = await entries(
        await fhir.ask('/Patient?_sort=name', fhir.token(`${level}/Patient.rs`, AMY)),
      );
      expect(found).toHaveLength(12);
    }
  });

  test('[SEM-09] [SEM-07] what the person may not see stays hidden, whatever the scope permits', async () => {
    const own = fhir.token('user/*.cruds', { fhirUser: `${fhir.base}/Patient/amy-shaw` });
    const everybody = fhir.token('user/*.cruds', { fhirUser: `${fhir.base}/Practitioner/carla-reyes` });
    const seen = await entries(await fhir.ask('/Goal?_count=100', own));
    expect(seen.map(({ id }) => id)).toEqual(['amy-shaw-goal-1']);
    expect(await entries(await fhir.ask('/Goal?_count=100', everybody))).toHaveLength(12);
    await expectOutcome(await fhir.ask('/Goal/ben-okafor-goal-1', own), 404, 'not-found');
    // A write that the scope permits is refused by the server itself.
    await expectOutcome(await fhir.ask('/Goal/x', own, { method: 'PUT' }), 405, 'not-supported');
  });

  test('[SEM-12] r alone reads, s alone searches', async () => {
    const reader = fhir.token('patient/Patient.r', AMY);
    const searcher = fhir.token('patient/Patient.s', AMY);
    expect((await fhir.ask('/Patient/amy-shaw', reader)).status).toBe(200);
    expect((await fhir.ask('/Patient', reader)).status).toBe(403);
    expect((await fhir.ask('/Patient/amy-shaw', searcher)).status).toBe(403);
    expect((await fhir.ask('/Patient', searcher)).status).toBe(200);
  });
});

describe('granular scopes', () => {
  const all = '/Observation?patient=amy-shaw&_count=100';

  test('[SEM-16] [SEM-18] a search shows exactly the matching part', async () => {
    const wide = await entries(await fhir.ask(all, fhir.token('patient/Observation.rs', AMY)));
    const granular = await entries(await fhir.ask(all, fhir.token(LABORATORY, AMY)));
    const expected = wide.filter((resource) => categoriesOf(resource).includes('laboratory'));
    expect(granular).toEqual(expected);
    expect(granular.length).toBeGreaterThan(5);
    expect(granular.length).toBeLessThan(wide.length);
  });

  test('[SEM-17] a category outside the scope finds only what is also inside', async () => {
    const token = fhir.token(LABORATORY, AMY);
    const vital = await entries(await fhir.ask(`${all}&category=vital-signs`, token));
    expect(vital.map(categoriesOf)).toEqual([['vital-signs', 'laboratory']]);
    expect(await entries(await fhir.ask(`${all}&category=survey`, token))).toEqual([]);
  });

  test('[SEM-15] reading what does not match: 404; what matches: 200', async () => {
    const wide = await entries(await fhir.ask(all, fhir.token('patient/Observation.rs', AMY)));
    const token = fhir.token(LABORATORY, AMY);
    for (const resource of wide) {
      const { status } = await fhir.ask(`/Observation/${resource.id}`, token);
      expect(status).toBe(categoriesOf(resource).includes('laboratory') ? 200 : 404);
    }
  });

  test('[SEM-20] a version is judged like the resource: one outside the scope is not there', async () => {
    const wide = await entries(await fhir.ask(all, fhir.token('patient/Observation.rs', AMY)));
    const token = fhir.token(LABORATORY, AMY);
    for (const resource of wide) {
      const { status } = await fhir.ask(`/Observation/${resource.id}/_history/1`, token);
      expect(status).toBe(categoriesOf(resource).includes('laboratory') ? 200 : 404);
    }
    const lab = wide.find((resource) => categoriesOf(resource).includes('laboratory'));
    const version = await fhir.ask(`/Observation/${lab?.id}/_history/1`, token);
    expect([version.headers.get('etag'), await version.json()]).toEqual(['W/"1"', lab]);
    await expectOutcome(await fhir.ask(`/Observation/${lab?.id}/_history/2`, token), 404, 'not-found');
    const searcher = fhir.token('patient/Observation.s', AMY);
    await expectOutcome(await fhir.ask(`/Observation/${lab?.id}/_history/1`, searcher), 403, 'forbidden');
  });

  test('[SEM-14] a constraint nobody understands shows nothing', async () => {
    const token = fhir.token('patient/Observation.rs?value-quantity=5', AMY);
    expect(await entries(await fhir.ask(all, token))).toEqual([]);
  });

  test('[SEM-10] two granular scopes add up', async () => {
    const token = fhir.token(`${LABORATORY} patient/Observation.rs?category=${OBSERVATION}|survey`, AMY);
    const found = await entries(await fhir.ask(all, token));
    const seen = new Set(found.flatMap(categoriesOf));
    expect(seen).toEqual(new Set(['laboratory', 'vital-signs', 'survey', 'sdoh', 'social-history']));
    expect(
      found.every((one) => categoriesOf(one).some((code) => ['laboratory', 'survey'].includes(code))),
    ).toBe(true);
  });
});

describe('what this server does not do', () => {
  test.each([
    ['SEM-13', 'POST', '/Observation', 405, 'not-supported'],
    ['SEM-13', 'PUT', '/Observation/x', 405, 'not-supported'],
    ['SEM-13', 'DELETE', '/Observation/x', 405, 'not-supported'],
    ['SEM-20', 'GET', '/Patient/amy-shaw/_history', 404, 'not-supported'],
    ['SEM-24', 'GET', '/Patient/amy-shaw/$everything', 404, 'not-supported'],
    ['SEM-01', 'GET', '/Claim', 404, 'not-supported'],
    ['SEM-01', 'GET', '/Nothing', 404, 'not-supported'],
    ['SEM-01', 'GET', '/Patient/%E0%A4%A', 404, 'not-supported'],
  ])('[%s] %s %s: %d', async (_requirement, method, path, status, code) => {
    await expectOutcome(await fhir.ask(path, fhir.token('system/*.cruds'), { method }), status, code);
  });

  test.each(['patient/Observation.cud', 'patient/Observation.write', 'patient/*.write'])(
    '[SEM-13] writing rights do not allow reading: %s',
    async (scope) => {
      const token = fhir.token(scope, AMY);
      for (const path of ['/Observation/amy-shaw-obs-1', '/Observation?patient=amy-shaw'])
        await expectOutcome(await fhir.ask(path, token), 403, 'forbidden');
    },
  );

  test('[SEM-13] reading rights do not allow writing: 403 before 405', async () => {
    const response = await fhir.ask('/Observation', fhir.token('patient/*.rs', AMY), { method: 'POST' });
    await expectOutcome(response, 403, 'forbidden');
  });

  test('[SEM-01] outside the FHIR base there is nothing', async () => {
    await expectOutcome(await fhir.ask(`${fhir.base}-else/Patient/amy-shaw`), 404, 'not-found');
  });
});
