// `npm run bench -- store [--tokens 1000000]`: bytes of Redis memory for each token and grant, and the commands that each
// flow sends. Prints tables, writes bench-results/store.json, and ends with one line of JSON.
import { mkdirSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Redis } from 'ioredis';
import type { Adapter, AdapterPayload } from 'oidc-provider';

import { grantWords } from '../../src/compose-provider.ts';
import {
  createGrantIndex,
  createProviderAdapter,
  createVault,
  key,
  newGrantId,
  newTokenText,
  openKeyRing,
  openRedisStore,
  runInRequestScope,
  type GrantWords,
  type RequestScope,
  type StoreKeys,
  type Vault,
} from '../../src/store/index.ts';
import { usCoreScopes } from '../../src/smart/index.ts';
import { machine } from './process.ts';
import { measureTrips } from './trips.ts';
import { startRedis } from '../support/redis-server.ts';

const { values } = parseArgs({ options: { tokens: { type: 'string', default: '1000000' } } });
const MANY = Number(values.tokens);
const FEW = 10_000;
const BATCH = 400;
const TTL = 3600;
const GRANT_TTL = 100 * 24 * 3600;
const EIGHT =
  'launch openid fhirUser offline_access patient/Patient.rs patient/Observation.rs patient/Condition.rs patient/Encounter.rs';
const SECRET = Buffer.from('a store secret for measuring, of no use to anybody');

interface Memory {
  readonly bytesPerToken: { readonly few: number; readonly many: number };
  readonly bytesPerGrant: { readonly eightScopes: number; readonly usCore: number };
  /** The answer to the last refresh, kept while it can be repeated: beside the grant, and not counted with it. */
  readonly bytesPerGraceCopy: number;
}

async function measureMemory(): Promise<Memory> {
  const redis = await startRedis();
  const driver = await openRedisStore(redis.url, () => undefined);
  const client = new Redis(redis.url);
  const { keys } = await openKeyRing(driver, [SECRET]);
  const vault = createVault(driver, keys);
  const words = grantWords({ fhirServers: [] }, keys);
  const made: Made = { keys, words };
  const adapter = createProviderAdapter({
    vault,
    grants: createGrantIndex(driver, GRANT_TTL),
    grantTtlSeconds: GRANT_TTL,
    words,
    trust: { unsureBefore: () => 0, endedAt: () => 0 },
    msLeft: () => Infinity,
    findClient: async () => undefined,
  });
  const used = async (): Promise<number> =>
    Number(/used_memory:(\d+)/.exec(await client.info('memory'))?.[1]);
  const grow = async (count: number, make: (at: number) => Promise<unknown>): Promise<number> => {
    const before = await used();
    for (let at = 0; at < count; at += BATCH)
      await Promise.all(Array.from({ length: Math.min(BATCH, count - at) }, (_, of) => make(at + of)));
    return Math.round(((await used()) - before) / count);
  };
  const inRequest = (work: (scope: RequestScope) => Promise<unknown>): Promise<unknown> =>
    runInRequestScope(
      vault,
      { deadTtlSeconds: GRANT_TTL, graceSeconds: 0, purpose: 'token' as const },
      async (scoped) => {
        await work(scoped);
        return scoped.commit('succeeded');
      },
    );
  // The grant is at hand, as in every request that makes a token, and is counted with the grants.
  const token = (scope: string) => (at: number) =>
    inRequest(async ({ grants }) => {
      const grantId = newGrantId();
      grants.set(grantId, grantOf(made, grantId, scope, at));
      await adapter('AccessToken').upsert(...tokenOf(made, 'AccessToken', grantId, scope, at), TTL);
    });
  const grant = (scope: string) => (at: number) => inRequest(() => writeGrant(adapter, made, scope, at));
  const few = await grow(FEW, token(EIGHT));
  const many = await grow(MANY - FEW, token(EIGHT));
  await client.flushall();
  const eightScopes = await grow(FEW, grant(EIGHT));
  await client.flushall();
  const usCore = await grow(FEW / 10, grant(usCoreScopes(['patient']).join(' ')));
  const bytesPerGraceCopy = await graceCopy(adapter, vault, made, client);
  await client.quit();
  await driver.close();
  await redis.stop();
  return { bytesPerToken: { few, many }, bytesPerGrant: { eightScopes, usCore }, bytesPerGraceCopy };
}

const SERVER = 'https://ehr.example/fhir/r4';

/** What grants and tokens are made with. */
interface Made {
  readonly keys: StoreKeys;
  readonly words: GrantWords;
}

/** As the authorization endpoint makes it. */
function grantOf({ words }: Made, id: string, scope: string, at: number): AdapterPayload {
  const smart = {
    context: { patient: '87a339d0-8cae-418e-89c7', encounter: 'enc-20261121-7' },
    fhirUser: `${SERVER}/Practitioner/19`,
    fhirBaseUrl: SERVER,
    reference: 'kq7h-3mzt-9w2c',
    scope,
    lifetimeSeconds: GRANT_TTL,
    madeAt: 1795262400000,
  };
  const owner = { clientId: 'growth-chart-web', accountId: `u-account-${at}` };
  const times = { iat: 1795262400, exp: 1803902400 };
  const grant = { jti: id, kind: 'Grant', ...owner, ...times, smart };
  return { ...grant, ...words.ofGrant(grant) };
}

/** As the token endpoint makes it of that grant. */
function tokenOf(
  { keys, words }: Made,
  kind: 'AccessToken' | 'RefreshToken',
  grantId: string,
  scope: string,
  at: number,
): [text: string, payload: AdapterPayload] {
  const text = newTokenText(keys, kind, grantId);
  const said = words.ofToken(kind, grantId, grantOf({ keys, words }, grantId, scope, at));
  const own = { gty: 'authorization_code', sessionUid: 'n3Q0TTsSUl8lXNbvYzjMC' };
  return [text, { ...said, ...own, jti: text, iat: 1795262400, exp: 1795266000 }];
}

async function writeGrant(
  adapter: (model: string) => Adapter,
  made: Made,
  scope: string,
  at: number,
): Promise<void> {
  const id = newGrantId();
  await adapter('Grant').upsert(id, grantOf(made, id, scope, at), GRANT_TTL);
  await adapter('AccessToken').upsert(...tokenOf(made, 'AccessToken', id, scope, at), TTL);
  await adapter('RefreshToken').upsert(...tokenOf(made, 'RefreshToken', id, scope, at), GRANT_TTL);
}

async function graceCopy(
  adapter: (model: string) => Adapter,
  vault: Vault,
  made: Made,
  client: Redis,
): Promise<number> {
  const id = newGrantId();
  const options = { deadTtlSeconds: GRANT_TTL, graceSeconds: 300, purpose: 'token' as const };
  const texts = [0, 1].map((generation) => newTokenText(made.keys, 'RefreshToken', id, generation));
  const [first = '', second = ''] = texts;
  const payload = tokenOf(made, 'RefreshToken', id, EIGHT, 0)[1];
  await runInRequestScope(vault, options, async (scoped) => {
    await adapter('Grant').upsert(id, grantOf(made, id, EIGHT, 0), GRANT_TTL);
    await adapter('RefreshToken').upsert(first, { ...payload, exp: 1999999999, jti: first }, GRANT_TTL);
    return scoped.commit('succeeded');
  });
  const access = tokenOf(made, 'AccessToken', id, EIGHT, 0)[0];
  const context = {
    patient: '87a339d0-8cae-418e-89c7',
    encounter: 'enc-20261121-7',
    need_patient_banner: true,
  };
  const answer = {
    access_token: access,
    expires_in: 3600,
    refresh_token: second,
    scope: EIGHT,
    token_type: 'Bearer',
  };
  await runInRequestScope(vault, options, async (scoped) => {
    await adapter('RefreshToken').find(first);
    await adapter('RefreshToken').consume(first);
    await adapter('RefreshToken').upsert(second, { ...payload, exp: 1999999999, jti: second }, GRANT_TTL);
    return scoped.commit('succeeded', JSON.stringify({ ...answer, ...context }));
  });
  return Number(await client.memory('USAGE', key.answer(id), 'SAMPLES', '0'));
}

const memory = await measureMemory();
const trips = await measureTrips();
await delay(100);
const BARS = { bytesPerToken: 1024, bytesPerGrant: 4096 };
/** Round trips for the protocol, of each flow that was measured. */
const MOST_TRIPS: Readonly<Record<string, number>> = {
  'launch, from authorize to token': 12,
  'refresh, public client': 3,
  'refresh, client with a secret': 3,
  client_credentials: 2,
  introspection: 1,
  'introspection with a backend token': 2,
};
const missed = [
  ...(Math.max(...Object.values(memory.bytesPerToken)) > BARS.bytesPerToken ? ['bytes of a token'] : []),
  ...(memory.bytesPerGrant.eightScopes > BARS.bytesPerGrant ? ['bytes of a grant'] : []),
  // A flow without a bar is one that nobody has thought about.
  ...Object.entries(trips).flatMap(([flow, { protocol }]) =>
    protocol > (MOST_TRIPS[flow] ?? 0) ? [flow] : [],
  ),
];
process.exitCode = missed.length === 0 ? 0 : 1;
const figures = {
  ...machine(),
  tokens: { few: FEW, many: MANY },
  ...memory,
  trips,
  bars: { ...BARS, trips: MOST_TRIPS },
  missed,
};
mkdirSync('bench-results', { recursive: true });
writeFileSync('bench-results/store.json', `${JSON.stringify(figures, null, 2)}\n`);
process.stdout.write(
  [
    `an access token: ${memory.bytesPerToken.few} bytes at ${FEW}, ${memory.bytesPerToken.many} at ${MANY} (bar 1024)`,
    `a grant with refresh token, access token and indexes: ${memory.bytesPerGrant.eightScopes} bytes (bar 4096)`,
    `the same with every patient scope of US Core: ${memory.bytesPerGrant.usCore} bytes`,
    `beside a grant, while its last refresh can be repeated: ${memory.bytesPerGraceCopy} bytes more`,
    ...Object.entries(trips).map(
      ([flow, { protocol, others, commands }]) =>
        `${flow}: ${protocol} round trips for the protocol, ${others} for clients and accounts; ${commands} commands`,
    ),
    missed.length === 0 ? 'every bar is met' : `missed: ${missed.join(', ')}`,
    JSON.stringify(figures),
    '',
  ].join('\n'),
);
