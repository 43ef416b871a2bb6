import { beforeEach, describe, expect, test } from '@jest/globals';

import { PUBLIC_APP, RESOURCE_SERVER, RS_SECRET, basic } from '../../support/clients.ts';
import { authorize, openScreen, postForm, redeem, refresh } from '../../support/flow.ts';
import { forgetDecisions } from '../../support/forget-decisions.ts';
import { DRIVERS, FHIR } from '../../support/gatehouse.ts';
import { gatehouseOn } from '../../support/suite.ts';

const PROBLEMS =
  'patient/Condition.rs?category=http://terminology.hl7.org/CodeSystem/condition-category|problem-list-item';

describe.each(DRIVERS)('what is offered and granted, on %s', (driver) => {
  const suite = gatehouseOn(driver, () => ({ clients: [PUBLIC_APP, RESOURCE_SERVER] }));
  beforeEach(() => forgetDecisions(suite.server));
  const grant = async (
    scope: string,
    consent?: (scopes: readonly string[]) => readonly string[],
  ): Promise<string> => {
    const { issuer } = suite.server;
    const options = { scope: `launch/patient ${scope}`, ...(consent ? { consent } : {}) };
    const { body } = await redeem(issuer, await authorize(issuer, options));
    return body.scope.replace(/^launch\/patient ?/, '');
  };

  test.each([
    ['both spellings of one', 'patient/Condition.read patient/Condition.rs', 'patient/Condition.read'],
    ['letters apart', 'patient/Condition.r patient/Condition.s', 'patient/Condition.rs'],
  ])('[SCO-16] [CONS-09] %s are asked about and granted once', async (_what, scope, granted) => {
    expect(await grant(scope)).toBe(granted);
    const { html } = await openScreen(suite.server.issuer, 'consent', { scope: `launch/patient ${scope}` });
    expect(html.match(new RegExp(`value="${granted.replace(/[.*?]/g, '\\$&')}"`, 'g'))).toHaveLength(1);
    expect(html.match(/value="patient\/[A-Za-z*]+\.[a-z]+"[^>]*checked/g)).toHaveLength(1);
  });

  test.each([
    ['a type beside the wildcard', 'patient/Condition.rs patient/*.rs', 'patient/*.rs'],
    ['a part beside the whole', `${PROBLEMS} patient/Condition.rs`, 'patient/Condition.rs'],
  ])(
    '[CONS-09] [SCO-22] %s: one question, and with its answer goes all that it covers',
    async (_what, scope, asked) => {
      const { html } = await openScreen(suite.server.issuer, 'consent', { scope: `launch/patient ${scope}` });
      expect(html.match(/value="patient\/[^"]+"[^>]*checked/g)).toEqual([
        expect.stringContaining(`"${asked}"`),
      ]);
      expect(await grant(scope)).toBe(scope);
      expect(
        await grant(`${scope} patient/Patient.rs`, (all) => all.filter((one) => one !== asked)),
      ).not.toContain('Condition');
    },
  );

  test('[CONS-11] [SCO-13] a part instead of the whole leaves the whole out, however it was asked for', async () => {
    for (const scope of [
      'patient/Condition.read patient/Condition.rs',
      'patient/*.rs',
      'patient/*.rs patient/Condition.rs',
    ]) {
      expect(await grant(scope, () => ['launch/patient', PROBLEMS])).toBe(PROBLEMS);
    }
    const search = PROBLEMS.replace('.rs', '.s');
    expect(await grant('patient/Condition.s', () => ['launch/patient', search])).toBe(search);
  });

  test('[SCO-12] a part that no FHIR server could hold to is not granted, and not widened', async () => {
    const { issuer } = suite.server;
    expect(await grant('patient/Patient.rs patient/Observation.rs?date=ge2020')).toBe('patient/Patient.rs');
    expect(await grant('patient/Patient.rs?_id=p1')).toBe('patient/Patient.rs?_id=p1');
    const { callback } = await authorize(issuer, { scope: 'patient/Observation.rs?date=ge2020' });
    expect(callback.searchParams.get('error')).toBe('invalid_scope');
    expect(callback.searchParams.get('error_description')).toContain('(not-enforceable)');
  });

  test('[SCO-26] spaces around and between scopes do not matter', async () => {
    const { issuer } = suite.server;
    const { body } = await redeem(
      issuer,
      await authorize(issuer, { scope: '  launch/patient   patient/Patient.rs ' }),
    );
    expect(body.scope).toBe('launch/patient patient/Patient.rs');
  });

  test('[SCO-24] [REF-04] scopes in their URI form, when authorizing and when refreshing', async () => {
    const { issuer } = suite.server;
    const prefix = 'http://smarthealthit.org/fhir/scopes/';
    const scope = [
      'http://openid.net/specs/openid-connect-core-1_0#openid',
      ...['offline_access', 'launch/patient', 'patient/Patient.rs'].map((one) => prefix + one),
    ].join(' ');
    const { body } = await redeem(issuer, await authorize(issuer, { scope }));
    expect(new Set(body.scope.split(' '))).toEqual(
      new Set(['openid', 'offline_access', 'launch/patient', 'patient/Patient.rs']),
    );
    const same = await refresh(issuer, body.refresh_token, { scope });
    expect([same.status, same.body.scope]).toEqual([200, body.scope]);
    const less = await refresh(issuer, same.body.refresh_token, { scope: `${prefix}patient/Patient.r` });
    expect([less.status, less.body.scope]).toEqual([200, 'patient/Patient.r']);
  });

  test('[AUTHZ-12] [A035] resource may be sent beside aud, with a last slash or without, and at the token endpoint too', async () => {
    const { issuer } = suite.server;
    const authorized = await authorize(issuer, { params: { resource: `${FHIR}/` } });
    const { status, body } = await redeem(issuer, authorized, {
      client_id: 'public-app',
      resource: `${FHIR}/`,
    });
    expect([status, body['patient']]).toEqual([200, 'p1']);
    const told = await postForm(
      `${issuer}/introspect`,
      { token: body.access_token },
      basic('fhir-server', RS_SECRET),
    );
    expect(told.body).toMatchObject({ active: true, aud: FHIR });
  });
});
