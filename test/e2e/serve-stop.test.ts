import { afterEach, describe, expect, test } from '@jest/globals';
import http from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';

import { CookieBrowser } from '../support/browser.ts';
import { RS_SECRET, basic } from '../support/clients.ts';
import { authorize, openScreen, postForm, redeem, refresh } from '../support/flow.ts';
import { PASSWORD } from '../support/gatehouse.ts';
import { runGatehouse } from '../support/process.ts';
import {
  COOKIE_KEY,
  SERVED_CLIENTS,
  STORE_SECRET,
  addAmy,
  serveFolder,
  startServe,
  type Serve,
  type ServeFolder,
} from '../support/serve.ts';

const CALLER = basic('fhir-server', RS_SECRET);

let folder: ServeFolder;
let server: Serve;
afterEach(async () => {
  await server.stop();
  await folder.remove();
});

async function startWithAmy(): Promise<void> {
  folder = await serveFolder((yaml) => yaml + SERVED_CLIENTS);
  server = await startServe(folder);
  await addAmy(folder);
}

/** One request on a connection of its own: its status, or how the connection failed. */
function send(url: string, form: Record<string, string | string[]>, headers: http.OutgoingHttpHeaders) {
  return new Promise<number | string>((resolve) => {
    const body = new URLSearchParams(
      Object.entries(form).flatMap(([name, value]) => [value].flat().map((one) => [name, one])),
    );
    const request = http.request(url, {
      method: 'POST',
      agent: false,
      headers: { ...headers, 'content-type': 'application/x-www-form-urlencoded' },
    });
    request.on('response', (response) => {
      response.on('error', (error) => resolve(error.message));
      response.resume().on('end', () => resolve(response.statusCode ?? 0));
    });
    request.on('error', (error) => resolve((error as NodeJS.ErrnoException).code ?? error.message));
    request.end(body.toString());
  });
}

describe('serve stops without dropping anything', () => {
  test('[F20] SIGTERM under load: every request is answered, not ready before the end, exit code 0 within 5 s', async () => {
    await startWithAmy();
    const { issuer, management } = server;
    const browsers = await Promise.all(Array.from({ length: 12 }, () => openScreen(issuer, 'login')));
    const cookies = browsers.map(({ browser, url }) => browser.cookieHeader(url));
    // Each sign-in costs an argon2 hash, so these are still at it when the signal comes.
    const answers = browsers.map(({ url, fields }, at) =>
      send(
        url,
        { ...fields, username: 'amy', password: PASSWORD },
        { cookie: cookies[at], origin: issuer, 'sec-fetch-site': 'same-origin' },
      ),
    );
    for (let more = 0; more < 40; more += 1)
      answers.push(send(`${issuer}/introspect`, { token: `unknown-${more}` }, CALLER));
    await answers.at(-1);
    const late = Array.from({ length: 20 }, (_, at) =>
      send(`${issuer}/introspect`, { token: `late-${at}` }, CALLER),
    );
    const asked = performance.now();
    const stopped = server.stop();
    const statuses: (number | string)[] = [];
    const readiness = [];
    while ((await Promise.race([stopped, delay(10)])) === undefined)
      readiness.push((await fetch(`${management}/health/ready`).catch(() => undefined))?.status);
    statuses.push(...(await Promise.all([...answers, ...late])));
    expect(await stopped).toBe(0);
    expect(performance.now() - asked).toBeLessThan(5000);
    expect(statuses.filter((status) => typeof status === 'string' || status >= 400)).toEqual([]);
    expect(readiness).toContain(503);
    expect(await send(`${issuer}/introspect`, { token: 'too-late' }, CALLER)).toBe('ECONNREFUSED');
  });

  test('[F20] an idle connection does not hold it up', async () => {
    await startWithAmy();
    const agent = new http.Agent({ keepAlive: true });
    await new Promise((resolve) =>
      http.get(`${server.issuer}/jwks`, { agent }, (response) => response.resume().on('end', resolve)),
    );
    const silent = http.request(`${server.issuer}/jwks`, {
      method: 'POST',
      headers: { 'content-length': 10 },
    });
    silent.on('error', () => undefined);
    const asked = performance.now();
    expect(await server.stop()).toBe(0);
    expect(performance.now() - asked).toBeLessThan(5000);
    silent.destroy();
    agent.destroy();
  });
});

describe('what serve writes to its log', () => {
  test('no secret, password, code, token, state or cookie of a whole flow is in it', async () => {
    await startWithAmy();
    const { issuer } = server;
    const person = { username: 'amy', password: PASSWORD };
    await expect(authorize(issuer, { ...person, password: 'not-the-password-8c7d' })).rejects.toThrow('422');
    const browser = new CookieBrowser();
    const authorized = await authorize(issuer, { ...person, browser });
    const { body: first } = await redeem(issuer, authorized);
    const { body: second } = await refresh(issuer, first.refresh_token);
    const token = second.access_token;
    expect((await postForm(`${issuer}/introspect`, { token }, CALLER)).body).toMatchObject({ active: true });
    expect((await redeem(issuer, authorized)).status).toBe(400);
    await postForm(`${issuer}/revoke`, { token, client_id: 'public-app' });
    await fetch(`${issuer}/nothing-here?token=${token}&code=${authorized.code}`, {
      headers: { authorization: `Bearer ${token}` },
    });
    await postForm(`${issuer}/introspect`, { token }, basic('fhir-server', `${RS_SECRET}-wrong`));
    const config = await runGatehouse(['client', 'list', '--json', '--config', folder.config]);
    expect(await server.stop()).toBe(0);

    const log = `${server.said.stdout}${server.said.stderr}`;
    const lines = log
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.map((line) => line.audit?.type)).toEqual(
      expect.arrayContaining(['server.start', 'sign-in', 'server.stop']),
    );
    const secrets = {
      ...{
        STORE_SECRET,
        COOKIE_KEY,
        RS_SECRET,
        PASSWORD,
        wrong: 'not-the-password-8c7d',
        code: authorized.code,
      },
      ...{ verifier: authorized.verifier, basic: CALLER.authorization.slice(6), state: 'state-1234567890' },
      ...{
        access1: first.access_token,
        refresh1: first.refresh_token,
        access2: token,
        refresh2: second.refresh_token,
      },
      idToken: String(first['id_token']).split('.')[2] ?? '',
      cookies: browser.cookieHeader(issuer).split('=')[1] ?? '',
    };
    for (const [name, secret] of Object.entries(secrets)) {
      expect({ name, length: secret.length > 8 }).toEqual({ name, length: true });
      expect({ name, leaked: log.includes(secret) || config.stdout.includes(secret) }).toEqual({
        name,
        leaked: false,
      });
    }
  });
});
