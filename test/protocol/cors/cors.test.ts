import { describe, expect, test } from '@jest/globals';

import { PUBLIC_APP, REDIRECT } from '../../support/clients.ts';
import { postForm } from '../../support/flow.ts';
import { gatehouseOn } from '../../support/suite.ts';

const OWN = new URL(REDIRECT).origin;
const LISTED = 'https://spa.example';
const FOREIGN = 'https://evil.example';
const ENDPOINTS = ['/token', '/introspect', '/revoke'] as const;

describe('CORS', () => {
  const suite = gatehouseOn('embedded', () => ({
    clients: [PUBLIC_APP, { ...PUBLIC_APP, client_id: 'listed-app', allowed_origins: [LISTED] }],
  }));

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

  test.each([
    '/jwks',
    '/.well-known/openid-configuration',
    '/fhir-servers/main/.well-known/smart-configuration',
  ])('[CORS-01] [CORS-07] %s may be read from anywhere', async (path) => {
    const { headers } = await fetch(suite.server.issuer + path, { headers: { origin: FOREIGN } });
    expect([FOREIGN, '*']).toContain(headers.get('access-control-allow-origin'));
    expect(headers.get('access-control-allow-credentials')).toBeNull();
  });

  test('[CORS-06] the authorize endpoint is for navigation only', async () => {
    const url = `${suite.server.issuer}/authorize`;
    for (const method of ['GET', 'OPTIONS']) {
      const { headers } = await fetch(url, { method, headers: { origin: OWN }, redirect: 'manual' });
      expect(headers.get('access-control-allow-origin')).toBeNull();
    }
  });
});
