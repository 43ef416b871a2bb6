import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { PUBLIC_APP, RESOURCE_SERVER } from '../../support/clients.ts';
import { fhirServerFor, type TestFhirServer } from '../../support/fhir-server.ts';
import { authorize, openScreen, redeem, type FlowOptions } from '../../support/flow.ts';
import { DRIVERS } from '../../support/gatehouse.ts';
import { gatehouseOn } from '../../support/suite.ts';

const OBSERVATION = 'http://terminology.hl7.org/CodeSystem/observation-category';
const LAB = `patient/Observation.rs?category=${OBSERVATION}|laboratory`;
const WHOLE = 'patient/Observation.rs';

interface Found {
  readonly entry?: readonly {
    readonly resource: { readonly id: string; readonly category: { coding: { code: string }[] }[] };
  }[];
  readonly total: number;
}

describe.each(DRIVERS)('choosing parts of what was asked for, on %s', (driver) => {
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

  // The clinician picks a patient of the demo data, so that there is something to read.
  const tokenFor = async (scope: string, consent: FlowOptions['consent']) => {
    const { issuer } = suite.server;
    const params = { aud: fhir.base };
    const options: FlowOptions = { username: 'dora', patient: 'amy-shaw', scope, params };
    return (await redeem(issuer, await authorize(issuer, { ...options, ...(consent ? { consent } : {}) })))
      .body;
  };
  const search = async (token: string): Promise<Found> => {
    const headers = { authorization: `Bearer ${token}` };
    return (await fetch(`${fhir.base}/Observation?patient=amy-shaw&_count=100`, { headers })).json();
  };

  test('[CONS-11] [G10-10] the page offers the categories where only the whole was asked for', async () => {
    const { html } = await openScreen(suite.server.issuer, 'consent', {
      username: 'dora',
      patient: 'amy-shaw',
      scope: `launch/patient ${WHOLE} patient/Condition.rs`,
      params: { aud: fhir.base },
    });
    for (const code of ['laboratory', 'vital-signs', 'sdoh', 'problem-list-item', 'health-concern']) {
      expect(html).toContain(`|${code}"`);
    }
    expect(html.match(/type="checkbox"/g)?.length).toBeGreaterThan(10);
  });

  test('[SCO-13] [CAP-19] [SEM-14] [SEM-16] the token carries the chosen part, and the FHIR server shows that part', async () => {
    const scope = `launch/patient patient/Patient.rs ${WHOLE}`;
    const whole = await tokenFor(scope, undefined);
    const part = await tokenFor(scope, (scopes) => [...scopes.filter((one) => one !== WHOLE), LAB]);
    expect(part.scope.split(' ')).toEqual(['launch/patient', 'patient/Patient.rs', LAB]);

    const all = await search(whole.access_token);
    const some = await search(part.access_token);
    expect(some.total).toBeGreaterThan(0);
    expect(some.total).toBeLessThan(all.total);
    const isLab = ({ resource }: NonNullable<Found['entry']>[number]): boolean =>
      resource.category.some(({ coding }) => coding.some(({ code }) => code === 'laboratory'));
    expect(some.entry?.every(isLab)).toBe(true);
    expect(some.total).toBe(all.entry?.filter(isLab).length);
  });

  test('[SCO-13] [V1-01] beside a chosen part, v1 scopes are answered as v2', async () => {
    const { scope } = await tokenFor(
      'launch/patient patient/Patient.read patient/Observation.read',
      (scopes) => [...scopes.filter((one) => one !== 'patient/Observation.read'), LAB],
    );
    expect(scope.split(' ')).toEqual(['launch/patient', 'patient/Patient.rs', LAB]);
  });
});
