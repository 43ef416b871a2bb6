import type { Redis } from 'ioredis';

import type { EpochSeconds } from '../../oauth/index.ts';
import { NAME_PREFIX, type MemberRow, type Row, type StoreDriver, type ValueRow } from '../driver.ts';
import type { RedisClient } from './client.ts';

/** Small enough that each answer comes well within the timeout of a command. */
const BATCH = 200;

type Guard = <Result>(reply: Promise<Result>) => Promise<Result>;

/**
 * Everything of ours on every primary, by SCAN, which stops nobody. ACL: SCAN, GET, PTTL, ZSCAN.
 *
 * @param guard tells what went wrong in the words of the store
 */
export async function* dumpRows(
  client: Pick<RedisClient, 'primaries'>,
  guard: Guard,
): AsyncGenerator<readonly Row[]> {
  const primaries = await guard(Promise.resolve().then(() => client.primaries()));
  for (const redis of primaries) {
    for await (const keys of namesOf(redis, 'string', guard)) yield await guard(valuesAt(redis, keys));
    for await (const indexes of namesOf(redis, 'zset', guard))
      for (const index of indexes) yield* membersOf(redis, index, guard);
  }
}

async function* namesOf(redis: Redis, type: 'string' | 'zset', guard: Guard): AsyncGenerator<string[]> {
  let cursor = '0';
  do {
    const scan = redis.scan(cursor, 'MATCH', `${NAME_PREFIX}*`, 'COUNT', BATCH, 'TYPE', type);
    const [next, names] = await guard(scan);
    if (names.length > 0) yield names;
    cursor = next;
  } while (cursor !== '0');
}

async function valuesAt(redis: Redis, keys: readonly string[]): Promise<ValueRow[]> {
  // Before we ask: so nothing lives longer for having been copied.
  const asked = Date.now();
  const rows = keys.map(async (key): Promise<ValueRow[]> => {
    const [value, msLeft] = await Promise.all([redis.getBuffer(key), redis.pttl(key)]);
    if (value === null || msLeft === GONE) return [];
    return [{ key, value, ...(msLeft === FOR_GOOD ? {} : { expiresMs: asked + msLeft }) }];
  });
  return (await Promise.all(rows)).flat();
}

/** What PTTL says of a key that is not there, and of one without an expiry. */
const GONE = -2;
const FOR_GOOD = -1;

async function* membersOf(redis: Redis, index: string, guard: Guard): AsyncGenerator<MemberRow[]> {
  let cursor = '0';
  do {
    const [next, pairs] = await guard(redis.zscan(index, cursor, 'COUNT', BATCH));
    const rows: MemberRow[] = [];
    for (let at = 0; at < pairs.length; at += 2) {
      const [member = '', score] = pairs.slice(at, at + 2);
      const expiresAt = secondsOf(score);
      rows.push({ index, member, ...(expiresAt === undefined ? {} : { expiresAt }) });
    }
    const now = Date.now() / 1000;
    const live = rows.filter(({ expiresAt }) => expiresAt === undefined || expiresAt > now);
    if (live.length > 0) yield live;
    cursor = next;
  } while (cursor !== '0');
}

/** Adds what is not there. @param scoreOf `null`: not a member */
export async function restoreRows(
  store: Pick<StoreDriver, 'putIfAbsent' | 'addMember'>,
  rows: readonly Row[],
  scoreOf: (index: string, member: string) => Promise<string | null>,
): Promise<number> {
  const add = async (row: Row): Promise<boolean> => {
    const now = Date.now();
    if ('key' in row) {
      const { key, value, expiresMs } = row;
      if (expiresMs === undefined) return store.putIfAbsent({ key, value });
      return expiresMs > now && store.putIfAbsent({ key, value, ttlSeconds: (expiresMs - now) / 1000 });
    }
    const { index, member, expiresAt } = row;
    const isLive = (seconds = Infinity): boolean => seconds * 1000 > now;
    const score = await scoreOf(index, member);
    if (!isLive(expiresAt) || (score !== null && isLive(secondsOf(score)))) return false;
    await store.addMember(index, member, expiresAt);
    return true;
  };
  let added = 0;
  for (let at = 0; at < rows.length; at += BATCH) {
    const results = await Promise.all(rows.slice(at, at + BATCH).map(add));
    added += results.filter(Boolean).length;
  }
  return added;
}

/** A score is when a member expires; `inf`: never. */
function secondsOf(score: string | undefined): EpochSeconds | undefined {
  return score === 'inf' ? undefined : Number(score);
}
