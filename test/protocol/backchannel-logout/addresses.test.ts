import { expect, test } from '@jest/globals';
import { isIP } from 'node:net';

import { createAuditRecorder, type AuditRecord } from '../../../src/audit/index.ts';
import { createClientHosts, clientRegistration } from '../../../src/clients/index.ts';
import { loadOrCreateKeys } from '../../../src/keys/index.ts';
import { createLogoutTeller } from '../../../src/logout/index.ts';
import { systemStamp } from '../../../src/time/index.ts';
import { startToldApp } from '../../support/told-app.ts';

const ISSUER = 'https://auth.example';
const clock = (): number => 1_800_000_000;
const keyStore = { load: async () => undefined, create: async () => true, save: async () => true };
const keys = await loadOrCreateKeys(keyStore, clock);

/** Tells one app at this address, with a resolver of ours; how it went. */
async function tellAt(uri: string, address: string, allowPrivate: readonly string[] = []) {
  const records: AuditRecord[] = [];
  const sink = {
    name: 'test',
    write: async (one: AuditRecord) => void records.push(one),
    close: async () => {},
  };
  const logged: object[] = [];
  const registration = clientRegistration.parse({
    ...{ client_id: 'app', client_name: 'App', redirect_uris: ['https://app.example/cb'], scope: 'openid' },
    backchannel_logout_uri: uri,
  });
  const teller = createLogoutTeller({
    ...{ issuer: ISSUER, clock, signingKeys: () => keys, waitsMs: [] },
    apps: { note: async () => undefined, take: async () => [{ clientId: 'app', sid: 'sid-of-the-app' }] },
    clients: { find: async () => ({ registration, source: 'stored', disabled: false }) },
    audit: createAuditRecorder([sink], systemStamp, () => undefined),
    log: { warn: (details) => void logged.push(details) },
    hosts: createClientHosts(ISSUER, allowPrivate),
    lookup: async () => [{ address, family: isIP(address) }],
  });
  teller.tell({ accountId: 'u-1', uid: 'uid' });
  await teller.close(5000);
  return { records, logged };
}

test.each(['127.0.0.1', '10.0.0.1', '169.254.169.254', '::1', 'fd00::1'])(
  '[A155] an app at %s is not told, and its address is not connected to',
  async (address) => {
    const app = await startToldApp('app');
    const uri = `https://app.example:${new URL(app.url).port}/logged-out`;
    const { records, logged } = await tellAt(uri, address);
    await app.close();
    const reason = `it is at ${address}, a private address that clientKeys.allowPrivate does not name`;
    expect(records).toMatchObject([{ type: 'sign-out.told', outcome: 'failure', clientId: 'app', reason }]);
    expect(logged).toEqual([{ clientId: 'app', url: uri, reason }]);
    expect(app.requests).toBe(0);
    expect(JSON.stringify([records, logged])).not.toMatch(/eyJ|sid-of-the-app/);
  },
);

test('[A155] the operator may allow it; what is there has to speak TLS', async () => {
  const app = await startToldApp('app');
  const uri = `https://app.example:${new URL(app.url).port}/logged-out`;
  const { records } = await tellAt(uri, '127.0.0.1', ['app.example']);
  await app.close();
  expect(records).toMatchObject([{ outcome: 'failure', reason: expect.not.stringContaining('private') }]);
  expect(app.requests).toBe(0);
});

test('[CRG-07] http is for localhost, and only while we are there ourselves', async () => {
  const app = await startToldApp('app');
  const { records } = await tellAt(app.url, '127.0.0.1', ['localhost']);
  await app.close();
  expect(records).toMatchObject([{ outcome: 'failure', reason: 'it must be at an https URL' }]);
  expect(app.requests).toBe(0);
});
