import { describe, expect, test } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { decodeProtectedHeader } from 'jose';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parse } from 'yaml';

import { CookieBrowser } from '../support/browser.ts';
import { REDIRECT, basic, keyedClient } from '../support/clients.ts';
import { demoOn, expectRefusal, type DemoSuite } from '../support/demo-suite.ts';
import { backendToken } from '../support/ehr.ts';
import { authorizeUrl, pkce, postForm, textOf } from '../support/flow.ts';
import { DRIVERS } from '../support/gatehouse.ts';

const SCOPE = 'openid fhirUser launch/patient offline_access patient/Patient.rs patient/Observation.rs';

/** The words after the last colon: a secret or password that is shown once. */
const shownOnce = (printed: string): string => /shown this once: (\S+)/.exec(printed)?.[1] ?? '';

async function withFile<Result>(text: string, work: (file: string) => Promise<Result>): Promise<Result> {
  const dir = await mkdtemp(path.join(tmpdir(), 'gatehouse-cli-'));
  const file = path.join(dir, 'given.yaml');
  await writeFile(file, text);
  return work(file).finally(() => rm(dir, { recursive: true, force: true }));
}

async function authorizePage(suite: DemoSuite, clientId: string) {
  const { issuer, fhir } = suite.demo;
  const url = authorizeUrl(issuer, { clientId, params: { aud: fhir } }, pkce().challenge);
  const response = await new CookieBrowser().get(url);
  return {
    status: response.status,
    location: response.headers.get('location'),
    text: textOf(await response.text()),
  };
}

describe.each(DRIVERS)('clients on the command line while the demo runs, on %s', (driver) => {
  const suite = demoOn(driver);
  const app = ['--name', 'Ward App', '--redirect-uri', REDIRECT, '--scope', SCOPE];
  let secret = '';

  test('[CRG-08] add by options: the secret is made, printed once, and works at the token endpoint', async () => {
    const { stdout, stderr } = await suite.demo.cli(
      ...['client', 'add', '--id', 'ward-app', ...app, '--auth', 'client_secret_basic'],
    );
    secret = shownOnce(stdout);
    expect(stdout).toMatch(/^client ward-app was added\n/);
    expect(secret).toMatch(/^[\w-]{43}$/);
    expect(`${stdout}${stderr}${suite.demo.output()}`.split(secret)).toHaveLength(2);

    const { status, body } = await suite.launch({ clientId: 'ward-app', redirectUri: REDIRECT, secret });
    expect({ status, patient: body['patient'] }).toEqual({ status: 200, patient: 'amy-shaw' });
    const wrong = await postForm(
      `${suite.demo.issuer}/introspect`,
      { token: body.access_token },
      basic('ward-app', `${secret}x`),
    );
    expect({ status: wrong.status, error: wrong.body.error }).toEqual({
      status: 401,
      error: 'invalid_client',
    });
  });

  test('[CRG-03] add by YAML file: the client id and what was registered come back, defaults included', async () => {
    const yaml = `client_id: file-app\nclient_name: File App\nredirect_uris: ['${REDIRECT}']\nscope: ${SCOPE}\n`;
    const printed = await withFile(yaml, (file) => suite.cli('client', 'add', '--file', file));
    const [said = '', ...confirmed] = printed.split('\n');
    expect(said).toBe('client file-app was added');
    expect(parse(confirmed.join('\n'))).toEqual({
      client_id: 'file-app',
      client_name: 'File App',
      redirect_uris: [REDIRECT],
      launch_uris: [],
      token_endpoint_auth_method: 'none',
      grant_types: ['authorization_code', 'refresh_token'],
      scope: SCOPE,
      application_type: 'web',
      consent: 'always',
      rights: [],
    });
    expect((await suite.launch({ clientId: 'file-app', redirectUri: REDIRECT })).status).toBe(200);
    expect(await suite.cli('client', 'add', '-f', 'config/clients.example.yaml')).toMatch(
      /^client ehr was added\n[^]*jwks/,
    );
  });

  test('[CRG-04] add a backend service with its public keys: it gets a token', async () => {
    const { issuer, fhir } = suite.demo;
    const service = await keyedClient('night-export', 'ES384');
    const options = ['--id', 'night-export', '--name', 'Night export', '--scope', 'system/*.rs'];
    await withFile(JSON.stringify({ keys: [service.publicJwk] }), (file) =>
      suite.cli('client', 'add', ...options, '--auth', 'private_key_jwt', '--jwks', file),
    );
    const { status, body } = await backendToken(issuer, service, 'system/Patient.rs');
    expect({ status, scope: body.scope }).toEqual({ status: 200, scope: 'system/Patient.rs' });
    const read = await fetch(`${fhir}/Patient?_count=1`, {
      headers: { authorization: `Bearer ${body.access_token}` },
    });
    expect(read.status).toBe(200);
  });

  test('list: a table and JSON lines, with where each is from, and no secret in either', async () => {
    const shown = await suite.cli('client', 'list');
    expect(shown).toMatch(/^CLIENT +NAME +AUTHENTICATION +FROM +STATE\n/);
    expect(shown).toMatch(/^ward-app +Ward App +client_secret_basic +stored +enabled$/m);
    expect(shown).toMatch(/^my-health +My Health +none +configured +enabled$/m);
    const json = await suite.cli('client', 'list', '--json');
    const all = json
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(all).toContainEqual(
      expect.objectContaining({ client_id: 'ward-app', source: 'stored', disabled: false, scope: SCOPE }),
    );
    expect(`${shown}${json}`).not.toMatch(/client_secret"|sha256:|"d":/);
    expect(`${shown}${json}`).not.toContain(secret);
  });

  test('[REV-06] disable: tokens end at once, /authorize shows the error page, enable lets it work again', async () => {
    const { body } = await suite.launch({ clientId: 'file-app', redirectUri: REDIRECT });
    expect(await suite.isActive(body.access_token)).toBe(true);
    expect(await suite.cli('client', 'disable', 'file-app')).toMatch(
      /^client file-app is disabled; \d+ grant/,
    );
    expect(await suite.isActive(body.access_token)).toBe(false);
    const renewed = await postForm(`${suite.demo.issuer}/token`, {
      ...{ grant_type: 'refresh_token', refresh_token: body.refresh_token, client_id: 'file-app' },
    });
    expect({ status: renewed.status, error: renewed.body.error }).toEqual({
      status: 401,
      error: 'invalid_client',
    });
    const page = await authorizePage(suite, 'file-app');
    expect(page).toMatchObject({ status: 400, location: null });
    expect(page.text).toMatch(/invalid_client/);
    expect(await suite.cli('client', 'list')).toMatch(/^file-app .* disabled$/m);

    expect(await suite.cli('client', 'enable', 'file-app')).toBe('client file-app is enabled\n');
    expect(await suite.isActive(body.access_token)).toBe(false);
    expect((await suite.launch({ clientId: 'file-app', redirectUri: REDIRECT })).status).toBe(200);
  });

  test('[REV-06] a configured client can be disabled, and let work again', async () => {
    const { body } = await suite.launch();
    await suite.cli('client', 'disable', 'my-health');
    expect(await suite.isActive(body.access_token)).toBe(false);
    expect((await authorizePage(suite, 'my-health')).status).toBe(400);
    await suite.cli('client', 'enable', 'my-health');
    expect((await suite.launch()).status).toBe(200);
  });

  test('remove: a configured client is refused, an added one is gone with its tokens', async () => {
    expectRefusal(
      await suite.demo.cli('client', 'remove', 'my-health'),
      /^gatehouse: client my-health is in the configuration file; remove it there, or disable it here\n$/,
    );
    expect((await suite.launch()).status).toBe(200);

    const { body } = await suite.launch({ clientId: 'file-app', redirectUri: REDIRECT });
    expect(await suite.cli('client', 'remove', 'file-app')).toMatch(
      /^client file-app was removed; \d+ grant/,
    );
    expect(await suite.isActive(body.access_token)).toBe(false);
    expect((await authorizePage(suite, 'file-app')).text).toMatch(/invalid_client/);
    expect(await suite.cli('client', 'list')).not.toContain('file-app');
    expectRefusal(
      await suite.demo.cli('client', 'remove', 'file-app'),
      /^gatehouse: there is no client file-app\n$/,
    );
  });
});

describe.each(DRIVERS)('people and keys on the command line while the demo runs, on %s', (driver) => {
  const suite = demoOn(driver);

  test('add: the password is made, printed once, and signs in', async () => {
    const options = ['--username', 'erin', '--name', 'Erin Shaw', '--role', 'patient'];
    const { stdout, stderr } = await suite.demo.cli(
      ...['user', 'add', ...options, '--fhir-user', 'Patient/chloe-shaw'],
    );
    const password = shownOnce(stdout);
    expect(stdout).toMatch(/^user erin was added\n/);
    expect(`${stdout}${stderr}${suite.demo.output()}`.split(password)).toHaveLength(2);
    const { status, body } = await suite.launch({ username: 'erin', password });
    expect({ status, patient: body['patient'] }).toEqual({ status: 200, patient: 'chloe-shaw' });
  });

  test('add with a password from a file, with or without the newline at its end; a name is taken once', async () => {
    const options = [
      '--username',
      'Frank',
      '--name',
      'Frank',
      '--role',
      'patient',
      '--fhir-user',
      'Patient/ben-okafor',
    ];
    const add = (text: string) =>
      withFile(text, (file) => suite.demo.cli('user', 'add', ...options, '--password-file', file));
    const first = await add('correct horse battery\n');
    expect(first).toMatchObject({ code: 0, stdout: 'user Frank was added\n' });
    expect(`${first.stdout}${first.stderr}`).not.toContain('correct horse battery');
    expectRefusal(await add('another horse battery'), /^gatehouse: user Frank exists already\n$/);
    expect((await suite.launch({ username: 'frank', password: 'correct horse battery' })).status).toBe(200);
    await expect(suite.launch({ username: 'frank', password: 'another horse battery' })).rejects.toThrow(
      'answered 422',
    );
  });

  test('[A080] set-password: the old one is no longer taken, the new one is, and none that is easily guessed', async () => {
    const set = (text: string) =>
      withFile(text, (file) => suite.demo.cli('user', 'set-password', 'frank', '--password-file', file));
    expectRefusal(await set('frankfrankfrankfrank'), /^gatehouse: the password is one of the first/);
    const done = await set('another horse battery');
    expect(done).toMatchObject({ code: 0, stdout: 'user frank has another password\n' });
    const { status } = await suite.launch({ username: 'frank', password: 'another horse battery' });
    expect(status).toBe(200);
    await expect(suite.launch({ username: 'frank', password: 'correct horse battery' })).rejects.toThrow(
      'answered 422',
    );
  });

  test('factors, reset-factors, reset-code: what there is, refused where there is nothing, and a code that is shown once', async () => {
    expect(await suite.cli('user', 'factors', 'carla')).toBe('FACTOR  NAME  SINCE  LAST USED\n');
    expectRefusal(
      await suite.demo.cli('user', 'reset-factors', 'carla'),
      /^gatehouse: user carla has no other factor than the password\n$/,
    );
    const { stdout, stderr } = await suite.demo.cli('user', 'reset-code', 'carla');
    const code = shownOnce(stdout);
    expect(code).toMatch(/^\d{8}$/);
    expect(stderr).toContain('"change":"reset-code"');
    expect(`${stdout}${stderr}${suite.demo.output()}`.split(code)).toHaveLength(2);
    expectRefusal(
      await suite.demo.cli('user', 'reset-code', 'nobody'),
      /^gatehouse: there is no user nobody\n$/,
    );
  });

  test('list: everybody, sorted, and no password or hash', async () => {
    const shown = await suite.cli('user', 'list');
    expect(shown).toMatch(/^USERNAME +NAME +ROLE +FHIR +STATE\n/);
    expect(shown).toMatch(/^erin +Erin Shaw +patient +Patient\/chloe-shaw +enabled$/m);
    expect(shown).toMatch(/^carla +Dr Carla Reyes +practitioner +Practitioner\/carla-reyes +enabled$/m);
    expect(shown).not.toMatch(/argon2|demo-amy-1|u-/);
  });

  test('[REV-06] disable: tokens end at once and sign-in is refused; enable lets the person in again', async () => {
    const { body } = await suite.launch({ username: 'ben' });
    const read = () =>
      fetch(`${suite.demo.fhir}/Patient/ben-okafor`, {
        headers: { authorization: `Bearer ${body.access_token}` },
      });
    expect((await read()).status).toBe(200);
    expect(await suite.cli('user', 'disable', 'ben')).toMatch(/^user ben is disabled; 1 grant\(s\) ended\n$/);
    expect(await suite.isActive(body.access_token)).toBe(false);
    expect((await read()).status).toBe(401);
    await expect(suite.launch({ username: 'ben' })).rejects.toThrow('The user name or password is not right');
    expect(await suite.cli('user', 'list')).toMatch(/^ben .* disabled$/m);

    expect(await suite.cli('user', 'enable', 'ben')).toBe('user ben is enabled\n');
    expect(await suite.isActive(body.access_token)).toBe(false);
    expect((await suite.launch({ username: 'ben' })).status).toBe(200);
  });

  const kidOf = (printed: string, status: string): string =>
    new RegExp(`^(\\S+) +RS256 +${status} `, 'm').exec(printed)?.[1] ?? '';
  const published = async (): Promise<string[]> => {
    const response = await fetch(`${suite.demo.issuer}/jwks`);
    const { keys } = (await response.json()) as { keys: { kid: string }[] };
    return keys.map(({ kid }) => kid);
  };
  const signer = async (): Promise<string | undefined> => {
    const { body } = await suite.launch();
    return decodeProtectedHeader(String(body['id_token'])).kid;
  };

  test('keys rotate: the running server publishes the new key within 2 s and signs with the one that was next', async () => {
    const before = await suite.cli('keys', 'list');
    expect(await signer()).toBe(kidOf(before, 'active'));
    expectRefusal(
      await suite.demo.cli('keys', 'rotate'),
      /^gatehouse: the next key was made just now, and who keeps our keys does not know it: wait \d+ s, or add --now\n$/,
    );
    const { code, stdout: after, stderr } = await suite.demo.cli('keys', 'rotate', '--now');
    const rotatedAt = performance.now();
    expect(code).toBe(0);
    expect(kidOf(after, 'active')).toBe(kidOf(before, 'next'));
    expect(kidOf(after, 'retired')).toBe(kidOf(before, 'active'));
    expect(kidOf(before, 'next')).not.toBe('');
    expect(`${before}${after}${stderr}`).not.toMatch(/"(d|p|q)"|PRIVATE|jwk/);

    const fresh = kidOf(after, 'next');
    while (!(await published()).includes(fresh) && performance.now() - rotatedAt < 2000) await delay(50);
    const all = [...after.matchAll(/^(sig-\S+) +(?:RS256|ES256) /gm)].map(([, kid]) => kid);
    expect(all).toHaveLength(6);
    expect((await published()).sort()).toEqual(all.sort());
    expect(await signer()).toBe(kidOf(after, 'active'));
    expect(await suite.cli('keys', 'list')).toBe(after);
  });
});
