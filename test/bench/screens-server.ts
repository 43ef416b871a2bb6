// The server that `npm run bench -- screens` measures: passwords are hashed next to nothing, nothing is throttled, and the
// FHIR server answers from memory.
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { pino } from 'pino';

import { createGatehouse } from '../../src/app.ts';
import { configSchema } from '../../src/config/index.ts';
import { createAccount } from '../../src/identity/index.ts';
import { createAccountStore, createVault, openKeyRing, openRedisStore } from '../../src/store/index.ts';
import { freePort } from '../support/ports.ts';
import { beMeasured } from './measured-server.ts';
import { cheapHash, unthrottled } from './next-to-nothing.ts';
import type { ScreensOrders } from './screens.ts';

const SECRET = 'a store secret for measuring, of no use to anybody';
const { redisUrl, fhir, redirect, password, scope } = JSON.parse(process.argv[2] ?? '') as ScreensOrders;

const patient = (at: number) => ({
  ...{ resourceType: 'Patient', id: `p${at}`, gender: 'female', birthDate: `19${70 + at}-02-20` },
  name: [{ text: `Amy Number ${at} Shaw` }],
  identifier: [{ type: { coding: [{ code: 'MR' }] }, value: `10${at}` }],
});
const entry = Array.from({ length: 20 }, (_, at) => ({ resource: patient(at) }));
globalThis.fetch = async (input) => {
  const isSearch = /Patient\?/.test(String(input instanceof Request ? input.url : input));
  const body = isSearch ? { resourceType: 'Bundle', type: 'searchset', entry } : patient(1);
  return Response.json(body, { headers: { 'content-type': 'application/fhir+json' } });
};
beMeasured(await start());

async function start(): Promise<{ issuer: string }> {
  const port = await freePort();
  const issuer = `http://localhost:${port}`;
  const config = configSchema.parse({
    issuer,
    listen: { host: '127.0.0.1', port },
    management: { port: 0 },
    store: { dataDir: await mkdtemp(path.join(tmpdir(), 'gatehouse-bench-')) },
    secrets: { store: SECRET, cookies: ['only-for-this-bench-0123456789-abcdefghijkl'] },
    fhirServers: [{ id: 'main', url: fhir }],
    limits: { authorizationsPerAddress: 0, failuresPerAddress: 0 },
    clients: [{ client_id: 'public-app', client_name: 'Public App', redirect_uris: [redirect], scope }],
  });
  const driver = unthrottled(await openRedisStore(redisUrl, () => undefined));
  const { keys } = await openKeyRing(driver, [Buffer.from(SECRET)]);
  const dora = { username: 'dora', name: 'Dr Dora Singh', role: 'practitioner' } as const;
  const account = await createAccount({ ...dora, fhirUser: 'Practitioner/d1' }, password);
  const passwordHash = await cheapHash(password);
  await createAccountStore(createVault(driver, keys)).add({ ...account, passwordHash });
  const log = pino({ level: 'silent' });
  const gatehouse = await createGatehouse({
    config,
    driver,
    log,
    auditSinks: [],
    viewsDir: path.resolve('views'),
  });
  await gatehouse.listen();
  return { issuer };
}
