import type { Redis } from 'ioredis';

import type { RedisClient } from './client.ts';

/** The first that runs a script as a whole or not at all. */
const OLDEST_VERSION = 7;

/** What in the answer to INFO makes a Redis unsafe for production, in sentences. */
export function concernsOf(info: string, kind: RedisClient['kind']): string[] {
  const told = memberOf(info);
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
    ...(told('role') === 'master' ? [] : ['this Redis is a replica and takes no writes']),
    // Redis counts its good replicas only where it was told to need some.
    ...(kind === 'sentinel' && told('min_slaves_good_slaves') === undefined
      ? ['min-replicas-to-write is 0: a primary that is cut off takes writes which a failover forgets']
      : []),
  ];
}

/**
 * What a primary has: changes with each start, since a Redis that was restarted may have lost its last second, and with
 * each primary. One that writes every command to its disk before it answers has lost nothing.
 */
export async function lineageOf(redis: Redis, kind: RedisClient['kind']): Promise<string> {
  const told = memberOf(await redis.info());
  // One that was promoted behind the address remembers whose replica it was.
  const wasReplica = /[^0]/.test(told('master_replid2') ?? '');
  if (kind === 'single' && !wasReplica && (await writesEverything(redis))) return 'everything';
  return `${told('run_id') ?? ''}/${told('master_replid') ?? ''}`;
}

async function writesEverything(redis: Redis): Promise<boolean> {
  try {
    const settings = (await redis.config('GET', 'append*')) as readonly string[];
    const value = (name: string): string | undefined => settings[settings.indexOf(name) + 1];
    return value('appendonly') === 'yes' && value('appendfsync') === 'always';
  } catch (error) {
    // An ACL user has no CONFIG, as a rule. Whatever else it is says nothing about the settings.
    if (error instanceof Error && /^(NOPERM|ERR unknown command)/.test(error.message)) return false;
    throw error;
  }
}

function memberOf(info: string): (name: string) => string | undefined {
  return (name) => new RegExp(`^${name}:(\\S+)`, 'm').exec(info)?.[1];
}
