import { afterAll, describe, expect, test } from '@jest/globals';
import { decodeJwt, decodeProtectedHeader } from 'jose';

import { clientRegistration } from '../../../src/clients/index.ts';
import { createClientStore } from '../../../src/store/index.ts';
import { ASSERTION_TYPE, keyedClient } from '../../support/clients.ts';
import { backendToken } from '../../support/ehr.ts';
import { postForm, type TokenAnswer } from '../../support/flow.ts';
import { DRIVERS, testVault } from '../../support/gatehouse.ts';
import { startKeyHost } from '../../support/key-host.ts';
import { gatehouseOn } from '../../support/suite.ts';

const host = await startKeyHost();
const scope = 'system/Patient.rs system/Observation.rs';
const INLINE = await keyedClient('inline-backend', 'ES384', { scope });
const REMOTE = await keyedClient('remote-backend', 'RS384', { scope, jwks: undefined, jwks_uri: host.url });
const STORED = await keyedClient('stored-backend', 'ES384', { scope });
const STRANGER = await keyedClient('strange-backend', 'ES384', { scope });

describe.each(DRIVERS)('backend services on %s', (driver) => {
  const suite = gatehouseOn(driver, () => ({ clients: [INLINE.registration, REMOTE.registration] }));
  afterAll(() => (driver === DRIVERS.at(-1) ? host.close() : undefined));

  const tokenUrl = (): string => `${suite.server.issuer}/token`;
  const ask = (form: Record<string, string>): Promise<TokenAnswer> =>
    postForm(tokenUrl(), {
      ...{ grant_type: 'client_credentials', scope: 'system/Patient.rs' },
      ...form,
    });
  const told = ({ status, body }: TokenAnswer): string =>
    `${status} ${body.error}: ${String(body['error_description']).replace(/ \(reference .*/, '')}`;

  test('[G10-25] [CLI-13] [CLI-05] without jku the registered keys are used, those at a URL as long as it lets us', async () => {
    host.requests.length = 0;
    host.answer({ keys: [REMOTE.publicJwk], headers: { 'cache-control': 'max-age=600' } });
    for (const client of [INLINE, REMOTE, REMOTE]) {
      const assertion = await client.assertion(tokenUrl());
      expect(Object.keys(decodeProtectedHeader(assertion)).sort()).toEqual(['alg', 'kid', 'typ']);
      expect(Object.keys(decodeJwt(assertion)).sort()).toEqual(['aud', 'exp', 'iss', 'jti', 'sub']);
      const { status, body } = await backendToken(suite.server.issuer, client, 'system/Patient.rs');
      expect([status, body.scope, body['expires_in']]).toEqual([200, 'system/Patient.rs', 300]);
    }
    expect(host.requests).toHaveLength(1);
    // A key that is neither inline nor at the URL gets nothing, whoever it says it is.
    for (const clientId of ['inline-backend', 'remote-backend']) {
      const claims = { iss: clientId, sub: clientId };
      const kid = clientId === 'inline-backend' ? INLINE.publicJwk.kid : REMOTE.publicJwk.kid;
      const assertion = await STRANGER.assertion(tokenUrl(), claims, { kid });
      const refused = await ask({ client_assertion_type: ASSERTION_TYPE, client_assertion: assertion });
      expect([refused.status, refused.body.error]).toEqual([401, 'invalid_client']);
    }
  });

  test('[G10-25] scope stays within the registration, and has to be within system/', async () => {
    const beyond = await backendToken(suite.server.issuer, INLINE, 'system/Condition.rs patient/Patient.rs');
    expect(told(beyond)).toBe(
      '400 invalid_scope: none of the requested scopes can be granted: system/Condition.rs (not-registered), patient/Patient.rs (wrong-level)',
    );
    const narrowed = await backendToken(suite.server.issuer, INLINE, 'system/*.rs');
    expect([narrowed.status, narrowed.body.scope]).toEqual([200, scope]);
  });

  test('[BSV-14] [CLI-05] another assertion type, none, or an assertion that is none', async () => {
    const assertion = await INLINE.assertion(tokenUrl());
    const saml = 'urn:ietf:params:oauth:client-assertion-type:saml2-bearer';
    const attempts = [
      { client_assertion_type: saml, client_assertion: assertion },
      { client_assertion: assertion },
      { client_assertion_type: ASSERTION_TYPE },
      { client_assertion_type: ASSERTION_TYPE, client_assertion: 'x.y.z' },
      {
        client_assertion_type: ASSERTION_TYPE,
        client_assertion: `${assertion.slice(0, -20)}${'A'.repeat(20)}`,
      },
    ];
    const refused: string[] = [];
    for (const form of attempts) refused.push(told(await ask(form)));
    expect(refused).toEqual([
      `401 invalid_client: client_assertion_type must have value ${ASSERTION_TYPE}`,
      '401 invalid_client: client_assertion_type must be provided',
      '400 invalid_request: no client authentication mechanism provided',
      '401 invalid_client: invalid client_assertion format',
      '401 invalid_client: client authentication failed',
    ]);
    const form = { client_assertion_type: ASSERTION_TYPE, client_assertion: assertion };
    expect((await ask(form)).status).toBe(200);
  });

  test('[CLI-19] exp five minutes ahead is fine, ten minutes ahead is not', async () => {
    const now = Math.floor(Date.now() / 1000);
    const sent = async (exp: number) =>
      ask({
        client_assertion_type: ASSERTION_TYPE,
        client_assertion: await INLINE.assertion(tokenUrl(), { exp }),
      });
    expect((await sent(now + 300)).status).toBe(200);
    const far = await sent(now + 600);
    expect(told(far)).toBe('401 invalid_client: the assertion exp must be at most five minutes ahead');
    expect(far.body).not.toHaveProperty('access_token');
  });

  test('[CRG-05] registered keys are sealed: a record that was changed or moved is not believed', async () => {
    const { driver: store } = suite.server;
    const clients = createClientStore(await testVault(store));
    for (const { registration } of [STORED, STRANGER])
      await clients.add(clientRegistration.parse(registration));
    const status = async (): Promise<number> =>
      (await backendToken(suite.server.issuer, STORED, 'system/Patient.rs')).status;
    const forged = async (): Promise<TokenAnswer> => {
      const claims = { iss: 'stored-backend', sub: 'stored-backend' };
      return ask({
        client_assertion_type: ASSERTION_TYPE,
        client_assertion: await STRANGER.assertion(tokenUrl(), claims),
      });
    };
    expect(await status()).toBe(200);

    const [mine, theirs] = ['gh:{c.stored-backend}:client', 'gh:{c.strange-backend}:client'];
    const [good] = await store.getMany([mine]);
    const [other] = await store.getMany([theirs]);
    expect(Buffer.from(good!).toString('latin1')).not.toContain(String(STORED.publicJwk.x));
    const changed = Uint8Array.from(good!, (byte, at) => (at === good!.length - 20 ? byte ^ 1 : byte));
    for (const value of [other!, changed]) {
      await store.put({ key: mine, value });
      const answer = await forged();
      expect([answer.status, answer.body.error]).toEqual([500, 'server_error']);
      expect(await status()).toBe(500);
    }
    await store.put({ key: mine, value: good! });
    expect(await status()).toBe(200);
  });
});
