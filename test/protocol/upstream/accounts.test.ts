import { createServer, type Server } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { createAccountStore } from '../../../src/store/index.ts';
import { CookieBrowser, formFields } from '../../support/browser.ts';
import { authorize, redeem, refresh, textOf } from '../../support/flow.ts';
import { DRIVERS, FHIR } from '../../support/gatehouse.ts';
import { hospitalOn } from '../../support/hospital.ts';

const CLAIMS = {
  role: { claim: 'groups', values: { clinicians: 'practitioner', patients: 'patient' } },
} as const;
const scope = 'openid launch/patient offline_access patient/Patient.rs';

describe.each(DRIVERS)('accounts made on the word of a provider, on %s', (driver) => {
  const hospital = hospitalOn(driver, { createAccounts: true, claims: CLAIMS }, {}, { inUserinfo: true });

  const signInAs = async (sub: string, claims: Record<string, unknown>): Promise<string> => {
    const browser = new CookieBrowser();
    hospital.idp.person = { sub, claims };
    return (await hospital.signIn(browser, await hospital.begin(browser, { scope }))).html;
  };
  const account = (username: string) => createAccountStore(hospital.server.vault).findByUsername(username);

  test('who comes for the first time gets one, with name, role and FHIR person, and no password', async () => {
    const claims = {
      ...{ preferred_username: 'nora', name: 'Nora Bell', groups: ['staff', 'patients'] },
      fhirUser: `${FHIR}/Patient/p9`,
    };
    expect(formFields(await signInAs('n-1', claims))['step']).toEqual(['consent']);
    const made = await account('nora');
    expect(made).toMatchObject({ name: 'Nora Bell', role: 'patient', fhirUser: 'Patient/p9' });
    expect(made?.passwordHash).toBeUndefined();
    await expect(authorize(hospital.server.issuer, { username: 'nora', password: '' })).rejects.toThrow(
      '422',
    );
    // Again, and twice at once: the same one.
    await Promise.all([signInAs('n-1', claims), signInAs('n-1', claims)]);
    const all = await createAccountStore(hospital.server.vault).list();
    expect(all.filter(({ name }) => name === 'Nora Bell')).toHaveLength(1);
  });

  test('a user name that somebody has here leads to no account of theirs (takeover)', async () => {
    const claims = {
      preferred_username: 'amy',
      groups: 'patients',
      fhirUser: 'Patient/p1',
      email: 'amy@x.example',
    };
    expect(textOf(await signInAs('mallory', claims))).toContain('gives no user name that is free here');
    expect(await account('amy')).toMatchObject({ name: 'Amy Shaw' });
  });

  test.each([
    ['a patient without a record', { groups: ['patients'] }, 'does not say which health record is yours'],
    [
      'a patient who is a practitioner',
      { groups: 'patients', fhirUser: 'Practitioner/1' },
      'which health record',
    ],
    ['nobody of ours', { groups: ['visitors'] }, 'does not say what you may do here'],
    [
      'a record elsewhere',
      { groups: 'patients', fhirUser: 'https://else.example/Patient/1' },
      'which health record',
    ],
  ])('%s is told what is missing', async (_who, claims, text) => {
    const html = await signInAs(`x-${text}`, { preferred_username: 'xavier', ...claims });
    expect(textOf(html)).toContain(text);
    expect(await account('xavier')).toBeUndefined();
  });

  test('a changed role follows, is in the audit log, and ends what was granted for the other', async () => {
    const claims = { preferred_username: 'olga', name: 'Olga Fox', fhirUser: 'Patient/p3' };
    const browser = new CookieBrowser();
    hospital.idp.person = { sub: 'o-1', claims: { ...claims, groups: ['patients'] } };
    await hospital.signIn(browser, await hospital.begin(browser, { scope }));
    await hospital.signIn(browser, {
      url: `${hospital.server.issuer}/apps`,
      html: await appsPage(),
      verifier: '',
    });
    const code = await authorize(hospital.server.issuer, { browser, scope });
    const { body } = await redeem(hospital.server.issuer, code);
    expect((await refresh(hospital.server.issuer, body.refresh_token)).status).toBe(200);
    const now = { preferred_username: 'other', name: 'Dr Olga Fox', fhirUser: 'Practitioner/d3' };
    await signInAs('o-1', { ...now, groups: ['clinicians'] });
    expect(await account('olga')).toMatchObject({
      ...{ name: 'Dr Olga Fox', role: 'practitioner', fhirUser: 'Practitioner/d3', username: 'olga' },
    });
    expect(hospital.server.audit).toContainEqual(
      expect.objectContaining({
        ...{ type: 'account.changed', change: 'updated', provider: 'hospital' },
        fields: 'name role fhirUser',
      }),
    );
    expect((await refresh(hospital.server.issuer, body.refresh_token)).body.error).toBe('invalid_grant');
  });

  async function appsPage(): Promise<string> {
    return (await new CookieBrowser().get(`${hospital.server.issuer}/apps`)).text();
  }
});

describe('the person in FHIR, by a number the provider gives', () => {
  let fhir: Server;
  const seen: string[] = [];
  const found = new Map([
    ['urn:staff|77', ['d77']],
    ['urn:staff|88', ['d88', 'd89']],
    [String.raw`urn:staff|9\,77`, []],
  ]);
  const port = 3997;
  const base = `http://localhost:${port}/fhir`;
  beforeAll(async () => {
    fhir = createServer((request, response) => {
      const url = new URL(request.url ?? '', base);
      seen.push(url.pathname + url.search);
      const ids = found.get(url.searchParams.get('identifier') ?? '') ?? [];
      const entry = ids.map((id) => ({ resource: { resourceType: 'Practitioner', id } }));
      response.end(JSON.stringify({ resourceType: 'Bundle', type: 'searchset', entry }));
    });
    await new Promise<void>((resolve) => void fhir.listen(port, '127.0.0.1', resolve));
  });
  afterAll(() => new Promise((resolve) => void fhir.close(resolve)));

  const hospital = hospitalOn(
    'embedded',
    { createAccounts: true, claims: { ...CLAIMS, identifier: { claim: 'employee', system: 'urn:staff' } } },
    { fhirServers: [{ id: 'main', url: base }] },
  );

  test.each([
    ['one', '77', undefined],
    ['two', '88', 'We cannot tell who you are'],
    ['none, though it would be a list of two', '9,77', 'We cannot tell who you are'],
  ])('%s', async (_how, employee, refusal) => {
    const browser = new CookieBrowser();
    const claims = { preferred_username: `e${employee}`, name: 'E', groups: 'clinicians', employee };
    hospital.idp.person = { sub: `e-${employee}`, claims };
    const at = await hospital.begin(browser, { params: { aud: base } });
    const { html } = await hospital.signIn(browser, at);
    expect(seen.some((asked) => asked.startsWith('/fhir/Practitioner?identifier=urn%3Astaff%7C'))).toBe(true);
    const made = await createAccountStore(hospital.server.vault).findByUsername(`e${employee}`);
    if (refusal === undefined) expect(made?.fhirUser).toBe('Practitioner/d77');
    else expect(textOf(html)).toContain(refusal);
  });
});
