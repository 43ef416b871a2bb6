import { beforeAll, describe, expect, test } from '@jest/globals';

import {
  ASSERTION_TYPE,
  PUBLIC_APP,
  RESOURCE_SERVER,
  RS_SECRET,
  basic,
  keyedClient,
  type KeyedClient,
} from '../../support/clients.ts';
import { authorize, postForm, redeem } from '../../support/flow.ts';
import { DRIVERS } from '../../support/gatehouse.ts';
import { gatehouseOn } from '../../support/suite.ts';

describe.each(DRIVERS)('introspection with a Bearer token on %s', (driver) => {
  let asker: KeyedClient;
  let other: KeyedClient;
  const suite = gatehouseOn(driver, async (issuer) => {
    const scope = `${issuer}/scopes/introspect system/*.rs`;
    asker = await keyedClient('asker', 'ES384', { scope, rights: ['introspect'] });
    other = await keyedClient('other', 'ES384', { scope });
    return { clients: [PUBLIC_APP, RESOURCE_SERVER, asker.registration, other.registration] };
  });

  const tokenOf = async (client: KeyedClient, scope: string): Promise<string> => {
    const { issuer } = suite.server;
    const { body } = await postForm(`${issuer}/token`, {
      grant_type: 'client_credentials',
      scope,
      client_assertion_type: ASSERTION_TYPE,
      client_assertion: await client.assertion(`${issuer}/token`),
    });
    return body.access_token;
  };
  const ask = (bearer: string, form: Record<string, string>) =>
    postForm(`${suite.server.issuer}/introspect`, form, { authorization: `Bearer ${bearer}` });

  let bearer: string;
  let app: string;
  beforeAll(async () => {
    const { issuer } = suite.server;
    bearer = await tokenOf(asker, `${issuer}/scopes/introspect`);
    app = (await redeem(issuer, await authorize(issuer))).body.access_token;
  });

  test('[INT-08] [INT-09] [INT-12] it sees tokens of every client, with the answer of the other door', async () => {
    const backend = await tokenOf(other, 'system/Patient.rs');
    for (const token of [app, backend]) {
      const byBearer = await ask(bearer, { token });
      const bySecret = await postForm(
        `${suite.server.issuer}/introspect`,
        { token },
        basic('fhir-server', RS_SECRET),
      );
      expect(byBearer.status).toBe(200);
      expect(byBearer.body['active']).toBe(true);
      expect(byBearer.body).toEqual(bySecret.body);
    }
  });

  test('[INT-06] [INT-11] unknown and revoked tokens are inactive, and nothing more', async () => {
    for (const token of ['nonsense', 'gat_nonsense', `${app}x`]) {
      expect(await ask(bearer, { token })).toMatchObject({ status: 200, body: { active: false } });
    }
    const { issuer } = suite.server;
    const gone = (await redeem(issuer, await authorize(issuer))).body;
    await postForm(`${issuer}/revoke`, { token: gone.refresh_token, client_id: 'public-app' });
    expect((await ask(bearer, { token: gone.access_token })).body).toEqual({ active: false });
    expect((await ask(bearer, { token: gone.refresh_token })).body).toEqual({ active: false });
  });

  test('[INT-07] [INT-10] a token that may not ask is told why', async () => {
    const { issuer } = suite.server;
    const scope = `${issuer}/scopes/introspect`;
    const rows = [
      ['nonsense', 401, 'invalid_token'],
      [app, 401, 'invalid_token'],
      [await tokenOf(asker, 'system/Patient.rs'), 403, 'insufficient_scope'],
      [await tokenOf(other, scope), 403, 'insufficient_scope'],
    ] as const;
    for (const [token, status, error] of rows) {
      const answer = await ask(token, { token: app });
      expect({ status: answer.status, error: answer.body.error }).toEqual({ status, error });
      expect(answer.headers.get('www-authenticate')).toContain(
        `Bearer realm="introspection", error="${error}"`,
      );
      expect(answer.headers.get('cache-control')).toBe('no-store');
    }
  });

  test('[INT-07] [rfc6750§3.1] who shows nothing is told what to show, and the challenge has no error code', async () => {
    const answer = await postForm(`${suite.server.issuer}/introspect`, { token: app });
    expect([answer.status, answer.body.error]).toEqual([401, 'invalid_token']);
    expect(answer.body['error_description']).toMatch(
      /^a valid access token or client authentication is required/,
    );
    expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="introspection"');
  });

  test('[TOK-24] [INT-02] one way to authenticate, and a form', async () => {
    const two = await ask(bearer, { token: app, client_secret: 'x' });
    expect([two.status, two.body['error_description']]).toEqual([
      400,
      expect.stringMatching(/^authenticate the client in one way only/),
    ]);
    const json = await fetch(`${suite.server.issuer}/introspect`, {
      method: 'POST',
      headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' },
      body: JSON.stringify({ token: app }),
    });
    expect([json.status, await json.json()]).toMatchObject([
      400,
      { error_description: expect.stringMatching(/^send the token as application\/x-www-form-urlencoded/) },
    ]);
  });

  test('[INT-02] a request without a token is an error', async () => {
    expect(await ask(bearer, {})).toMatchObject({ status: 400, body: { error: 'invalid_request' } });
  });
});
