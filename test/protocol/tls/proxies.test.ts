import { request } from 'node:http';
import { describe, expect, test } from '@jest/globals';

import { configSchema } from '../../../src/config/index.ts';
import { PUBLIC_APP } from '../../support/clients.ts';
import { STORE_SECRET } from '../../support/gatehouse.ts';
import { gatehouseOn } from '../../support/suite.ts';

const FORM = 'grant_type=refresh_token&refresh_token=none&client_id=public-app';

/** A request to /token as this proxy passes it on. */
function passedOn(port: number, headers: Record<string, string>): Promise<number> {
  return new Promise((resolve, reject) => {
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    const asking = request(
      { port, path: '/token', method: 'POST', headers: { ...form, ...headers } },
      (response) => response.resume().once('end', () => resolve(response.statusCode ?? 0)),
    );
    asking.once('error', reject);
    asking.end(FORM);
  });
}

describe.each([
  ['is one of trustedProxies', ['192.0.2.0/24', '127.0.0.1', '::1'], true],
  ['is not', ['192.0.2.0/24'], false],
  ['is anybody, as none is named', [], true],
])('X-Forwarded-* of a proxy that %s', (_what, trustedProxies, isBelieved) => {
  const suite = gatehouseOn('embedded', () => ({ trustProxy: true, trustedProxies, clients: [PUBLIC_APP] }));

  test('[SEC-6] [A088] says who asks and under which name, or is not heard at all', async () => {
    const { host } = new URL(suite.server.issuer);
    const said = { 'x-forwarded-for': '203.0.113.9', 'x-forwarded-host': host };
    expect(await passedOn(suite.port, { host: 'inside.example', ...said })).toBe(isBelieved ? 400 : 421);
    expect(await passedOn(suite.port, { host, ...said })).toBe(400);
    const refused = suite.server.audit.findLast(({ type }) => type === 'token.refused');
    expect(refused?.address?.replace('::ffff:', '')).toBe(isBelieved ? '203.0.113.9' : '127.0.0.1');
  });
});

test('[SEC-6] trustedProxies without trustProxy, or of no addresses, is no configuration', () => {
  const issuesOf = (change: object) =>
    configSchema
      .safeParse({
        issuer: 'https://auth.example.org',
        secrets: { store: STORE_SECRET, cookies: ['test-cookie-key-0123456789-abcdefghijklmnop'] },
        fhirServers: [{ id: 'main', url: 'https://fhir.example.org/r4' }],
        ...change,
      })
      .error?.issues.map(({ path, message }) => `${path.join('.')} ${message}`);
  expect(issuesOf({ trustedProxies: ['10.0.0.1'] })).toEqual([
    'trustedProxies belongs with trustProxy: true',
  ]);
  expect(issuesOf({ trustProxy: true, trustedProxies: ['proxy.example'] })).toEqual([
    'trustedProxies.0 must be an address, or a range such as 10.20.0.0/16',
  ]);
});
