import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { PUBLIC_APP, RESOURCE_SERVER } from '../../support/clients.ts';
import { fhirServerFor, type TestFhirServer } from '../../support/fhir-server.ts';
import {
  authorize,
  openScreen,
  redeem,
  submit,
  textOf,
  type FlowOptions,
  type Screen,
} from '../../support/flow.ts';
import { DRIVERS } from '../../support/gatehouse.ts';
import { gatehouseOn } from '../../support/suite.ts';
import { formFields } from '../../support/browser.ts';

const SCOPE = 'openid fhirUser launch/patient patient/Patient.rs patient/Encounter.rs';

describe.each(DRIVERS)('standalone launch of a clinician on %s', (driver) => {
  let fhir: TestFhirServer;
  const suite = gatehouseOn(driver, async (issuer) => {
    fhir = await fhirServerFor(issuer);
    return {
      clients: [PUBLIC_APP, RESOURCE_SERVER],
      fhirServers: [{ id: 'main', name: 'Test FHIR', url: fhir.base }],
    };
  });
  beforeAll(() => fhir.start());
  afterAll(() => fhir.stop());

  const dora = (more: FlowOptions = {}): FlowOptions => ({
    ...{ username: 'dora', scope: SCOPE, params: { aud: fhir.base } },
    ...more,
  });
  const look = async (
    { browser, url }: Screen,
    query = '',
  ): Promise<{ status: number; html: string; patients: string[] }> => {
    const response = await browser.get(url + query);
    const html = await response.text();
    return { status: response.status, html, patients: patientsOn(html) };
  };

  test('[CONS-04] a patient is found by name, number and birth date, all of them together', async () => {
    const picker = await openScreen(suite.server.issuer, 'patient', dora());
    const { html } = await look(picker, '?query=okafor');
    const ben = /value="ben-okafor"[\s\S]*?Born ([^<]*)<[\s\S]*?<bdi>([^<]*\d)<\/bdi><\/span>/.exec(html);
    const found = async (query: string) =>
      (await look(picker, `?${new URLSearchParams({ query })}`)).patients;
    expect(await found('ben okafor')).toEqual(['ben-okafor']);
    expect(await found(ben?.[2] ?? '')).toEqual(['ben-okafor']);
    const born = new Date(`${ben?.[1]} UTC`).toISOString().slice(0, 10);
    expect(await found(born)).toContain('ben-okafor');
    expect(await found(`okafor ${born}`)).toEqual(['ben-okafor']);
    expect(await found(`shaw ${ben?.[2]}`)).toEqual([]);
  });

  test('[CONS-04] whom a clinician chose lately stands first, the latest above, and nobody else sees it', async () => {
    for (const patient of ['chloe-shaw', 'ben-okafor', 'chloe-shaw'])
      await authorize(suite.server.issuer, dora({ patient }));
    const picker = await openScreen(suite.server.issuer, 'patient', dora());
    const { html, patients } = await look(picker);
    expect(html).toMatch(/<legend>Patients you chose lately<\/legend>[\s\S]*<legend>Patients<\/legend>/);
    expect(patients.slice(0, 2)).toEqual(['chloe-shaw', 'ben-okafor']);
    expect(new Set(patients).size).toBe(patients.length);
    expect((await look(picker, '?query=shaw')).html).not.toContain('chose lately');
  });

  test('[CONS-04] [CTX-01] [CAP-12] the patient that was picked is the one in context, and can be read', async () => {
    const picker = await openScreen(suite.server.issuer, 'patient', dora());
    const arrival = await submit(suite.server.issuer, picker, { patient: 'ben-okafor' });
    expect(textOf(arrival.html)).toMatch(/Ben Okafor/);

    const consent: Screen = { ...picker, html: arrival.html, fields: formFields(arrival.html) };
    const { callback } = await submit(suite.server.issuer, consent);
    const code = callback!.searchParams.get('code')!;
    const { body } = await redeem(suite.server.issuer, { code, verifier: picker.verifier });
    expect(body).toMatchObject({ patient: 'ben-okafor' });
    const claims = JSON.parse(Buffer.from(String(body['id_token']).split('.')[1]!, 'base64url').toString());
    expect(claims).toMatchObject({ fhirUser: `${fhir.base}/Practitioner/d1` });

    const headers = { authorization: `Bearer ${body.access_token}` };
    expect((await fetch(`${fhir.base}/Patient/ben-okafor`, { headers })).status).toBe(200);
    expect((await fetch(`${fhir.base}/Patient/amy-shaw`, { headers })).status).toBeGreaterThanOrEqual(403);
  });

  test('[CAP-13] [CTX-02] launch/encounter: after the patient a visit is chosen, and must be one of theirs', async () => {
    const scope = `${SCOPE} launch/encounter`;
    const screen = await openScreen(suite.server.issuer, 'encounter', dora({ scope, patient: 'amy-shaw' }));
    const [first] = [...screen.html.matchAll(/name="encounter" value="([^"]+)"/g)].map(([, id]) => id!);
    const wrong = await submit(suite.server.issuer, screen, { encounter: 'somebody-elses' });
    expect(wrong.response.status).toBe(422);
    expect(textOf(wrong.html)).toMatch(/Choose one of the visits/);

    const authorized = await authorize(
      suite.server.issuer,
      dora({ scope, patient: 'amy-shaw', encounter: first! }),
    );
    const { body } = await redeem(suite.server.issuer, authorized);
    expect(body).toMatchObject({ patient: 'amy-shaw', encounter: first });
  });

  test('[CONS-04] the picker searches the FHIR server, pages through what it finds, and says when nothing matches', async () => {
    const picker = await openScreen(suite.server.issuer, 'patient', dora());
    expect(patientsOn(picker.html)).toHaveLength(10);
    const second = await look(picker, '?query=&page=2');
    expect(second.patients.length).toBeGreaterThan(0);
    expect(second.patients.filter((id) => patientsOn(picker.html).includes(id))).toEqual([]);
    expect(textOf(second.html)).toMatch(/Page 2/);

    expect((await look(picker, '?query=okafor')).patients).toEqual(['ben-okafor']);
    const none = await look(picker, '?query=nobody-of-this-name');
    expect(none).toMatchObject({ status: 200, patients: [] });
    expect(textOf(none.html)).toMatch(/No patient matches “nobody-of-this-name”/);
  });

  test('[CONS-06] [A069] a patient who does not exist, or no id at all, is not accepted', async () => {
    for (const patient of ['no-such-patient', '../Encounter/1', '']) {
      const picker = await openScreen(suite.server.issuer, 'patient', dora());
      const { response, html } = await submit(suite.server.issuer, picker, { patient });
      expect(response.status).toBe(422);
      expect(textOf(html)).toMatch(/Choose one of the patients/);
    }
  });

  test('[A123] the FHIR server is away: a 503 page that loses nothing, and the same page works when it is back', async () => {
    const picker = await openScreen(suite.server.issuer, 'patient', dora());
    await fhir.stop();
    const away = await look(picker);
    expect(away.status).toBe(503);
    expect(textOf(away.html)).toMatch(/Patient search is not working right now.*Nothing is lost/);
    expect(textOf(away.html)).not.toMatch(/ECONNREFUSED|\.ts\b|node:/);
    expect((await submit(suite.server.issuer, picker, { patient: 'amy-shaw' })).response.status).toBe(503);

    await fhir.start();
    expect((await look(picker)).patients).toContain('amy-shaw');
    const arrival = await submit(suite.server.issuer, picker, { patient: 'amy-shaw' });
    expect(formFields(arrival.html)['step']).toEqual(['consent']);
  });

  test('[CONS-03] [CTX-23] [A042] a patient-level scope alone also needs a patient; a user-level one does not', async () => {
    const withPatient = await openScreen(
      suite.server.issuer,
      'patient',
      dora({ scope: 'patient/Patient.rs' }),
    );
    expect(withPatient.status).toBe(200);
    const authorized = await authorize(
      suite.server.issuer,
      dora({ scope: 'openid fhirUser user/Patient.rs' }),
    );
    const { body } = await redeem(suite.server.issuer, authorized);
    expect(body.scope).toBe('openid fhirUser user/Patient.rs');
    expect(body).not.toHaveProperty('patient');
  });
});

function patientsOn(html: string): string[] {
  return [...html.matchAll(/name="patient" value="([^"]+)"/g)].map(([, id]) => id!);
}
