import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Adapter, AdapterPayload } from 'oidc-provider';

import { grantWords } from '../../src/compose-provider.ts';
import {
  createGrantIndex,
  createGrantNarrowing,
  createProviderAdapter,
  createStoreKeys,
  createTokenReader,
  createVault,
  newGrantId,
  newTokenText,
  openRedisStore,
  runInRequestScope,
  type StoreDriver,
  type TokenKind,
} from '../../src/store/index.ts';
import { until } from '../support/app.ts';
import { grantOf, tokenOf } from './granted.ts';
import { startRedis, type RedisServer } from '../support/redis-server.ts';

const TTL = 3600;
const ROUNDS = 8;
const SCOPE = 'openid offline_access patient/Observation.rs patient/Condition.rs';
const LESS = 'openid offline_access patient/Condition.rs';
const keys = createStoreKeys(randomBytes(32));
const words = grantWords({ fhirServers: [] }, keys);
const trust = { unsureBefore: () => 0, endedAt: () => 0 };
const options = { deadTtlSeconds: TTL, graceSeconds: 30, purpose: 'token' } as const;
const now = Math.floor(Date.now() / 1000);

const grantNamed = (id: string): AdapterPayload => grantOf(words, id, SCOPE, TTL);
const tokenNamed = (kind: TokenKind, id: string, text: string): AdapterPayload =>
  tokenOf(words, kind, text, grantNamed(id));

describe('a grant that is narrowed while a refresh of it waits for a replica', () => {
  let primary: RedisServer;
  let replica: RedisServer;
  let here: StoreDriver;
  let there: StoreDriver;
  const isSafe = (): Promise<boolean> =>
    here.put({ key: 'gh:{probe}:record', value: Uint8Array.of(1), ttlSeconds: 9 }).then(
      () => true,
      () => false,
    );
  beforeAll(async () => {
    primary = await startRedis({ appendOnly: true, args: ['--repl-diskless-sync-delay', '0'] });
    replica = await startRedis({ args: ['--replicaof', `127.0.0.1 ${primary.port}`] });
    const open = (): Promise<StoreDriver> => openRedisStore(primary.url, () => undefined, { replicas: 1 });
    [here, there] = [await open(), await open()];
    await until(isSafe, 'a write is safe');
  });
  afterAll(async () => {
    await here?.close();
    await there?.close();
    await replica?.stop();
    await primary?.stop();
  });

  test('[C2.6] [REV-01] stays narrowed, whatever becomes of the refresh', async () => {
    const vault = createVault(here, keys);
    const adapter: (model: string) => Adapter = createProviderAdapter({
      ...{ vault, grants: createGrantIndex(here, TTL), grantTtlSeconds: TTL, trust, words },
      msLeft: () => Infinity,
      findClient: async () => undefined,
    });
    const narrow = createGrantNarrowing({ vault: createVault(there, keys), words, deadTtlSeconds: TTL });
    const reader = createTokenReader({ vault, trust, words, cacheBytes: 0 });
    /** A replica that has just come answers late for a while; then it is tried again. */
    const allowed = async (): Promise<Record<'id' | 'access' | 'refresh', string>> => {
      const id = newGrantId();
      const access = newTokenText(keys, 'AccessToken', id);
      const refresh = newTokenText(keys, 'RefreshToken', id, 0);
      const written = runInRequestScope(vault, options, async (scope) => {
        await adapter('Grant').upsert(id, grantNamed(id), TTL);
        await adapter('AccessToken').upsert(access, tokenNamed('AccessToken', id, access), TTL);
        await adapter('RefreshToken').upsert(refresh, tokenNamed('RefreshToken', id, refresh), TTL);
        return (await scope.commit('succeeded')).outcome;
      });
      return (await written.catch(() => 'not safe')) === 'committed' ? { id, access, refresh } : allowed();
    };
    const widened: string[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const { id, access, refresh } = await allowed();
      process.kill(replica.pid, 'SIGSTOP');
      const next = newTokenText(keys, 'RefreshToken', id, 1);
      const refreshing = runInRequestScope(vault, options, async (scope) => {
        const read = await adapter('RefreshToken').find(refresh);
        const grant = await adapter('Grant').find(id);
        await adapter('RefreshToken').consume(refresh);
        await adapter('RefreshToken').upsert(next, { ...read, jti: next }, TTL);
        await adapter('Grant').upsert(id, { ...grant, exp: now + 2 * TTL }, 2 * TTL);
        return scope.commit('succeeded', '{}');
      }).catch(() => undefined);
      await delay(80 + 4 * (round % 5));
      const narrowing = narrow(id, LESS).then(String, (error: unknown) => String(error));
      await refreshing;
      process.kill(replica.pid, 'SIGCONT');
      const narrowed = await narrowing;
      await delay(100);
      // It is right on as many servers as have it: also where too few have, it is not taken back.
      const scope = (await reader.read(access))?.scope ?? '';
      if (scope.includes('Observation')) widened.push(`round ${round}: ${narrowed}: ${scope}`);
    }
    expect(widened).toEqual([]);
  }, 60_000);
});
