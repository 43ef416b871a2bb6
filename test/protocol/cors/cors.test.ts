import { describe, expect, test } from '@jest/globals';

import { styleDocument } from '../../../src/oidc/index.ts';
import { createClientStore } from '../../../src/store/index.ts';
import { PUBLIC_APP, REDIRECT, keyedClient, type KeyedClient } from '../../support/clients.ts';
import { backendToken } from '../../support/ehr.ts';
import { postForm } from '../../support/flow.ts';
import { gatehouseOn } from '../../support/suite.ts';

const OWN = new URL(REDIRECT).origin;
const LISTED = 'https://spa.example';
const FOREIGN = 'https://evil.example';
const DOCUMENTS = [
  '/jwks',
  '/.well-known/openid-configuration',
  '/.well-known/oauth-authorization-server',
  '/fhir-servers/main/.well-known/smart-configuration',
] as const;
const ENDPOINTS = ['/token', '/introspect', '/revoke'] as const;

describe('CORS', () => {
  let backend: KeyedClient;
  const suite = gatehouseOn('embedded', async () => {
    backend = await keyedClient('backend', 'ES384', { scope: 'system/*.rs', rights: ['introspect'] });
    const listed = { ...PUBLIC_APP, client_id: 'listed-app', allowed_origins: [LISTED] };
    return { clients: [PUBLIC_APP, listed, backend.registration] };
  });

  /** Where the style document is, as an app learns it. */
  const stylePath = (): string => new URL(styleDocument(suite.server.issuer).url).pathname;
  const preflight = (path: string, origin: string) =>
    fetch(suite.server.issuer + path, {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'content-type,authorization',
      },
    });

  test.each(ENDPOINTS)(
    '[CORS-02] [CORS-04] [CORS-05] a preflight of %s from a registered origin',
    async (path) => {
      for (const origin of [OWN, LISTED]) {
        const { status, headers } = await preflight(path, origin);
        expect(status).toBe(204);
        expect(headers.get('access-control-allow-origin')).toBe(origin);
        expect(headers.get('access-control-allow-methods')).toContain('POST');
        expect(headers.get('access-control-allow-headers')).toMatch(/authorization.*content-type/);
        expect(headers.get('vary')).toMatch(/origin/i);
        expect(headers.get('access-control-allow-credentials')).toBeNull();
      }
    },
  );

  test.each(ENDPOINTS)(
    '[CORS-09] [A192] a preflight of %s from nobody we know is told nothing',
    async (path) => {
      const { headers } = await preflight(path, FOREIGN);
      expect(headers.get('access-control-allow-origin')).toBeNull();
      expect(headers.get('access-control-allow-headers')).toBeNull();
      expect(headers.get('vary')).toMatch(/origin/i);
    },
  );

  test('[CORS-09] [A192] errors that belong to no client are not for strangers', async () => {
    const forms = [
      { grant_type: 'refresh_token', refresh_token: 'x', client_id: 'nobody' },
      { grant_type: 'x' },
      {},
    ];
    for (const form of forms) {
      for (const [origin, expected] of [
        [FOREIGN, null],
        [OWN, OWN],
      ] as const) {
        const { status, headers } = await postForm(`${suite.server.issuer}/token`, form, { origin });
        expect([400, 401]).toContain(status);
        expect(headers.get('access-control-allow-origin')).toBe(expected);
        expect(headers.get('vary')).toMatch(/origin/i);
      }
    }
  });

  test('[CORS-10] a request that is too long is told so to a registered origin', async () => {
    const long = {
      grant_type: 'refresh_token',
      client_id: 'public-app',
      refresh_token: 'x'.repeat(57 * 1024),
    };
    for (const [origin, expected] of [
      [OWN, OWN],
      [FOREIGN, null],
    ] as const) {
      const { status, body, headers } = await postForm(`${suite.server.issuer}/token`, long, { origin });
      expect([status, body['error']]).toEqual([413, 'invalid_request']);
      expect(headers.get('access-control-allow-origin')).toBe(expected);
    }
  });

  test.each([...DOCUMENTS, '/fhir/.well-known/smart-configuration', 'the style document'])(
    '[CORS-01] [CORS-04] [CORS-07] [A192] a preflight of %s from anywhere: everybody may read it, and nothing is repeated back',
    async (place) => {
      const path = place.startsWith('/') ? place : stylePath();
      const { status, headers } = await fetch(suite.server.issuer + path, {
        method: 'OPTIONS',
        headers: {
          origin: FOREIGN,
          'access-control-request-method': 'GET',
          'access-control-request-headers': 'x-made-up,authorization',
        },
      });
      expect([status, headers.get('access-control-allow-origin')]).toEqual([204, '*']);
      expect(headers.get('access-control-allow-methods')).toBe('GET');
      expect(headers.get('access-control-allow-headers')).toBe('*, accept, authorization, content-type');
      expect(headers.get('access-control-max-age')).toMatch(/^\d+$/);
      expect(headers.get('access-control-allow-credentials')).toBeNull();
    },
  );

  test('[CORS-10] [INT-08] [A192] a registered origin can read why a Bearer token may not introspect, a stranger cannot', async () => {
    const { issuer } = suite.server;
    const { body } = await backendToken(issuer, backend, 'system/Patient.rs');
    for (const [token, status, error] of [
      ['nonsense', 401, 'invalid_token'],
      [body.access_token, 403, 'insufficient_scope'],
    ] as const) {
      for (const [origin, expected] of [
        [OWN, OWN],
        [FOREIGN, null],
      ] as const) {
        const headers = { origin, authorization: `Bearer ${token}` };
        const answer = await postForm(`${issuer}/introspect`, { token: 'x' }, headers);
        expect([answer.status, answer.body.error]).toEqual([status, error]);
        expect(answer.headers.get('access-control-allow-origin')).toBe(expected);
        expect(answer.headers.get('access-control-expose-headers')).toBe(
          expected === null ? null : 'WWW-Authenticate',
        );
        expect(answer.headers.get('vary')).toMatch(/origin/i);
      }
    }
  });

  test('[CORS-05] the origin of a disabled client is nobody within a second', async () => {
    const clients = createClientStore(suite.server.vault);
    await clients.setDisabled('listed-app', true);
    await new Promise((resolve) => setTimeout(resolve, 1100));
    const { headers } = await preflight('/token', LISTED);
    expect(headers.get('access-control-allow-origin')).toBeNull();
    await clients.setDisabled('listed-app', false);
    await new Promise((resolve) => setTimeout(resolve, 1100));
    expect((await preflight('/token', LISTED)).headers.get('access-control-allow-origin')).toBe(LISTED);
  });

  test('[CORS-03] [CORS-10] errors can be read from the registered origin of this client, and from no other', async () => {
    const ask = (origin: string, clientId: string) =>
      postForm(
        `${suite.server.issuer}/token`,
        { grant_type: 'refresh_token', refresh_token: 'nonsense', client_id: clientId },
        { origin },
      );
    const own = await ask(OWN, 'public-app');
    expect(own.body.error).toBe('invalid_grant');
    expect(own.headers.get('access-control-allow-origin')).toBe(OWN);
    for (const [origin, clientId] of [
      [FOREIGN, 'public-app'],
      [OWN, 'listed-app'],
      [LISTED, 'public-app'],
    ] as const) {
      const answer = await ask(origin, clientId);
      expect(answer.headers.get('access-control-allow-origin')).toBeNull();
    }
  });

  test.each([...DOCUMENTS, 'the style document'])(
    '[CORS-01] [CORS-07] %s may be read from anywhere',
    async (place) => {
      const path = place.startsWith('/') ? place : stylePath();
      const { status, headers } = await fetch(suite.server.issuer + path, { headers: { origin: FOREIGN } });
      expect([status, headers.get('access-control-allow-origin')]).toEqual([200, '*']);
      expect(headers.get('access-control-allow-credentials')).toBeNull();
    },
  );

  test('[CORS-06] the authorize endpoint is for navigation only', async () => {
    const url = `${suite.server.issuer}/authorize`;
    for (const method of ['GET', 'OPTIONS']) {
      const { headers } = await fetch(url, { method, headers: { origin: OWN }, redirect: 'manual' });
      expect(headers.get('access-control-allow-origin')).toBeNull();
    }
  });
});
