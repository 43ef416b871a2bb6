import { describe, expect, test } from '@jest/globals';

import { expectRecorded } from '../../support/audited.ts';
import { CookieBrowser } from '../../support/browser.ts';
import { PUBLIC_APP, REDIRECT, RESOURCE_SERVER, RS_SECRET, basic } from '../../support/clients.ts';
import { authorize, authorizeUrl, pkce, postForm, redeem } from '../../support/flow.ts';
import { gatehouseOn } from '../../support/suite.ts';

const BOUNDARY = 'x-boundary-x';
type Fields = Readonly<Record<string, string>>;

function multipart(fields: Fields): string {
  const part = ([name, value]: [string, string]): string =>
    `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
  return `${Object.entries(fields).map(part).join('')}--${BOUNDARY}--\r\n`;
}

/** The same request in the ways that are no form. */
const KINDS: readonly (readonly [string, string, (fields: Fields) => string])[] = [
  ['JSON', 'application/json', (fields) => JSON.stringify(fields)],
  ['multipart', `multipart/form-data; boundary=${BOUNDARY}`, multipart],
  ['plain text', 'text/plain', (fields) => new URLSearchParams(fields).toString()],
  ['a type like the right one', 'application/x-www-form-urlencoded-too', (fields) => JSON.stringify(fields)],
];

describe.each(KINDS)('a request that is no form but %s', (_kind, type, write) => {
  const suite = gatehouseOn('embedded', () => ({ clients: [PUBLIC_APP, RESOURCE_SERVER] }));
  const send = (path: string, fields: Fields, headers: Fields = {}): Promise<Response> =>
    fetch(suite.server.issuer + path, {
      ...{ method: 'POST', redirect: 'manual', body: write(fields) },
      headers: { ...headers, 'content-type': type },
    });
  const told = async (answer: Response): Promise<unknown> => {
    const { error } = (await answer.json()) as { error?: string };
    return [[400, 401, 415].includes(answer.status), error];
  };

  test(`[A059] [audited] to /authorize: 415, and nothing begins`, async () => {
    const query = new URL(authorizeUrl(suite.server.issuer, {}, pkce().challenge)).searchParams;
    const answer = await expectRecorded(
      suite.server.audit,
      () => send('/authorize', Object.fromEntries(query)),
      {
        ...{ type: 'request.refused', more: { what: 'authorization' } },
        reason: /^the authorization request must be sent as application\/x-www-form-urlencoded/,
      },
    );
    expect([answer.status, answer.headers.get('location')]).toEqual([415, null]);
    const get = await new CookieBrowser().get(authorizeUrl(suite.server.issuer, {}, pkce().challenge));
    expect(get.status).toBe(303);
  });

  test(`[A059] [A113] [audited] to /token: refused, and the code stays good`, async () => {
    const { issuer, audit } = suite.server;
    const code = await authorize(issuer);
    const form = {
      ...{ grant_type: 'authorization_code', client_id: 'public-app', redirect_uri: REDIRECT },
      ...{ code: code.code, code_verifier: code.verifier },
    };
    const answer = await expectRecorded(audit, () => send('/token', form), {
      ...{ type: 'token.refused', reason: /^invalid_request: / },
    });
    expect(await told(answer)).toEqual([true, 'invalid_request']);
    expect(JSON.stringify(audit)).not.toContain(code.code);
    expect((await redeem(issuer, code)).status).toBe(200);
  });

  test.each([
    ['/introspect', 'introspection'],
    ['/revoke', 'revocation'],
  ])('[A059] [audited] to %s: refused, and the token lives on', async (path, what) => {
    const { issuer, audit } = suite.server;
    const { body } = await redeem(issuer, await authorize(issuer));
    const [fields, headers] =
      path === '/revoke'
        ? [{ token: body.access_token, client_id: 'public-app' }, {}]
        : [{ token: body.access_token }, basic('fhir-server', RS_SECRET)];
    const answer = await expectRecorded(audit, () => send(path, fields, headers), {
      ...{ type: 'request.refused', reason: /^invalid_request: /, more: { what } },
    });
    expect(await told(answer)).toEqual([true, 'invalid_request']);
    expect(JSON.stringify(audit)).not.toContain(body.access_token);
    const asked = await postForm(
      `${issuer}/introspect`,
      { token: body.access_token },
      basic('fhir-server', RS_SECRET),
    );
    expect(asked.body['active']).toBe(true);
  });
});
