import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { SHARED_TYPES } from '../../../src/resource-server/index.ts';
import { US_CORE_TYPES } from '../../../src/smart/index.ts';
import { bundleOf, entries, startFhir, type DemoFhir } from './demo-server.ts';

let fhir: DemoFhir;
let token: string;
beforeAll(async () => {
  fhir = await startFhir();
  token = fhir.token('patient/*.rs', { patient: 'amy-shaw' });
});
afterAll(() => fhir.close());

const LAB = 'http://terminology.hl7.org/CodeSystem/v2-0074|LAB';

describe('US Core', () => {
  test.each(US_CORE_TYPES)('[USC-07] [USC-08] [V1-11] %s is held, read and searched', async (type) => {
    const query = SHARED_TYPES.has(type) ? '' : type === 'Patient' ? '?_id=amy-shaw' : '?patient=amy-shaw';
    const found = await entries(await fhir.ask(`/${type}${query}`, token));
    // Every second patient has had a procedure; Amy has not.
    expect(found.length > 0).toBe(type !== 'Procedure');
    for (const { id } of found) expect((await fhir.ask(`/${type}/${id}`, token)).status).toBe(200);
  });

  // The searches by patient that US Core 6.1 and 7 require, beside those by patient alone.
  test.each([
    ['CarePlan?patient=amy-shaw&category=assess-plan', 'amy-shaw-plan-1'],
    ['CarePlan?patient=amy-shaw&category=assess-plan&status=active&date=ge2025-10', 'amy-shaw-plan-1'],
    ['CareTeam?patient=amy-shaw&status=active', 'amy-shaw-team-1'],
    ['Condition?patient=amy-shaw&category=encounter-diagnosis', 'amy-shaw-condition-2'],
    [`DiagnosticReport?patient=amy-shaw&category=${LAB}`, 'amy-shaw-report-1'],
    ['DiagnosticReport?patient=amy-shaw&category=LAB&date=ge2025-10-06', 'amy-shaw-report-1'],
    ['DiagnosticReport?patient=amy-shaw&code=http://loinc.org|11502-2', 'amy-shaw-report-1'],
    ['DocumentReference?patient=amy-shaw&type=11506-3', 'amy-shaw-note-1'],
    ['DocumentReference?patient=amy-shaw&category=clinical-note&date=2025-10-06', 'amy-shaw-note-1'],
    ['Encounter?patient=amy-shaw&date=2025', 'amy-shaw-visit-1'],
    ['Encounter?patient=amy-shaw&class=EMER', 'amy-shaw-visit-2'],
    ['Encounter?patient=amy-shaw&type=50849002', 'amy-shaw-visit-2'],
    ['Device?patient=amy-shaw&type=14106009', 'amy-shaw-device-1'],
    ['MedicationDispense?patient=amy-shaw&status=completed&type=FF', 'amy-shaw-dispense-1'],
    ['MedicationRequest?patient=amy-shaw&intent=order&status=active', 'amy-shaw-rx-1'],
    ['MedicationRequest?patient=amy-shaw&intent=order&authoredon=2025&status=completed', 'amy-shaw-rx-2'],
    ['Procedure?patient=ben-okafor&date=2026-04-18', 'ben-okafor-procedure-1'],
    ['Procedure?patient=ben-okafor&date=2025', undefined],
    ['QuestionnaireResponse?patient=amy-shaw&status=completed&authored=2025-10', 'amy-shaw-form-1'],
    ['ServiceRequest?patient=amy-shaw&category=108252007&authored=2025-10-06', 'amy-shaw-order-1'],
    ['ServiceRequest?patient=amy-shaw&code=11502-2', 'amy-shaw-order-1'],
    ['ServiceRequest?patient=amy-shaw&intent=plan', undefined],
    ['Provenance?patient=amy-shaw', 'amy-shaw-origin-1'],
    ['RelatedPerson?patient=amy-shaw', 'amy-shaw-mother'],
    ['Specimen?patient=amy-shaw', 'amy-shaw-specimen-1'],
    ['Coverage?patient=amy-shaw', 'amy-shaw-coverage-1'],
    ['Location?address=bristol', 'outpatients'],
    ['Organization?address=leeds', undefined],
  ])('[USC-07] %s finds %s', async (path, expected) => {
    const found = await entries(await fhir.ask(`/${path}`, fhir.token('user/*.rs')));
    expect(found.map(({ id }) => id)).toEqual(expected === undefined ? [] : [expected]);
  });

  test('[V1-11] an empty text is ignored, as FHIR has it; an empty patient or code is refused', async () => {
    expect(await entries(await fhir.ask('/Location?address=', token))).toHaveLength(1);
    expect((await fhir.ask('/Location?address=,', token)).status).toBe(400);
    expect((await fhir.ask('/Coverage?patient=', token)).status).toBe(400);
    expect((await fhir.ask('/Coverage?status=', token)).status).toBe(400);
  });

  test('[SEM-05] what is new is confined to its patient like all the rest', async () => {
    for (const type of US_CORE_TYPES.filter((one) => !SHARED_TYPES.has(one))) {
      const everybody = await bundleOf(await fhir.ask(`/${type}?_count=100`, fhir.token('user/*.rs')));
      const own = await bundleOf(await fhir.ask(`/${type}?_count=100`, token));
      expect(own.total).toBeLessThan(everybody.total);
      for (const { resource } of own.entry) expect(resource.id).toMatch(/^amy-shaw/);
    }
  });

  test('[SEM-05] every reference of the data leads to something', async () => {
    const all = fhir.token('system/*.rs');
    const references = new Set<string>();
    for (const type of US_CORE_TYPES) {
      const text = await (await fhir.ask(`/${type}?_count=100`, all)).text();
      for (const [, reference] of text.matchAll(/"reference":"([^"]+)"/g)) references.add(`/${reference}`);
    }
    expect(references.size).toBeGreaterThan(50);
    const lost: string[] = [];
    for (const path of references) if ((await fhir.ask(path, all)).status !== 200) lost.push(path);
    expect(lost).toEqual([]);
  });
});
