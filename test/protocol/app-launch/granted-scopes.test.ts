import { beforeEach, describe, expect, test } from '@jest/globals';

import { CookieBrowser } from '../../support/browser.ts';
import { PUBLIC_APP, REDIRECT, RESOURCE_SERVER, RS_SECRET, basic } from '../../support/clients.ts';
import {
  authorize,
  openScreen,
  postForm,
  redeem,
  refresh,
  submit,
  textOf,
  type FlowOptions,
  type TokenAnswer,
} from '../../support/flow.ts';
import { forgetDecisions } from '../../support/forget-decisions.ts';
import { DRIVERS } from '../../support/gatehouse.ts';
import { gatehouseOn } from '../../support/suite.ts';

const OBSERVATION = 'http://terminology.hl7.org/CodeSystem/observation-category';
const LAB = `patient/Observation.rs?category=${OBSERVATION}|laboratory`;
const NARROW_APP = {
  ...PUBLIC_APP,
  client_id: 'narrow-app',
  scope: 'openid launch/patient offline_access patient/Patient.rs patient/Observation.rs',
};
const CHANGING_APP = {
  ...PUBLIC_APP,
  client_id: 'changing-app',
  scope: 'openid launch/patient patient/Goal.cruds',
};

describe.each(DRIVERS)('what is granted on %s', (driver) => {
  const amy = new CookieBrowser();
  const suite = gatehouseOn(driver, () => ({
    clients: [PUBLIC_APP, NARROW_APP, CHANGING_APP, RESOURCE_SERVER],
  }));
  beforeEach(() => forgetDecisions(suite.server));

  const tokens = async (options: FlowOptions): Promise<TokenAnswer['body']> => {
    const authorized = await authorize(suite.server.issuer, { browser: amy, ...options });
    const form = { client_id: options.clientId ?? 'public-app' };
    return (await redeem(suite.server.issuer, authorized, form)).body;
  };
  const without = (...gone: string[]) => ({
    consent: (scopes: readonly string[]) => scopes.filter((one) => !gone.includes(one)),
  });

  test('[CONS-09] [A096] [REF-16] [REF-17] without offline_access there is no refresh token, and scope does not name it', async () => {
    const body = await tokens(without('offline_access'));
    expect(body).not.toHaveProperty('refresh_token');
    expect(body.scope).toBe('openid fhirUser launch/patient patient/Patient.rs patient/Observation.rs');
  });

  test('[CONS-09] [A096] [SCO-27] an unticked scope is not in the token, nor in what a FHIR server is told', async () => {
    const body = await tokens(without('patient/Observation.rs'));
    expect(sorted(body.scope)).toEqual(
      sorted('openid fhirUser launch/patient offline_access patient/Patient.rs'),
    );
    const rs = basic('fhir-server', RS_SECRET);
    const { body: told } = await postForm(
      `${suite.server.issuer}/introspect`,
      { token: body.access_token },
      rs,
    );
    expect(told.scope).toBe(body.scope);
  });

  test('[CONS-09] who lets an app see goals need not let it change them; who lets it do both grants what was asked', async () => {
    const scope = 'openid launch/patient patient/Goal.cruds';
    const asking = { clientId: 'changing-app', scope };
    const seeing = await tokens({ ...asking, ...without('patient/Goal.cud') });
    expect(sorted(seeing.scope)).toEqual(sorted('openid launch/patient patient/Goal.rs'));
    await forgetDecisions(suite.server, 'amy', 'changing-app');
    const both = await tokens({ ...asking, ...without() });
    expect(sorted(both.scope)).toEqual(sorted(scope));
  });

  test('[OIDC-15] openid unticked takes fhirUser along and there is no id token; fhirUser unticked leaves the id token', async () => {
    const bare = await tokens(without('openid'));
    expect(bare).not.toHaveProperty('id_token');
    expect(bare.scope).not.toMatch(/openid|fhirUser/);
    const anonymous = await tokens(without('fhirUser'));
    const claims = JSON.parse(
      Buffer.from(String(anonymous['id_token']).split('.')[1]!, 'base64url').toString(),
    );
    expect(claims).not.toHaveProperty('fhirUser');
    expect(claims).toMatchObject({ sub: expect.any(String) });
  });

  test('[SCO-15] ticking nothing at all keeps the person on the page', async () => {
    const screen = await openScreen(suite.server.issuer, 'consent', { browser: amy });
    const { callback, response, html } = await submit(suite.server.issuer, screen, { consent: () => [] });
    expect([callback, response.status]).toEqual([undefined, 422]);
    expect(textOf(html)).toMatch(/Tick at least one item/);
  });

  test('[A069] [A083] a scope, a patient or an account that was never offered is not granted when a form adds it', async () => {
    const screen = await openScreen(suite.server.issuer, 'consent', {
      browser: amy,
      scope: 'launch/patient patient/Patient.rs',
    });
    const fields = {
      ...screen.fields,
      patient: ['p2'],
      accountId: ['somebody'],
      grantId: ['x'],
      client_id: ['narrow-app'],
    };
    const more = ['patient/*.cruds', 'user/*.cruds', 'offline_access', 'openid'];
    const { callback } = await submit(
      suite.server.issuer,
      { ...screen, fields },
      { consent: (scopes) => [...scopes, ...more] },
    );
    const code = callback!.searchParams.get('code')!;
    const { body } = await redeem(suite.server.issuer, { code, verifier: screen.verifier });
    expect(body).toMatchObject({ scope: 'launch/patient patient/Patient.rs', patient: 'p1' });
    expect(body).not.toHaveProperty('refresh_token');
  });

  test('[SCO-14] [SCO-19] a wildcard becomes the types the app is registered for, and stays so on refresh', async () => {
    const body = await tokens({
      clientId: 'narrow-app',
      scope: 'launch/patient offline_access patient/*.cruds',
    });
    const narrowed = sorted('launch/patient offline_access patient/Patient.rs patient/Observation.rs');
    expect(sorted(body.scope)).toEqual(narrowed);
    const again = await refresh(suite.server.issuer, body.refresh_token, { client_id: 'narrow-app' });
    expect(sorted(again.body.scope)).toEqual(narrowed);
  });

  test('[CONS-01] [A041] a patient never gets user/ scopes', async () => {
    const body = await tokens({ scope: 'launch/patient patient/Patient.rs user/Patient.rs user/*.cruds' });
    expect(body.scope).toBe('launch/patient patient/Patient.rs');
    const screen = await openScreen(suite.server.issuer, 'login', {
      browser: new CookieBrowser(),
      scope: 'user/Patient.rs',
    });
    const { response, html } = await submit(suite.server.issuer, screen);
    expect([response.status, textOf(html)]).toEqual([403, expect.stringMatching(/nothing you can share/)]);
  });

  test.each([
    [
      'SCO-08',
      'v1 scopes',
      'launch/patient patient/Patient.read patient/Observation.* patient/Condition.write',
    ],
    ['SCO-10', 'granular scopes', `launch/patient ${LAB} patient/Patient.r`],
    [
      'SCO-11',
      'a percent-encoded value',
      `launch/patient patient/Observation.rs?category=${encodeURIComponent(OBSERVATION)}%7Csurvey`,
    ],
    ['SCO-09', 'both together', `launch/patient patient/Patient.read ${LAB}`],
    ['SCO-26', 'the order asked for', 'patient/Patient.rs openid launch/patient'],
  ])('[%s] %s come back as they were asked for', async (_id, _what, scope) => {
    const { scope: granted } = await tokens({ scope });
    expect(sorted(granted)).toEqual(sorted(scope));
  });

  test.each([
    ['SCO-04', 'launch/patient patient/Patient.rs patient/Observation.sr patient/Observation.rsx'],
    ['SCO-25', 'launch/patient patient/Patient.rs patient/observation.rs'],
    ['SCO-06', 'launch/patient patient/Patient.rs patient/Nonsense.rs'],
    ['A040', 'launch/patient patient/Patient.rs system/*.rs'],
    ['AUTHZ-23', 'launch/patient patient/Patient.rs somethingElse'],
  ])('[%s] %s → what cannot be granted is left out, the rest stays', async (_id, scope) => {
    expect((await tokens({ scope })).scope).toBe('launch/patient patient/Patient.rs');
  });

  test('[CONS-14] [RESP-01] [RESP-02] cancel → access_denied at the app, with state and iss', async () => {
    for (const step of ['login', 'consent']) {
      const browser = step === 'login' ? new CookieBrowser() : amy;
      const screen = await openScreen(suite.server.issuer, step, { browser });
      const { callback } = await submit(suite.server.issuer, {
        ...screen,
        fields: { ...screen.fields, cancel: ['yes'] },
      });
      expect(callback!.href).toMatch(new RegExp(`^${REDIRECT}\\?`));
      expect(Object.fromEntries(callback!.searchParams)).toEqual({
        error: 'access_denied',
        error_description: expect.stringMatching(/^the user declined \(reference \S{14}\)$/),
        state: 'state-1234567890',
        iss: suite.server.issuer,
      });
    }
  });

  test('[RESP-06] [RESP-07] the answer with the code has code, state and iss, and no scope', async () => {
    const { callback } = await authorize(suite.server.issuer, { browser: amy });
    expect([...callback.searchParams.keys()].sort()).toEqual(['code', 'iss', 'state']);
  });
});

function sorted(scope: string): string[] {
  return scope.split(' ').sort();
}
