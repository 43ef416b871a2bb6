import { describe, expect, test } from '@jest/globals';

import { announce, backendToken, ehrClient, ehrSuite } from '../../support/ehr.ts';
import { DRIVERS, FHIR } from '../../support/gatehouse.ts';

describe.each(DRIVERS)('the launch API on %s', (driver) => {
  const suite = ehrSuite(driver);

  test.each([
    ['no token', undefined, 401, 'invalid_token', 'Bearer'],
    ['a token nobody issued', 'made-up', 401, 'invalid_token', 'Bearer error="invalid_token"'],
  ] as const)('[LCH-09] %s → %s', async (_what, token, status, error, challenge) => {
    const answer = await announce(suite.server.issuer, token, { patient: 'p7' });
    expect([answer.status, answer.body['error']]).toEqual([status, error]);
    expect(answer.headers.get('www-authenticate')).toBe(challenge);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.body.error_description).toMatch(/\(reference [a-z2-9]{4}-[a-z2-9]{4}-[a-z2-9]{4}\)$/);
  });

  test('[LCH-09] [SCO-23] the scope and the right are both needed', async () => {
    const scope = `${suite.server.issuer}/scopes/launch`;
    const narrow = await backendToken(suite.server.issuer, suite.ehr, 'system/Patient.rs');
    const withoutRight = await backendToken(suite.server.issuer, suite.plain, scope);
    for (const { body } of [narrow, withoutRight]) {
      const answer = await announce(suite.server.issuer, body.access_token, { patient: 'p7' });
      expect([answer.status, answer.body['error']]).toEqual([403, 'insufficient_scope']);
      expect(answer.headers.get('www-authenticate')).toBe(
        `Bearer error="insufficient_scope", scope="${scope}"`,
      );
    }
  });

  test.each([
    ['LCH-09', 'an unknown app', { client_id: 'nobody' }, /^client_id: there is no such app/],
    ['LCH-09', 'an app that is no text', { client_id: 7 }, /^client_id: /],
    [
      'LCH-09',
      'a launch URL that is not registered',
      { launch_uri: 'https://evil.example/launch' },
      /^launch_uri: is not a registered/,
    ],
    [
      'CRG-02',
      'a launch URL that is like a registered one',
      { launch_uri: 'http://localhost:4999/launch' },
      /^launch_uri: is not a registered/,
    ],
    [
      'LCH-02',
      'a FHIR server that is not ours',
      { iss: 'https://evil.example/fhir' },
      /^iss: is not a FHIR server/,
    ],
    ['LCH-07', 'a user who is no person', { fhirUser: 'Device/1' }, /^fhirUser: /],
    ['CTX-01', 'a patient as a reference', { patient: 'Patient/7' }, /^patient: expected the bare id/],
    ['CTX-02', 'an encounter as a number', { encounter: 7 }, /^encounter: expected the bare id/],
    [
      'CTX-02',
      'an encounter without its patient',
      { patient: undefined, encounter: 'e7' },
      /^encounter: needs the patient it belongs to/,
    ],
    [
      'CTX-04',
      'a banner as text',
      { need_patient_banner: 'true' },
      /^need_patient_banner: expected true or false/,
    ],
    ['CTX-05', 'an empty intent', { intent: '' }, /^intent: expected a non-empty string/],
    [
      'CTX-06',
      'a relative style address',
      { smart_style_url: '/style.json' },
      /^smart_style_url: expected the absolute URL/,
    ],
    ['CTX-09', 'a tenant that is a list', { tenant: ['a'] }, /^tenant: expected a non-empty string/],
    [
      'CTX-10',
      'a context of texts',
      { fhirContext: ['ImagingStudy/1'] },
      /^fhirContext: expected a list of objects/,
    ],
    [
      'CTX-14',
      'a patient in fhirContext without a role',
      { fhirContext: [{ reference: 'Patient/1' }] },
      /^fhirContext: /,
    ],
    ['CTX-19', 'a member there is not', { surprise: 'x' }, /^surprise: there is no such member/],
  ] as const)('[%s] %s → 400', async (_id, _what, launch, description) => {
    const answer = await announce(suite.server.issuer, suite.token, { patient: 'p7', ...launch });
    expect([answer.status, answer.body['error']]).toEqual([400, 'invalid_request']);
    expect(answer.body.error_description).toMatch(description);
    expect(answer.body).not.toHaveProperty('launch');
  });

  test.each([
    ['no JSON', '{"client_id":'],
    ['JSON, but no object', '["public-app"]'],
    ['a body that is too large', JSON.stringify({ client_id: 'public-app', intent: 'x'.repeat(70_000) })],
  ])('[LCH-09] %s → a 4xx with a code, never a 500', async (_what, body) => {
    const answer = await announce(suite.server.issuer, suite.token, body);
    expect([400, 413]).toContain(answer.status);
    expect(answer.body['error']).toBe('invalid_request');
  });

  test('[LCH-01] [LCH-02] without iss and launch_uri the first of each is used', async () => {
    const body = JSON.stringify({ client_id: 'public-app', patient: 'p7' });
    const answer = await announce(suite.server.issuer, suite.token, body);
    expect(answer.status).toBe(201);
    expect(answer.body).toMatchObject({
      iss: FHIR,
      launch_url: expect.stringMatching(/^http:\/\/localhost:4999\/launch\?/),
    });
  });

  test('[LCH-03] [LCH-04] the launch value is opaque: new each time, and nothing of the context can be read in it', async () => {
    const context = { patient: 'p7-of-the-ward', encounter: 'e7-of-the-ward', fhirUser: 'Practitioner/d1' };
    const values: string[] = [];
    for (let at = 0; at < 20; at += 1) {
      const { body } = await announce(suite.server.issuer, suite.token, context);
      values.push(body.launch);
    }
    expect(new Set(values).size).toBe(20);
    for (const value of values) {
      // At least 128 bits, as text that needs no encoding in a URL.
      expect(value).toMatch(/^[A-Za-z0-9_-]{22,}$/);
      const readable = `${value} ${Buffer.from(value, 'base64url').toString('latin1')}`;
      expect(readable).not.toMatch(/of-the-ward|Practitioner|public-app|localhost/);
    }
    // None begins like another, so it is no counter and no clock either.
    expect(new Set(values.map((value) => value.slice(0, 6))).size).toBe(20);
  });

  test('[CLI-09] an assertion signed by another key under the same key id gets no token', async () => {
    const stranger = await ehrClient(suite.server.issuer);
    const answer = await backendToken(suite.server.issuer, stranger, 'system/Patient.rs');
    expect([answer.status, answer.body.error]).toEqual([401, 'invalid_client']);
  });
});
