import { request } from 'node:http';
import { describe, expect, test } from '@jest/globals';

import { configSchema, type ConfigInput } from '../../../src/config/index.ts';
import { PUBLIC_APP, RESOURCE_SERVER, RS_SECRET, basic } from '../../support/clients.ts';
import { authorize, postForm, refresh, redeem } from '../../support/flow.ts';
import { STORE_SECRET } from '../../support/gatehouse.ts';
import { gatehouseOn } from '../../support/suite.ts';

const SECURE = 'https://auth.example.org';

interface Raw {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: Record<string, unknown>;
}

// How a request arrives does not depend on the store.
describe('behind a proxy that ends TLS', () => {
  const suite = gatehouseOn('embedded', () => ({ issuer: SECURE, trustProxy: true, clients: [PUBLIC_APP] }));
  const proxied = { host: 'auth.example.org', 'x-forwarded-proto': 'https' };
  const send = (path: string, form?: Record<string, string>, headers: Record<string, string> = {}) =>
    raw(suite.port, path, { ...proxied, ...headers }, form);

  test('[GEN-03] every address that is published is https', async () => {
    for (const path of ['/fhir/.well-known/smart-configuration', '/.well-known/openid-configuration']) {
      const { status, body } = await send(path);
      expect(status).toBe(200);
      const urls = Object.entries(body).filter(([name]) => /(_endpoint|_uri|^issuer)$/.test(name));
      expect(urls.length).toBeGreaterThan(5);
      for (const [name, url] of urls)
        expect([name, url]).toEqual([name, expect.stringMatching(/^https:\/\//)]);
    }
  });

  test.each(['/token', '/introspect', '/revoke'])(
    '[GEN-03] POST %s is answered where it came, whatever a proxy says of its scheme; never redirected',
    async (path) => {
      const form = { client_id: 'public-app', grant_type: 'refresh_token', refresh_token: 'x', token: 'x' };
      for (const scheme of ['https', 'http']) {
        const { status, headers } = await send(path, form, { 'x-forwarded-proto': scheme });
        expect([scheme, status >= 200 && status < 300, status >= 300 && status < 400]).toEqual([
          scheme,
          path === '/revoke',
          false,
        ]);
        expect(headers['location']).toBeUndefined();
      }
      expect((await send(`${path}/`, form)).headers['location']).toBeUndefined();
    },
  );

  test.each<[string, Partial<ConfigInput>]>([
    ['issuer', { issuer: 'http://auth.example.org' }],
    ['fhirServers.0.url', { fhirServers: [{ id: 'main', url: 'http://fhir.example.org/r4' }] }],
  ])('[GEN-03] [GEN-01] %s in plain http is no configuration', (path, change) => {
    const good: ConfigInput = {
      issuer: SECURE,
      secrets: { store: STORE_SECRET, cookies: ['test-cookie-key-0123456789-abcdefghijklmnop'] },
      fhirServers: [{ id: 'main', url: 'https://fhir.example.org/r4' }],
    };
    expect(configSchema.safeParse(good).success).toBe(true);
    const problems = configSchema.safeParse({ ...good, ...change }).error?.issues ?? [];
    expect(problems.map((one) => [one.path.join('.'), one.message])).toEqual([
      [path, 'must use https; plain http is accepted on localhost only'],
    ]);
  });
});

describe('on loopback', () => {
  const suite = gatehouseOn('embedded', () => ({ clients: [PUBLIC_APP, RESOURCE_SERVER] }));

  test.each([(name: string) => name.toUpperCase(), (name: string) => name.toLowerCase()])(
    '[GEN-06] the names of headers are the same in any case (%#)',
    async (spell) => {
      const token = (await redeem(suite.server.issuer, await authorize(suite.server.issuer))).body
        .access_token;
      const ask = (secret: string): Promise<Raw> => {
        const headers = {
          [spell('Host')]: new URL(suite.server.issuer).host,
          [spell('Authorization')]: basic('fhir-server', secret).authorization,
        };
        return raw(suite.port, '/introspect', headers, { token }, spell('Content-Type'));
      };
      expect(await ask(RS_SECRET)).toMatchObject({ status: 200, body: { active: true, patient: 'p1' } });
      const refused = await ask(`${RS_SECRET}x`);
      expect(refused).toMatchObject({ status: 401, body: { error: 'invalid_client' } });
      expect(refused.body['error_description']).toMatch(/^client authentication failed/);
    },
  );

  test('[SEC-01] what RFC 9700 forbids is not there, and what it asks for is', async () => {
    const { issuer } = suite.server;
    const token = (form: Record<string, string>) =>
      postForm(`${issuer}/token`, { client_id: 'public-app', ...form });
    const password = await token({ grant_type: 'password', username: 'amy', password: 'x' });
    expect([password.status, password.body.error]).toEqual([400, 'unsupported_grant_type']);
    for (const type of ['token', 'id_token token']) {
      const { callback } = await authorize(issuer, { params: { response_type: type, nonce: 'n' } });
      expect(callback.hash).toMatch(/error=unsupported_response_type/);
    }
    const wider = authorize(issuer, { params: { redirect_uri: 'http://localhost:4999/cb/..' } });
    await expect(wider).rejects.toThrow(/the page answered 400/);

    const authorized = await authorize(issuer);
    expect(authorized.callback.searchParams.get('iss')).toBe(issuer);
    const { body: first } = await redeem(issuer, authorized);
    const { body: second } = await refresh(issuer, first.refresh_token);
    const { body: third } = await refresh(issuer, second.refresh_token);
    const stolen = await refresh(issuer, first.refresh_token);
    expect([stolen.status, stolen.body.error]).toEqual([400, 'invalid_grant']);
    expect(stolen.body['error_description']).toMatch(/^refresh token already used/);
    expect((await refresh(issuer, third.refresh_token)).body.error).toBe('invalid_grant');
  });
});

/** As a client that writes header names its own way; `fetch` writes all of them small. */
function raw(
  port: number,
  path: string,
  headers: Record<string, string>,
  form?: Record<string, string>,
  contentType = 'content-type',
): Promise<Raw> {
  const body = form === undefined ? undefined : new URLSearchParams(form).toString();
  const method = body === undefined ? 'GET' : 'POST';
  const more = body === undefined ? {} : { [contentType]: 'application/x-www-form-urlencoded' };
  return new Promise((resolve, reject) => {
    const sent = request(
      { host: '127.0.0.1', port, path, method, headers: { ...headers, ...more } },
      (answer) => {
        let text = '';
        answer.setEncoding('utf8').on('data', (part: string) => (text += part));
        answer.on('end', () => {
          const isJson = String(answer.headers['content-type']).includes('json');
          const parsed = (isJson && text !== '' ? JSON.parse(text) : {}) as Raw['body'];
          resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: parsed });
        });
      },
    );
    sent.once('error', reject);
    sent.end(body);
  });
}
