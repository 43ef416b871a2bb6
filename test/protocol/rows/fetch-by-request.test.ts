import { once } from 'node:events';
import { createServer, connect, type AddressInfo, type Server } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { SignJWT } from 'jose';

import { expectRefused } from '../../support/audited.ts';
import { CookieBrowser } from '../../support/browser.ts';
import { PUBLIC_APP, REDIRECT, keyedClient } from '../../support/clients.ts';
import { authorizeUrl, pkce } from '../../support/flow.ts';
import { gatehouseOn } from '../../support/suite.ts';

const KEYED = await keyedClient('keyed-app', 'ES384', {
  ...{ redirect_uris: [REDIRECT], grant_types: ['authorization_code'], scope: String(PUBLIC_APP.scope) },
});
/** More than a connection to this machine takes. */
const WAITED_MS = 200;

describe('an address for us to fetch', () => {
  const suite = gatehouseOn('embedded', () => ({ clients: [PUBLIC_APP, KEYED.registration] }));
  let listener: Server;
  let connections = 0;
  beforeAll(async () => {
    listener = createServer((socket) => {
      connections += 1;
      socket.destroy();
    }).listen(0, '127.0.0.1');
    await once(listener, 'listening');
  });
  afterAll(() => void listener.close());
  const there = (path = '/object'): string =>
    `http://127.0.0.1:${(listener.address() as AddressInfo).port}${path}`;
  const objectThatPoints = (): Promise<string> =>
    new SignJWT({ request_uri: there(), jwks_uri: there(), client_id: 'keyed-app' })
      .setProtectedHeader({ alg: 'ES384', kid: 'keyed-app-key', jku: there(), x5u: there() })
      .sign(KEYED.privateKey);

  const rows: readonly (readonly [string, string, string, () => Promise<string> | string])[] = [
    ['request_uri', 'on this machine', 'request_uri_not_supported', () => there()],
    ['request_uri', 'with user info', 'request_uri_not_supported', () => there().replace('//', '//a:b@')],
    ['request_uri', 'of cloud metadata', 'request_uri_not_supported', () => 'http://169.254.169.254/latest/'],
    ['request_uri', 'of a file', 'request_uri_not_supported', () => 'file:///etc/passwd'],
    [
      'request_uri',
      'that was pushed',
      'request_uri_not_supported',
      () => 'urn:ietf:params:oauth:request_uri:x',
    ],
    ['request', 'in place of an object', 'request_not_supported', () => there()],
    ['request', 'in its header and claims', 'request_not_supported', objectThatPoints],
    [
      'registration',
      'for keys',
      'registration_not_supported',
      () => JSON.stringify({ jwks_uri: there(), sector_identifier_uri: there(), logo_uri: there() }),
    ],
  ];
  test.each(rows)(
    '[A056] [audited] %s %s: refused at the app, and nobody connects',
    async (name, _where, error, make) => {
      const params = { [name]: await make() };
      const url = authorizeUrl(suite.server.issuer, { clientId: 'keyed-app', params }, pkce().challenge);
      const before = connections;
      let answer: Response | undefined;
      await expectRefused(suite.server.audit, {
        ...{ id: 'A056', what: name, status: 303, type: 'authorize' },
        ask: async () => (answer = await new CookieBrowser().get(url)),
        reason: new RegExp(`^${error}`),
        more: { clientId: 'keyed-app' },
      });
      const to = new URL(String(answer?.headers.get('location')));
      expect([to.origin + to.pathname, to.searchParams.get('error')]).toEqual([REDIRECT, error]);
      await delay(WAITED_MS);
      expect(connections).toBe(before);
      expect(JSON.stringify(suite.server.audit)).not.toContain(String(params[name]));
    },
  );

  test('[A056] the socket of these tests would have seen it', async () => {
    const before = connections;
    const { port } = listener.address() as AddressInfo;
    await once(connect(port, '127.0.0.1'), 'close');
    expect(connections).toBe(before + 1);
  });
});
