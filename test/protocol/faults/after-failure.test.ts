import { setTimeout as delay } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createGrantIndex } from '../../../src/store/index.ts';
import { appOf, until, untilReady } from '../../support/app.ts';
import { ASSERTION_TYPE, PUBLIC_APP, RESOURCE_SERVER, type KeyedClient } from '../../support/clients.ts';
import { announce, backendToken, ehrClient } from '../../support/ehr.ts';
import { authorize, postForm, redeem, refresh, type TokenAnswer } from '../../support/flow.ts';
import { startGatehouse, testStore, type TestServer, type TestStore } from '../../support/gatehouse.ts';
import { freePort } from '../../support/ports.ts';

const EVERY_SECOND = { appendOnly: true, args: ['--appendfsync', 'everysec'] };
/** A little longer than the time between two looks at the store. */
const LOOK_MS = 1300;

let store: TestStore;
let server: TestServer;
let ehr: KeyedClient;
beforeAll(async () => {
  const port = await freePort();
  const issuer = `http://localhost:${port}`;
  store = await testStore('redis', EVERY_SECOND);
  ehr = await ehrClient(issuer);
  server = await startGatehouse(store, { clients: [PUBLIC_APP, RESOURCE_SERVER, ehr.registration] }, port);
});
afterAll(async () => {
  await server?.close();
  await store?.dispose();
});

const introspect = (token: string): Promise<TokenAnswer> => appOf(server.issuer).introspect(token);
const told = ({ status, body }: TokenAnswer): string =>
  `${status} ${body.error}: ${String(body['error_description'])}`;

async function keysLike(pattern: string): Promise<string[]> {
  const answer = await store.redis!.tell(`KEYS ${pattern}`);
  return answer.split(/\r?\n/).filter((line) => line.startsWith('gh:'));
}

async function restartRedis(): Promise<void> {
  await store.redis!.kill();
  await store.redis!.restart();
  await untilReady(server.managementUrl);
}

test('[F04] [C2.8] after Redis may have lost its last second nothing for one use that was made before is accepted, and all else is', async () => {
  const { issuer } = server;
  const [before, held] = [await authorize(issuer), await redeem(issuer, await authorize(issuer))];
  const assertion = await ehr.assertion(`${issuer}/token`);
  const unsaid = await ehr.assertion(`${issuer}/token`, { iat: undefined, nbf: undefined });
  const token = (await backendToken(issuer, ehr, `${issuer}/scopes/launch`)).body.access_token;
  const { launch } = (await announce(issuer, token, { patient: 'p1' })).body;
  await delay(1100);
  await restartRedis();

  expect(told(await redeem(issuer, before))).toMatch(
    /^400 invalid_grant: the code was made before a failure of the server; send the user again/,
  );
  const show = (text: string): Promise<TokenAnswer> =>
    postForm(`${issuer}/token`, {
      ...{ grant_type: 'client_credentials', scope: 'system/Patient.rs' },
      ...{ client_assertion_type: ASSERTION_TYPE, client_assertion: text },
    });
  for (const text of [assertion, unsaid])
    expect(told(await show(text))).toMatch(
      /^401 invalid_client: the assertion may be from before a failure of the server; make a new one/,
    );
  const { callback } = await authorize(issuer, { scope: 'launch patient/Patient.rs', params: { launch } });
  expect(callback.searchParams.get('error_description')).toMatch(/^the launch is unknown, was used already/);

  expect((await introspect(held.body.access_token)).body).toMatchObject({ active: true });
  expect((await refresh(issuer, held.body.refresh_token)).status).toBe(200);
  expect((await introspect(token)).body).toMatchObject({ active: true });
  await delay(1100);
  expect(
    (await show(await ehr.assertion(`${issuer}/token`, { iat: Math.floor(Date.now() / 1000) }))).status,
  ).toBe(200);
  expect((await redeem(issuer, await authorize(issuer))).status).toBe(200);
});

describe('somebody writes into the store', () => {
  const alarms = async (): Promise<number> => {
    const page = await (await fetch(`${server.managementUrl}/metrics`)).text();
    return Number(/gatehouse_events_total\{type="store.seal-broken"[^}]*\} (\d+)/.exec(page)?.[1] ?? 0);
  };

  test('[A197] [audited] [SEC-11] an edited token, and one put in the place of another, is an alarm and never "inactive"', async () => {
    const { issuer } = server;
    const one = (await redeem(issuer, await authorize(issuer))).body;
    const keysNow = (): Promise<string[]> => keysLike('gh:{*}:at:*');
    const before = await keysNow();
    const other = (await redeem(issuer, await authorize(issuer))).body;
    const [place] = (await keysNow()).filter((key) => !before.includes(key));
    const [elsewhere] = before;
    const driver = server.driver;
    const [good] = await driver.getMany([place!]);
    const [theirs] = await driver.getMany([elsewhere!]);
    const edited = good!.map((byte, at) => (at === good!.length - 30 ? byte ^ 1 : byte));
    for (const value of [edited, theirs!, Buffer.from('{"active":true}')]) {
      const count = await alarms();
      await driver.put({ key: place!, value, ttlSeconds: 60 });
      const answer = await introspect(other.access_token);
      expect([answer.status, answer.body.error]).toEqual([500, 'server_error']);
      expect(answer.body).not.toHaveProperty('active');
      await until(async () => (await alarms()) === count + 1, 'the alarm was raised');
      expect(server.audit.findLast(({ type }) => type === 'store.seal-broken')).toMatchObject({
        outcome: 'failure',
        key: place,
      });
    }
    await driver.put({ key: place!, value: good!, ttlSeconds: 60 });
    expect((await introspect(other.access_token)).body).toMatchObject({ active: true });
    expect((await introspect(one.access_token)).body).toMatchObject({ active: true });
  });
});

test('[C2.3] [REV-10] a grant that the index of its owner lost ends with the others, within a second', async () => {
  const { issuer } = server;
  const { body } = await redeem(issuer, await authorize(issuer));
  const { sub: _sub, ...state } = (await introspect(body.access_token)).body;
  expect(state).toMatchObject({ active: true });
  const indexes = await keysLike('gh:{a.*}:grants');
  await server.driver.remove([indexes[0]!]);
  const accountId = /\{a\.([^}]+)\}/.exec(indexes[0]!)?.[1] ?? '';
  expect(await createGrantIndex(server.driver, 3600).revokeAllOf({ accountId })).toBe(0);
  await delay(LOOK_MS);
  expect((await introspect(body.access_token)).body).toEqual({ active: false });
  expect((await refresh(issuer, body.refresh_token)).body.error).toBe('invalid_grant');
  const again = await redeem(issuer, await authorize(issuer));
  expect((await introspect(again.body.access_token)).body).toMatchObject({ active: true });
});
