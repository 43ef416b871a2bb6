import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pino } from 'pino';

import { createGatehouse, type Gatehouse, type GatehouseOptions } from '../../src/app.ts';
import type { AuditRecord } from '../../src/audit/index.ts';
import { configSchema, type ConfigInput } from '../../src/config/index.ts';
import { createAccount } from '../../src/identity/index.ts';
import type { OverloadWatch } from '../../src/http/index.ts';
import {
  createAccountStore,
  createVault,
  openEmbeddedStore,
  openKeyRing,
  openRedisStore,
  type StoreDriver,
  type Vault,
} from '../../src/store/index.ts';
import { freePort } from './ports.ts';
import { startRedis, type RedisOptions, type RedisServer } from './redis-server.ts';

export const STORE_SECRET = 'test-store-secret-0123456789-abcdefghijklmnop';
export const FHIR = 'http://localhost:3999/fhir';
export const DRIVERS = ['embedded', 'redis'] as const;
export type DriverName = (typeof DRIVERS)[number];

/** A store that outlives the servers on it, so that a test can restart one. */
export interface TestStore {
  open(): Promise<StoreDriver>;
  dispose(): Promise<void>;
  /** Where its files are, if it writes any. */
  readonly dataDir: string;
  readonly redis?: RedisServer;
}

export async function testStore(driver: DriverName, options: RedisOptions = {}): Promise<TestStore> {
  if (driver === 'redis') {
    const redis = await startRedis(options);
    return {
      open: () => openRedisStore(redis.url, () => undefined),
      dispose: () => redis.stop(),
      dataDir: redis.dataDir,
      redis,
    };
  }
  const dir = await mkdtemp(path.join(tmpdir(), 'gatehouse-test-'));
  return {
    open: async () => openEmbeddedStore(dir),
    dispose: () => rm(dir, { recursive: true, force: true }),
    dataDir: dir,
  };
}

export interface TestServer {
  readonly issuer: string;
  readonly managementUrl: string;
  readonly driver: StoreDriver;
  /** What the server keeps, as it reads it. */
  readonly vault: Vault;
  readonly audit: AuditRecord[];
  readonly gatehouse: Gatehouse;
  /** Where it keeps records of what people decided. */
  readonly dataDir: string;
  close(): Promise<void>;
}

const PEOPLE = [
  { username: 'amy', name: 'Amy Shaw', role: 'patient', fhirUser: 'Patient/p1' },
  { username: 'ben', name: 'Ben Ode', role: 'patient', fhirUser: 'Patient/p2' },
  { username: 'dora', name: 'Dr Dora Singh', role: 'practitioner', fhirUser: 'Practitioner/d1' },
] as const;
export const PASSWORD = 'correct horse battery';

/**
 * Server and test share a process here, and it may have to wait for its machine: nothing is shed. The test of that
 * brings its own watch.
 */
const NEVER_TOO_MUCH: OverloadWatch = { lag: () => 0, stop: () => undefined };

const hashes = new Map<string, ReturnType<typeof createAccount>>();

/** Starts a whole server on loopback. The same `port` again makes a restart look like one to its clients. */
export async function startGatehouse(
  store: Pick<TestStore, 'open'>,
  overrides: Partial<ConfigInput> = {},
  port?: number,
  options: Pick<GatehouseOptions, 'clientKeys' | 'checks' | 'overload' | 'logoutWaitsMs' | 'auditDisk'> & {
    readonly log?: GatehouseOptions['log'];
  } = {},
): Promise<TestServer> {
  const publicPort = port ?? (await freePort());
  const issuer = overrides.issuer ?? `http://localhost:${publicPort}`;
  const records = await mkdtemp(path.join(tmpdir(), 'gatehouse-records-'));
  const config = configSchema.parse({
    issuer,
    listen: { host: '127.0.0.1', port: publicPort },
    management: { port: 0 },
    secrets: { store: STORE_SECRET, cookies: ['test-cookie-key-0123456789-abcdefghijklmnop'] },
    fhirServers: [{ id: 'main', name: 'Test FHIR', url: FHIR }],
    ...overrides,
    store: { dataDir: records, ...overrides.store },
    // Tests have refused in a minute what nobody has, and look at each record.
    audit: { alikePerMinute: 0, ...overrides.audit },
  });
  const driver = await store.open();
  const vault = await withPeople(driver).catch(async (error: unknown) => {
    await driver.close();
    throw error;
  });
  const audit: AuditRecord[] = [];
  const sink = {
    name: 'test',
    write: async (record: AuditRecord) => void audit.push(record),
    close: async () => undefined,
  };
  const log = pino({ level: process.env['TEST_LOG'] ?? 'silent' });
  const gatehouse = await createGatehouse({
    config,
    driver,
    log,
    auditSinks: [sink],
    viewsDir: path.resolve('views'),
    overload: NEVER_TOO_MUCH,
    ...options,
  });
  const { managementPort } = await gatehouse.listen();
  const managementUrl = `http://127.0.0.1:${managementPort}`;
  const close = async (): Promise<void> => {
    await gatehouse.close();
    await rm(records, { recursive: true, force: true });
  };
  const { dataDir } = config.store;
  return { issuer, managementUrl, driver, vault, audit, gatehouse, dataDir, close };
}

/** The vault of a store in which the people of the tests have accounts. */
async function withPeople(driver: StoreDriver): Promise<Vault> {
  const vault = await testVault(driver);
  await addPeople(vault);
  return vault;
}

export async function testVault(driver: StoreDriver): Promise<Vault> {
  const { keys } = await openKeyRing(driver, [Buffer.from(STORE_SECRET)]);
  return createVault(driver, keys);
}

/** The people of the tests, where they are not there yet. */
export async function addPeople(vault: Vault): Promise<void> {
  const accounts = createAccountStore(vault);
  for (const person of PEOPLE) {
    if (await accounts.findByUsername(person.username)) continue;
    const made = hashes.get(person.username) ?? createAccount(person, PASSWORD);
    hashes.set(person.username, made);
    await accounts.add(await made);
  }
}
