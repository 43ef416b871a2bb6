import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { bundleOf, entries, startFhir, type DemoFhir } from './demo-server.ts';

let fhir: DemoFhir;
let everybody: string;
beforeAll(async () => {
  fhir = await startFhir();
  everybody = fhir.token('user/*.rs');
});
afterAll(() => fhir.close());

const ids = async (path: string): Promise<string[]> =>
  (await entries(await fhir.ask(path, everybody))).map(({ id }) => id);

describe('patients', () => {
  test.each([
    ['name=zolty', ['lukasz-zolty']],
    ['name=amy%20shaw', ['amy-shaw']],
    ['name=BRONTE', ['hakan-bronte']],
    ['name=%E9%99%88', ['siyu-chen']],
    ['name=yilmaz', ['elif-yilmaz']],
    ['family=sha', ['amy-shaw', 'chloe-shaw']],
    ['family=shaw&given=chlo', ['chloe-shaw']],
    ['given=shaw', []],
    ['identifier=MRN-100002', ['ben-okafor']],
    ['identifier=urn:oid:2.16.840.1.113883.19.5%7CMRN-100002', ['ben-okafor']],
    ['identifier=urn:oid:1.2.3%7CMRN-100002', []],
    ['birthdate=1984-05-17', ['amy-shaw']],
    ['birthdate=1984', ['amy-shaw']],
    ['birthdate=ge2018&_sort=name', ['chloe-shaw', 'finn-o-leary']],
    ['birthdate=lt1940', ['hakan-bronte']],
    ['gender=other', ['jules-martin']],
    ['_id=amy-shaw,ben-okafor', ['amy-shaw', 'ben-okafor']],
  ])('[SEM-07] Patient?%s', async (query, expected) => {
    expect(await ids(`/Patient?${query}`)).toEqual(expected);
  });
});

describe('records', () => {
  test.each([
    ['Encounter?patient=amy-shaw&status=in-progress', ['amy-shaw-visit-3']],
    ['Encounter?patient=Patient/amy-shaw&date=ge2026-11-01', ['amy-shaw-visit-3']],
    ['Encounter?patient=amy-shaw&_sort=-date', ['amy-shaw-visit-3', 'amy-shaw-visit-2', 'amy-shaw-visit-1']],
    ['Condition?patient=amy-shaw&category=encounter-diagnosis', ['amy-shaw-condition-2']],
    ['Condition?subject=Patient/amy-shaw&clinical-status=resolved&encounter=amy-shaw-visit-1', []],
    ['DocumentReference?patient=amy-shaw&encounter=Encounter/amy-shaw-visit-1', ['amy-shaw-note-1']],
    ['AllergyIntolerance?patient=amy-shaw&clinical-status=active', ['amy-shaw-allergy-1']],
    ['Immunization?patient=amy-shaw&date=2025', ['amy-shaw-imm-2']],
    ['Organization?name=gatehouse', ['gatehouse-general']],
  ])('[fhir-r4-search] %s', async (path, expected) => {
    expect(await ids(`/${path}`)).toEqual(expected);
  });

  test('[fhir-r4-search] an absolute reference to this server is the same as a relative one; to another it is nobody', async () => {
    expect(await ids(`/Encounter?patient=${fhir.base}/Patient/amy-shaw`)).toHaveLength(3);
    expect(await ids('/Encounter?patient=https://else.example/Patient/amy-shaw')).toEqual([]);
  });

  test('[SEM-12] a posted form finds the same', async () => {
    const body = new URLSearchParams({ patient: 'amy-shaw', category: 'laboratory' });
    const posted = await fhir.ask('/Observation/_search', everybody, { method: 'POST', body });
    expect((await entries(posted)).map(({ id }) => id)).toEqual(
      await ids('/Observation?patient=amy-shaw&category=laboratory'),
    );
  });

  test('[SEM-12] a form that is far too long: 413', async () => {
    const body = new URLSearchParams({ patient: 'x'.repeat(70_000) });
    expect((await fhir.ask('/Observation/_search', everybody, { method: 'POST', body })).status).toBe(413);
  });

  test.each([
    ['/Observation?colour=red', 'Observation cannot be searched by \\"colour\\"'],
    ['/Observation?name=x', 'Observation cannot be searched by'],
    ['/Observation?patient:Patient=1', 'Observation cannot be searched by'],
    ['/Observation?constructor=1', 'Observation cannot be searched by'],
    ['/Observation?date=yesterday', 'the value of date is not understood'],
    ['/Observation?date=ap2020', 'the value of date is not understood'],
    ['/Observation?patient=', 'the value of patient is not understood'],
    ['/Observation?_count=many', '_count must be'],
    ['/Observation?_sort=colour', '_sort must be'],
    ['/Observation?_sort=toString', '_sort must be'],
    ['/Observation?_page=1', '_page is not'],
    ['/Observation?_format=xml', 'only JSON'],
  ])('[fhir-r4-search] %s is refused, not ignored', async (path, diagnostics) => {
    const response = await fhir.ask(path, everybody);
    expect(response.status).toBe(400);
    expect(await response.text()).toContain(diagnostics);
  });
});

describe('pages', () => {
  test('[SEM-16] next and previous walk through everything once, with the filters kept', async () => {
    const token = fhir.token('patient/Observation.rs', { patient: 'amy-shaw' });
    const whole = await entries(await fhir.ask('/Observation?_count=100&_sort=date', token));
    const seen: string[] = [];
    let url: string | undefined = `${fhir.base}/Observation?_count=7&_sort=date`;
    let previous: string | undefined;
    while (url !== undefined) {
      const bundle = await bundleOf(await fhir.ask(url, token));
      const link = (relation: string): string | undefined =>
        bundle.link.find((one) => one.relation === relation)?.url;
      expect(bundle.total).toBe(whole.length);
      expect(link('self')).toBe(url);
      expect(link('previous')).toBe(previous);
      seen.push(...bundle.entry.map(({ resource }) => resource.id));
      previous = url;
      url = link('next');
    }
    expect(seen).toEqual(whole.map(({ id }) => id));
  });

  test('[SEM-16] 20 by default, 100 at most', async () => {
    expect(await ids('/Observation')).toHaveLength(20);
    expect(await ids('/Observation?_count=5000')).toHaveLength(100);
  });
});
