import { request } from 'node:http';
import { describe, expect, test } from '@jest/globals';

import { appOf } from '../../support/app.ts';
import { PUBLIC_APP, RESOURCE_SERVER } from '../../support/clients.ts';
import { postForm } from '../../support/flow.ts';
import { gatehouseOn } from '../../support/suite.ts';

/** Everything that is served, and how it is asked for. */
const SERVED: readonly (readonly [method: 'GET' | 'POST', path: string])[] = [
  ['GET', '/authorize'],
  ['POST', '/authorize'],
  ['GET', '/authorize/some-interaction'],
  ['POST', '/token'],
  ['GET', '/jwks'],
  ['POST', '/introspect'],
  ['POST', '/revoke'],
  ['GET', '/logout'],
  ['POST', '/logout/confirm'],
  ['GET', '/logout/success'],
  ['POST', '/launches'],
  ['GET', '/interaction/some-interaction'],
  ['POST', '/interaction/some-interaction'],
  ['GET', '/.well-known/openid-configuration'],
  ['GET', '/.well-known/oauth-authorization-server'],
  ['GET', '/fhir/.well-known/smart-configuration'],
  ['GET', '/fhir-servers/main/.well-known/smart-configuration'],
];

const encoded = (letter: string): string => `%${letter.charCodeAt(0).toString(16)}`;
const SPELLINGS: Readonly<Record<string, (path: string) => string>> = {
  'with a capital letter': (path) => path.replace(/[a-z]/, (letter) => letter.toUpperCase()),
  'in capital letters': (path) => path.toUpperCase(),
  'with a slash behind it': (path) => `${path}/`,
  'with two slashes behind it': (path) => `${path}//`,
  'with two slashes before it': (path) => `/${path}`,
  'with a doubled slash at its end': (path) => path.replace(/\/(?=[^/]*$)/, '//'),
  'with its first letter encoded': (path) => path.replace(/[a-z]/, encoded),
  'with its last letter encoded': (path) => path.replace(/[a-z]$/, encoded),
  'with an encoded slash behind it': (path) => `${path}%2f`,
  'with a dot before it': (path) => `/.${path}`,
};

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
}

/** Sends the path as it stands, which no fetch does. */
function ask(issuer: string, method: string, path: string, accept: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(issuer);
    const headers = { accept, 'content-type': 'application/x-www-form-urlencoded' };
    const sent = request({ hostname, port, method, path, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text }),
      );
    });
    sent.on('error', reject).end();
  });
}

/** What two answers have in common that differ in reference and time only. */
function shapeOf({ status, headers, text }: Answer, reference = /[A-Za-z0-9_-]{14}(?=\)|<)/g): unknown {
  return {
    status,
    text: text.replace(reference, '…'),
    headers: { ...headers, date: '', 'x-request-id': '' },
  };
}

describe('a path that is not written to the letter', () => {
  const suite = gatehouseOn('embedded', () => ({ clients: [PUBLIC_APP, RESOURCE_SERVER] }));

  test.each(SERVED)('[C2.1] %s %s is served; spelled otherwise it is unknown', async (method, path) => {
    const { issuer } = suite.server;
    for (const accept of ['application/json', 'text/html']) {
      const unknown = await ask(issuer, method, '/nothing-here', accept);
      expect(unknown.status).toBe(404);
      expect(shapeOf(await ask(issuer, method, path, accept))).not.toEqual(shapeOf(unknown));
      for (const [how, spell] of Object.entries(SPELLINGS)) {
        const answer = await ask(issuer, method, spell(path), accept);
        expect({ how, ...(shapeOf(answer) as object) }).toEqual({ how, ...(shapeOf(unknown) as object) });
      }
    }
  });

  test('[C2.1] [A181] nothing is redeemed, told or ended at another spelling of an endpoint', async () => {
    const { issuer, audit } = suite.server;
    const app = appOf(issuer);
    const tokens = await app.newTokens();
    const form = { client_id: 'public-app', ...(await app.newCode()) };
    const before = audit.length;
    const statuses = async (path: string, sent: Record<string, string>): Promise<number> =>
      (await postForm(issuer + path, sent)).status;
    for (const path of ['/Token', '/token/', '/%74oken']) expect(await statuses(path, form)).toBe(404);
    for (const path of ['/Introspect', '/introspect/', '/REVOKE', '/revoke/']) {
      const token = { client_id: 'public-app', token: tokens.access_token };
      expect(await statuses(path, token)).toBe(404);
    }
    expect(audit.length).toBe(before);
    expect(await app.isActive(tokens.access_token)).toBe(true);
    expect((await app.token(form)).status).toBe(200);
  });
});
