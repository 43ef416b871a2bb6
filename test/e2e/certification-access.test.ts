import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import {
  ENDPOINTS,
  startCertification,
  type Certification,
  type Endpoint,
} from '../support/certification.ts';
import { basic } from '../support/clients.ts';
import { postForm, type TokenAnswer } from '../support/flow.ts';
import { KIT_ALGORITHMS } from '../support/kit-keys.ts';
import { APPS, TestKit, words, type FhirResource } from '../support/test-kit.ts';

const BASICS = 'launch/patient openid fhirUser offline_access';
const CATEGORIES = 'http://terminology.hl7.org/CodeSystem';
const US_CORE = 'http://hl7.org/fhir/us/core/CodeSystem';
const AMY = 'patient=amy-shaw';
/** How the kit finds out whether a type may be read, for US Core 3.1.1 to 7: the first search each profile requires. */
const ACCESS = [
  // type               first search                          held of Amy
  ['AllergyIntolerance', AMY, true],
  ['CarePlan', `${AMY}&category=assess-plan`, true],
  // The kit asks for the first status of FHIR's list, which is nobody's here.
  ['CareTeam', `${AMY}&status=proposed`, false],
  ['Condition', AMY, true],
  ['Coverage', AMY, true],
  ['Device', AMY, true],
  ['DiagnosticReport', `${AMY}&category=${encodeURIComponent(`${CATEGORIES}/v2-0074|LAB`)}`, true],
  ['DocumentReference', AMY, true],
  ['Encounter', AMY, true],
  ['FamilyMemberHistory', AMY, true],
  ['Goal', AMY, true],
  ['Immunization', AMY, true],
  // The kit has no value to search addresses by.
  ['Location', 'address=', true],
  ['MedicationDispense', AMY, true],
  ['MedicationRequest', `${AMY}&intent=order`, true],
  ['MedicationRequest', `${AMY}&intent=proposal`, false],
  ['Observation', `${AMY}&category=vital-signs`, true],
  ['Observation', `${AMY}&code=59408-5`, false],
  ['Organization', 'name=gatehouse', true],
  ['Patient', '_id=amy-shaw', true],
  ['Practitioner', 'name=lund', true],
  ['PractitionerRole', '', true],
  ['Procedure', AMY, false],
  ['Provenance', AMY, true],
  ['QuestionnaireResponse', AMY, true],
  ['RelatedPerson', AMY, true],
  ['ServiceRequest', AMY, true],
  ['Specimen', AMY, true],
] as const;
/** What a person must be able to allow one by one. */
const CHOICES = [
  ...['AllergyIntolerance', 'CarePlan', 'CareTeam', 'Condition', 'Coverage', 'Device', 'DiagnosticReport'],
  ...['DocumentReference', 'Encounter', 'Goal', 'Immunization', 'Location', 'Medication'],
  ...['MedicationDispense', 'MedicationRequest', 'Observation', 'Patient', 'Procedure', 'Provenance'],
  ...['RelatedPerson', 'ServiceRequest', 'Specimen'],
];

let run: Certification;
const kit = new TestKit(() => run);
beforeAll(async () => {
  run = await startCertification();
});
afterAll(async () => {
  expect(await run.stop()).toBe(0);
});

const statusOf = async (endpoint: Endpoint, path: string, token: string): Promise<number> =>
  (await kit.read(endpoint, path, token)).status;

/** What a search shows; there has to be something. */
async function found(endpoint: Endpoint, type: string, token: string): Promise<readonly FhirResource[]> {
  const { status, body } = await kit.read(endpoint, `${type}?patient=amy-shaw&_count=200`, token);
  expect([type, status, body.total]).toEqual([type, 200, expect.any(Number)]);
  expect(body.entry ?? []).not.toHaveLength(0);
  return (body.entry ?? []).map(({ resource }) => resource);
}

const codesOf = ({ category = [] }: FhirResource): string[] =>
  category.flatMap(({ coding }) => coding.map(({ code }) => code));

describe('what an app asks for and what a person allows', () => {
  test.each(ENDPOINTS)(
    '[V1-11] [V1-06] %s: v1 scopes only, and a search of each US Core type is answered',
    async (endpoint) => {
      const scope = `${BASICS} patient/*.read`;
      const { body } = (await kit.launch(endpoint, { app: 'symmetric', scope })).token;
      expect(body).toMatchObject({ patient: 'amy-shaw', id_token: expect.any(String) });
      expect(words(body.scope)).toEqual(words(scope));
      expect(await statusOf(endpoint, 'Patient/amy-shaw', body.access_token)).toBe(200);
      for (const [type, query, held] of ACCESS) {
        const { status, body: answer } = await kit.read(endpoint, `${type}?${query}`, body.access_token);
        const bundle = { resourceType: 'Bundle', type: 'searchset', total: expect.any(Number) };
        expect([type, query, status, answer]).toMatchObject([type, query, 200, bundle]);
        expect([type, query, Number(answer.total) > 0]).toEqual([type, query, held]);
      }
    },
  );

  test('[G10-07] each kind of scope that certification asks for is granted as it was asked', async () => {
    const category = `patient/Condition.rs?category=${CATEGORIES}/condition-category|problem-list-item`;
    const asPatient = `${BASICS} patient/Patient.read patient/Observation.rs ${category}`;
    const { body: patient } = (await kit.launch('stu2.2', { scope: asPatient })).token;
    expect(words(patient.scope)).toEqual(words(asPatient));
    const visit = { user: 'david', patient: 'amy-shaw', app: 'inferno-public' };
    const opened = await kit.press({ ...visit, endpoint: run.fhir('stu2.2') });
    const ofUser = category.replace('patient/', 'user/');
    const asClinician = `launch openid fhirUser offline_access user/Patient.read user/Observation.rs ${ofUser}`;
    const options = { username: 'david', scope: asClinician };
    const { body: clinician } = (await kit.follow('stu2.2', opened, options)).token;
    expect(words(clinician.scope)).toEqual(words(asClinician));
  });

  test.each(ENDPOINTS)(
    '[SEM-23] [CONS-09] [CONS-10] [CONS-13] [G10-08] %s: limited: what was unticked is refused',
    async (endpoint) => {
      const suffix = endpoint === 'stu1' ? 'read' : 'rs';
      const scopes = CHOICES.map((type) => `patient/${type}.${suffix}`);
      const kept = ['Patient', 'Condition', 'Observation'].map((type) => `patient/${type}.${suffix}`);
      let offered: readonly string[] = [];
      const launched = await kit.launch(endpoint, {
        app: 'symmetric',
        scope: `${BASICS} ${scopes.join(' ')}`,
        consent: (ticked) => {
          offered = ticked;
          return ticked.filter(
            (one) => one !== 'offline_access' && (!scopes.includes(one) || kept.includes(one)),
          );
        },
      });
      const { body } = launched.token;
      expect(offered).toEqual(expect.arrayContaining(scopes));
      expect(words(body.scope)).toEqual(['fhirUser', 'launch/patient', 'openid', ...kept].sort());
      expect(body).not.toHaveProperty('refresh_token');
      expect(await statusOf(endpoint, 'Patient/amy-shaw', body.access_token)).toBe(200);
      for (const [type, query] of ACCESS) {
        const status = await statusOf(endpoint, `${type}?${query}`, body.access_token);
        const mayBe = ['Patient', 'Condition', 'Observation'].includes(type);
        expect([type, query, status]).toEqual([type, query, mayBe ? 200 : 403]);
      }
    },
  );

  test.each(['stu2.2', 'stu2'] as const)(
    '[CONS-11] [G10-10] [SCO-13] [SEM-14] [SEM-15] [SEM-16] %s: laboratory instead of all observations',
    async (endpoint) => {
      const whole = 'patient/Observation.rs';
      const part = `${whole}?category=${CATEGORIES}/observation-category|laboratory`;
      const scope = `${BASICS} patient/Patient.rs ${whole}`;
      const { body: all } = (await kit.launch(endpoint, { scope })).token;
      const consent = (ticked: readonly string[]) => [...ticked.filter((one) => one !== whole), part];
      const { body: some } = (await kit.launch(endpoint, { scope, consent })).token;
      expect(words(some.scope)).toEqual(words(`${BASICS} patient/Patient.rs ${part}`));
      const everything = await found(endpoint, 'Observation', all.access_token);
      const isLaboratory = (one: FhirResource): boolean => codesOf(one).includes('laboratory');
      const laboratory = everything.filter(isLaboratory).map(({ id }) => id);
      const other = everything.find((one) => !isLaboratory(one));
      const shown = await found(endpoint, 'Observation', some.access_token);
      expect(shown.map(({ id }) => id).sort()).toEqual(laboratory.sort());
      expect(await statusOf(endpoint, `Observation/${laboratory[0]}`, some.access_token)).toBe(200);
      expect(await statusOf(endpoint, `Observation/${other?.id}`, some.access_token)).toBe(404);
    },
  );

  test.each([
    [
      `Condition ${CATEGORIES}/condition-category|encounter-diagnosis`,
      `Condition ${US_CORE}/condition-category|health-concern`,
      `Observation ${CATEGORIES}/observation-category|laboratory`,
      `Observation ${CATEGORIES}/observation-category|social-history`,
      `Observation ${CATEGORIES}/observation-category|procedure`,
    ],
    [
      `Condition ${CATEGORIES}/condition-category|problem-list-item`,
      `Observation ${CATEGORIES}/observation-category|vital-signs`,
      `Observation ${CATEGORIES}/observation-category|survey`,
      `Observation ${US_CORE}/us-core-category|sdoh`,
    ],
  ])('[G10-09] [SCO-11] the app itself asks for categories: %s and others', async (...asked) => {
    const scopes = asked.map((one) => `patient/${one.replace(' ', '.rs?category=')}`);
    // The boxes are as they were left by who shared one category alone.
    const consent = (ticked: readonly string[]) => [...new Set([...ticked, ...scopes])];
    const { body } = (await kit.launch('stu2', { scope: `${BASICS} ${scopes.join(' ')}`, consent })).token;
    expect(words(body.scope)).toEqual(words(`${BASICS} ${scopes.join(' ')}`));
    const codes = asked.map((one) => one.split('|')[1]);
    for (const type of ['Condition', 'Observation']) {
      const shown = await found('stu2', type, body.access_token);
      for (const one of shown) expect(codesOf(one).some((code) => codes.includes(code))).toBe(true);
    }
  });
});

describe('clients with a key', () => {
  test.each(KIT_ALGORITHMS)(
    '[CLI-16] [CLI-08] [G10-17] %s: an app, its key set fetched over TLS',
    async (alg) => {
      const before = run.keys.requests.length;
      const options = { app: 'asymmetric', alg, scope: `${BASICS} patient/Patient.rs` } as const;
      const { status, body } = (await kit.launch('stu2.2', options)).token;
      expect([status, body['patient']]).toEqual([200, 'amy-shaw']);
      const [fetched] = run.keys.requests.slice(before);
      expect(fetched).toMatchObject({ method: 'GET', accept: 'application/json', protocol: 'TLSv1.3' });
      expect(fetched?.url).toMatch(/\/\.well-known\/jwks\.json$/);
    },
  );

  test.each(KIT_ALGORITHMS)('[G10-25] [BSV-01] [BSV-07] [BSV-10] %s: a backend service', async (alg) => {
    for (const scope of ['system/*.rs', 'system/*.read', 'system/Patient.rs']) {
      const { status, body, headers } = await kit.backend({ scope }, alg);
      const usual = { access_token: expect.any(String), token_type: 'Bearer', expires_in: 300, scope };
      expect([status, body]).toEqual([200, usual]);
      expect(headers.get('cache-control')).toBe('no-store');
      expect(await statusOf('stu2.2', 'Patient?name=shaw', body.access_token)).toBe(200);
    }
    const bulk = await run.keys.assertion('inferno-bulk', `${run.issuer}/token`, alg);
    expect((await kit.backend({ client_assertion: bulk, scope: 'system/*.read' })).status).toBe(200);
    expect(run.keys.requests.at(-1)?.url).toBe('/custom/g10_certification/.well-known/jwks.json');
  });

  test('[G10-25] [CLI-07] [CLI-09] [CLI-10] an assertion that is not right gets no token', async () => {
    const sign = (claims: Record<string, unknown>) =>
      run.keys.assertion('inferno-backend', `${run.issuer}/token`, 'ES384', claims);
    const replayed = await sign({});
    expect((await kit.backend({ client_assertion: replayed })).status).toBe(200);
    const now = Math.floor(Date.now() / 1000);
    const bad: [what: string, assertion: string][] = [
      ['used before', replayed],
      ['iss', await sign({ iss: 'not_a_valid_iss' })],
      ['sub', await sign({ sub: 'another' })],
      ['aud', await sign({ aud: 'https://auth.example.org/token' })],
      ['expired', await sign({ exp: now - 60 })],
      ['too long', await sign({ exp: now + 3600 })],
      ['jti', await sign({ jti: undefined })],
      ['signature', `${(await sign({})).slice(0, -8)}AAAAAAAA`],
    ];
    for (const [what, assertion] of bad) {
      const { status, body } = await kit.backend({ client_assertion: assertion });
      expect([what, status, body.error]).toEqual([what, 401, 'invalid_client']);
    }
  });

  test('[BSV-04] [BSV-14] a request that is not right gets no token, and never more than registered', async () => {
    const refusal = ({ status, body }: TokenAnswer) => [status, body.error];
    for (const form of [
      { client_assertion_type: 'not_an_assertion_type' },
      { client_assertion: 'not-a-jwt' },
    ]) {
      const { status, body } = await kit.backend(form);
      expect([400, 401]).toContain(status);
      expect(body.error).toMatch(/^invalid_(client|request)$/);
    }
    const grant = await kit.backend({ grant_type: 'not_a_grant_type' });
    expect(refusal(grant)).toEqual([400, 'unsupported_grant_type']);
    expect(refusal(await kit.backend({ scope: 'system/*.cud' }))).toEqual([400, 'invalid_scope']);
    expect((await kit.backend({ scope: 'system/*.cruds' })).body.scope).toBe('system/*.rs');
  });

  test('[G10-25] [CLI-17] a key that is no longer published is no longer believed', async () => {
    run.keys.publish(['RS384'], 'no-store');
    const { status, body } = await kit.backend({}, 'ES384');
    expect([status, body.error]).toEqual([401, 'invalid_client']);
    expect((await kit.backend({}, 'RS384')).status).toBe(200);
    run.keys.publish(KIT_ALGORITHMS, 'no-store');
    expect((await kit.backend({}, 'ES384')).status).toBe(200);
  });
});

describe('what others learn of a token, and its end', () => {
  const ask = (token: string, headers: Record<string, string> = {}): Promise<TokenAnswer> => {
    const secret = run.secret('introspection_secret');
    const usual = { accept: 'application/json', ...basic('inferno-introspection', secret) };
    return postForm(`${run.issuer}/introspect`, { token }, { ...usual, ...headers });
  };

  test.each(APPS)(
    '[G10-24] [INT-03] [INT-05] [INT-11] introspection of a token of the %s app',
    async (app) => {
      const scope = `${BASICS} patient/Patient.rs`;
      const { body } = (await kit.launch('stu2.2', { app, scope })).token;
      const [, claims = ''] = String(body['id_token']).split('.');
      const { iss, sub, fhirUser } = JSON.parse(Buffer.from(claims, 'base64url').toString());
      const { status, body: told } = await ask(body.access_token);
      expect(status).toBe(200);
      expect(told).toMatchObject({ active: true, client_id: `inferno-${app}`, exp: expect.any(Number) });
      expect(told).toMatchObject({ patient: 'amy-shaw', iss, sub, fhirUser });
      expect(words(told.scope)).toEqual(words(body.scope));
    },
  );

  test('[G10-24] [INT-04] introspection of a token from the EHR: its whole launch context', async () => {
    const endpoint = 'stu2.2';
    const opened = await kit.press({ user: 'david', app: 'inferno-public', endpoint: run.fhir(endpoint) });
    const { body } = (await kit.follow(endpoint, opened, { username: 'david', scope: 'launch user/*.rs' }))
      .token;
    const { patient, encounter, tenant, ...others } = body;
    const { need_patient_banner, smart_style_url } = others;
    const context = { patient, encounter, tenant, need_patient_banner, smart_style_url };
    expect(Object.values(context)).not.toContain(undefined);
    expect((await ask(body.access_token)).body).toMatchObject(context);
  });

  test('[INT-13] [INT-06] [INT-07] a backend token, no token, and a caller without the secret', async () => {
    const { body } = await kit.backend();
    const told = (await ask(body.access_token)).body;
    expect(told).toMatchObject({ active: true, client_id: 'inferno-backend', scope: 'system/*.rs' });
    expect(await ask('invalid_token_value')).toMatchObject({ status: 200, body: { active: false } });
    expect(Object.keys((await ask('invalid_token_value')).body)).toEqual(['active']);
    const wrong = await ask(body.access_token, basic('inferno-introspection', 'guessed'));
    expect([wrong.status, wrong.body.error]).toEqual([401, 'invalid_client']);
  });

  test.each(ENDPOINTS)('[REV-08] [REV-06] %s: the operator ends a grant', async (endpoint) => {
    const options = { app: 'symmetric', username: 'ben', scope: `${BASICS} patient/Patient.rs` } as const;
    const launched = await kit.launch(endpoint, options);
    const { access_token: token } = launched.token.body;
    expect(await statusOf(endpoint, 'Patient/ben-okafor', token)).toBe(200);
    const list = async (): Promise<string[]> => {
      const { code, stdout } = await run.cli('grant', 'list', '--user', 'ben');
      expect(code).toBe(0);
      return stdout.trim().split('\n').slice(1);
    };
    const [row = '', ...others] = await list();
    expect(row).toMatch(/ inferno-symmetric +ben +ben-okafor /);
    expect(others).toEqual([]);
    const [id = ''] = row.split(' ');
    const { code, stdout } = await run.cli('grant', 'revoke', '--user', 'ben', `--id=${id}`);
    expect([code, stdout]).toEqual([0, expect.stringContaining('inferno-symmetric can do nothing')]);

    expect(await statusOf(endpoint, 'Patient/ben-okafor', token)).toBe(401);
    const { status, body } = await kit.refresh(launched);
    expect([status, body.error]).toEqual([400, 'invalid_grant']);
    expect((await ask(token)).body).toEqual({ active: false });
    expect(await list()).toEqual([]);
  });
});
