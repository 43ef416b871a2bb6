import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { PUBLIC_APP, RESOURCE_SERVER, type KeyedClient } from '../../support/clients.ts';
import { announce, backendToken, ehrClient } from '../../support/ehr.ts';
import { fhirServerFor, type TestFhirServer } from '../../support/fhir-server.ts';
import { authorize, redeem } from '../../support/flow.ts';
import { DRIVERS } from '../../support/gatehouse.ts';
import { gatehouseOn } from '../../support/suite.ts';

describe.each(DRIVERS)('an EHR launch from a screen without a patient, on %s', (driver) => {
  let fhir: TestFhirServer;
  let ehr: KeyedClient;
  const suite = gatehouseOn(driver, async (issuer) => {
    fhir = await fhirServerFor(issuer);
    ehr = await ehrClient(issuer);
    return {
      clients: [PUBLIC_APP, RESOURCE_SERVER, ehr.registration],
      fhirServers: [{ id: 'main', name: 'Test FHIR', url: fhir.base }],
    };
  });
  beforeAll(() => fhir.start());
  afterAll(() => fhir.stop());

  test('[G10-13] [CONS-03] [CTX-23] the patient that is picked is in context, beside what the launch brought', async () => {
    const { issuer } = suite.server;
    const token = (await backendToken(issuer, ehr, `${issuer}/scopes/launch`)).body.access_token;
    const { body: launch } = await announce(issuer, token, { iss: fhir.base, intent: 'review-growth' });
    const { status, body } = await redeem(
      issuer,
      await authorize(issuer, {
        username: 'dora',
        patient: 'ben-okafor',
        scope: 'launch openid fhirUser patient/*.rs',
        params: { aud: fhir.base, launch: launch.launch },
      }),
    );
    expect(status).toBe(200);
    expect(body).toMatchObject({ patient: 'ben-okafor', intent: 'review-growth', need_patient_banner: true });
    const headers = { authorization: `Bearer ${body.access_token}` };
    expect((await fetch(`${fhir.base}/Patient/ben-okafor`, { headers })).status).toBe(200);
  });
});
