import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import {
  ASSERTION_TYPE,
  PUBLIC_APP,
  RESOURCE_SERVER,
  RS_SECRET,
  REDIRECT,
  basic,
  keyedClient,
} from '../../support/clients.ts';
import { authorize, postForm, type TokenAnswer } from '../../support/flow.ts';
import { startGatehouse, testStore, type TestServer, type TestStore } from '../../support/gatehouse.ts';
import { freePort } from '../../support/ports.ts';

const CALLERS = 50;
/** More on demand: `RACE_ROUNDS=200 npm run jest test/protocol/nodes`. */
const ROUNDS = Number(process.env['RACE_ROUNDS'] ?? 5);
const BACKEND = await keyedClient('backend', 'ES384');

describe.each([
  ['one node', 1],
  ['three nodes', 3],
])('races on %s of one Redis', (_what, count) => {
  let store: TestStore;
  let issuer: string;
  const nodes: { readonly server: TestServer; readonly url: string }[] = [];
  beforeAll(async () => {
    store = await testStore('redis');
    const ports = await Promise.all(Array.from({ length: count }, () => freePort()));
    issuer = `http://localhost:${ports[0] ?? 0}`;
    // What fails here fails on purpose, and often.
    const limits = { failuresPerAddress: 0, tokensPerClient: 0, authorizationsPerAddress: 0 };
    const config = {
      issuer,
      limits,
      trustProxy: true,
      clients: [PUBLIC_APP, RESOURCE_SERVER, BACKEND.registration],
    };
    for (const port of ports) {
      nodes.push({ server: await startGatehouse(store, config, port), url: `http://localhost:${port}` });
    }
  });
  afterAll(async () => {
    for (const { server } of nodes) await server.close();
    await store.dispose();
  });

  /** The address of one of the nodes, in turn. */
  const node = (at: number): string => nodes[at % nodes.length]?.url ?? '';
  /** As a balancer in front would: every node is asked under the name of the whole. */
  const post = (url: string, form: Record<string, string>, headers: Record<string, string> = {}) =>
    postForm(url, form, {
      ...headers,
      'x-forwarded-host': new URL(issuer).host,
      'x-forwarded-proto': 'http',
    });
  const atOnce = (send: (url: string) => Promise<TokenAnswer>): Promise<TokenAnswer[]> =>
    Promise.all(Array.from({ length: CALLERS }, (_, at) => send(node(at))));
  const isActive = async (token: string): Promise<unknown[]> =>
    Promise.all(
      nodes.map(
        async ({ url }) =>
          (await post(`${url}/introspect`, { token }, basic('fhir-server', RS_SECRET))).body['active'],
      ),
    );
  const codeForm = async (): Promise<Record<string, string>> => {
    const { code, verifier } = await authorize(issuer);
    const fixed = { grant_type: 'authorization_code', client_id: 'public-app', redirect_uri: REDIRECT };
    return { ...fixed, code, code_verifier: verifier };
  };
  const told = (answers: readonly TokenAnswer[]): Record<string, number> => {
    const counts: Record<string, number> = {};
    for (const { status, body } of answers) {
      const what = `${status} ${body.error ?? 'tokens'}`;
      counts[what] = (counts[what] ?? 0) + 1;
    }
    return counts;
  };
  const rounds = Array.from({ length: ROUNDS }, (_, at) => at + 1);

  test.each(rounds)(
    `[F24] [A100] ${CALLERS} redemptions of one code, round %i: one wins, and its tokens die`,
    async () => {
      const form = await codeForm();
      const answers = await atOnce((url) => post(`${url}/token`, form));
      expect(told(answers)).toEqual({ '200 tokens': 1, '400 invalid_grant': CALLERS - 1 });
      const winner = answers.find(({ status }) => status === 200)?.body;
      expect(await isActive(winner?.access_token ?? '')).toEqual(nodes.map(() => false));
    },
  );

  test.each(rounds)(
    `[F25] [A162] ${CALLERS} refreshes with one token, round %i: one successor, identical bytes`,
    async () => {
      const { body } = await postForm(`${issuer}/token`, await codeForm());
      const form = {
        grant_type: 'refresh_token',
        client_id: 'public-app',
        refresh_token: body.refresh_token,
      };
      const answers = await atOnce((url) => post(`${url}/token`, form));
      expect(told(answers)).toEqual({ '200 tokens': CALLERS });
      expect(new Set(answers.map((answer) => JSON.stringify(answer.body))).size).toBe(1);
      expect(await isActive(answers[0]?.body.access_token ?? '')).toEqual(nodes.map(() => true));
    },
  );

  test.each(rounds)(`[F26] [A145] ${CALLERS} uses of one assertion, round %i: one wins`, async () => {
    const form = {
      grant_type: 'client_credentials',
      scope: 'system/Patient.rs',
      client_assertion_type: ASSERTION_TYPE,
      client_assertion: await BACKEND.assertion(`${issuer}/token`),
    };
    expect(told(await atOnce((url) => post(`${url}/token`, form)))).toEqual({
      '200 tokens': 1,
      '401 invalid_client': CALLERS - 1,
    });
  });

  test('[C2.3] [REV-07] what one node revokes is dead on all, while tokens are being made from it', async () => {
    const { body } = await postForm(`${issuer}/token`, await codeForm());
    const form = { grant_type: 'refresh_token', client_id: 'public-app', refresh_token: body.refresh_token };
    const [refreshed, revoked] = await Promise.all([
      post(`${node(0)}/token`, form),
      post(`${node(1)}/revoke`, { token: body.refresh_token, client_id: 'public-app' }),
    ]);
    expect(revoked.status).toBe(200);
    expect([200, 400]).toContain(refreshed.status);
    for (const token of [body.access_token, refreshed.body.access_token ?? 'none'])
      expect(await isActive(token)).toEqual(nodes.map(() => false));
  });
});
