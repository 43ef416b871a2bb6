import type { Redis } from 'ioredis';

import type { RedisClient } from './client.ts';
import { ENDED_CHANNEL } from './scripts.ts';

/** The first that runs a script as a whole or not at all. */
const OLDEST_VERSION = 7;

/** What makes a Redis unsafe for production, in sentences. */
export async function concernsOf(redis: Redis, kind: RedisClient['kind']): Promise<string[]> {
  const [told, fsync] = [memberOf(await redis.info()), (await settingsOf(redis))?.get('appendfsync')];
  const policy = told('maxmemory_policy');
  const version = told('redis_version') ?? 'unknown';
  return [
    ...(Number.parseInt(version, 10) >= OLDEST_VERSION
      ? []
      : [`Redis is ${version}, must be ${OLDEST_VERSION}.0 or later: older ones cannot run the scripts`]),
    ...(policy === 'noeviction'
      ? []
      : [`maxmemory-policy is ${policy ?? 'unknown'}, must be noeviction: it may forget what was revoked`]),
    ...(told('aof_enabled') === '1' ? [] : ['appendonly is off: a restart may forget what was revoked']),
    ...(fsync === 'no' ? ['appendfsync is no, must be everysec or always: a power cut may forget much'] : []),
    ...(await publishConcerns(redis)),
    ...(told('role') === 'master' ? [] : ['this Redis is a replica and takes no writes']),
    // Redis counts its good replicas only where it was told to need some.
    ...(kind === 'sentinel' && told('min_slaves_good_slaves') === undefined
      ? ['min-replicas-to-write is 0: a primary that is cut off takes writes which a failover forgets']
      : []),
  ];
}

/** A commit tells in the same step what it ended: a user who may not would have half of it done. */
async function publishConcerns(redis: Redis): Promise<string[]> {
  try {
    await redis.publish(ENDED_CHANNEL, '');
    return [];
  } catch (error) {
    if (!(error instanceof Error) || !error.message.startsWith('NOPERM')) throw error;
    return [
      `its user may not publish to ${ENDED_CHANNEL}, and every revocation would fail: add &gh:* and +@pubsub`,
    ];
  }
}

/**
 * What a primary has: changes with each start, since a Redis that was restarted may have lost its last second, and with
 * each primary. One that writes every command to its disk before it answers has lost nothing.
 */
export async function lineageOf(redis: Redis, kind: RedisClient['kind']): Promise<string> {
  const told = memberOf(await redis.info('server', 'replication'));
  // One that was promoted behind the address remembers whose replica it was.
  const wasReplica = /[^0]/.test(told('master_replid2') ?? '');
  if (kind === 'single' && !wasReplica && writesEverything(await settingsOf(redis))) return 'everything';
  return `${told('run_id') ?? ''}/${told('master_replid') ?? ''}`;
}

type Settings = ReadonlyMap<string, string>;

function writesEverything(settings: Settings | undefined): boolean {
  return settings?.get('appendonly') === 'yes' && settings.get('appendfsync') === 'always';
}

/** How it writes to its disk; `undefined` where we may not ask, as is the rule for an ACL user. */
async function settingsOf(redis: Redis): Promise<Settings | undefined> {
  try {
    const told = (await redis.config('GET', 'append*')) as readonly string[];
    return new Map(told.flatMap((name, at) => (at % 2 === 0 ? [[name, told[at + 1] ?? ''] as const] : [])));
  } catch (error) {
    // Whatever else it is says nothing about the settings.
    if (error instanceof Error && /^(NOPERM|ERR unknown command)/.test(error.message)) return undefined;
    throw error;
  }
}

function memberOf(info: string): (name: string) => string | undefined {
  return (name) => new RegExp(`^${name}:(\\S+)`, 'm').exec(info)?.[1];
}
