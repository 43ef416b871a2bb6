import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';

import type { RedisPlace } from '../../src/store/index.ts';
import { freePort } from './ports.ts';
import { startRedis, startSentinel, type RedisServer } from './redis-server.ts';

const FORM_TIMEOUT_MS = 15_000;
const POLL_MS = 50;
const SLOTS = 16_384;
const MASTER_NAME = 'gatehouse';

/** Several processes of our own that are one store. */
export interface Topology {
  readonly place: RedisPlace;
  /** Those that hold data; behind sentinels the first is the primary in the beginning. */
  readonly data: readonly RedisServer[];
  readonly sentinels?: readonly RedisServer[];
  /** Ends everything and removes its files. */
  stop(): Promise<void>;
}

export interface SentinelOptions {
  /** When a primary that is silent counts as gone; default: later than any test lasts. */
  readonly downAfterMs?: number;
  /** Default 2. */
  readonly replicas?: number;
  /** When the disk has to have what was written; default: always, before the answer. */
  readonly fsync?: 'always' | 'everysec';
}

/** One primary, its replicas and three sentinels; resolves when the replicas have followed. */
export function startSentinels({
  downAfterMs = 60_000,
  replicas: count = 2,
  fsync = 'always',
}: SentinelOptions = {}): Promise<Topology> {
  return form(async (started) => {
    const args = ['--min-replicas-to-write', '1', '--repl-diskless-sync-delay', '0', '--appendfsync', fsync];
    const primary = await started(startRedis({ appendOnly: true, args }));
    const replica = { appendOnly: true, args: [...args, '--replicaof', `127.0.0.1 ${primary.port}`] };
    const replicas = await Promise.all(Array.from({ length: count }, () => started(startRedis(replica))));
    const lines = [
      `sentinel monitor ${MASTER_NAME} 127.0.0.1 ${primary.port} 2`,
      `sentinel down-after-milliseconds ${MASTER_NAME} ${downAfterMs}`,
      `sentinel failover-timeout ${MASTER_NAME} 3000`,
    ];
    await inSync(primary, replicas.length);
    const sentinels = await Promise.all(Array.from({ length: 3 }, () => started(startSentinel(lines))));
    // Only a failover needs the sentinels to know each other, which takes them some seconds.
    if (downAfterMs < FORM_TIMEOUT_MS) await acquainted(sentinels, replicas.length);
    return {
      place: { sentinels: sentinels.map(({ port }) => `127.0.0.1:${port}`), master: MASTER_NAME },
      data: [primary, ...replicas],
      sentinels,
    };
  });
}

export interface ClusterOptions {
  /** When a master that is silent counts as gone; default: later than any test lasts. */
  readonly nodeTimeoutMs?: number;
}

/** Three masters that share the slots; resolves when each of them answers for the cluster. */
export function startCluster({ nodeTimeoutMs = 60_000 }: ClusterOptions = {}): Promise<Topology> {
  return form(async (started) => {
    const busPorts = [await freePort(), await freePort(), await freePort()];
    const data = await Promise.all(
      busPorts.map((busPort) =>
        started(
          startRedis({
            appendOnly: true,
            args: [
              ...['--cluster-enabled', 'yes', '--cluster-port', String(busPort)],
              ...['--cluster-node-timeout', String(nodeTimeoutMs), '--cluster-require-full-coverage', 'no'],
            ],
          }),
        ),
      ),
    );
    await join(data, busPorts);
    return { place: { clusterNodes: data.map(({ url }) => url) }, data };
  });
}

/** Which of a cluster's masters has a key: the slots were dealt out in equal parts, in order. */
export async function masterOf({ data }: Topology, key: string): Promise<RedisServer | undefined> {
  const slot = await withOperator(data[0], (redis) => redis.cluster('KEYSLOT', key));
  return data[Math.floor((slot * data.length) / SLOTS)];
}

/** The primary that the sentinels name, when so many replicas have everything it was told. */
export async function primaryInSync(topology: Topology, replicas: number): Promise<RedisServer> {
  const [, port] = (await withOperator(topology.sentinels?.[0], (redis) =>
    redis.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', MASTER_NAME),
  )) as string[];
  const primary = topology.data.find((server) => String(server.port) === port);
  if (!primary) throw new Error('there is no primary');
  await inSync(primary, replicas);
  return primary;
}

/** Whatever was started is ended, also when something after it could not be. */
async function form(
  make: (started: (server: Promise<RedisServer>) => Promise<RedisServer>) => Promise<Omit<Topology, 'stop'>>,
): Promise<Topology> {
  const starting: Promise<RedisServer>[] = [];
  const stop = async (): Promise<void> => {
    const servers = await Promise.allSettled(starting);
    await Promise.all(servers.flatMap((one) => (one.status === 'fulfilled' ? [one.value.stop()] : [])));
  };
  try {
    const made = await make((server) => {
      starting.push(server);
      return server;
    });
    return { ...made, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function join(servers: readonly RedisServer[], busPorts: readonly number[]): Promise<void> {
  const [first] = servers;
  for (const [at, server] of servers.entries()) {
    await withOperator(server, async (redis) => {
      const from = Math.ceil((at * SLOTS) / servers.length);
      const to = Math.ceil(((at + 1) * SLOTS) / servers.length) - 1;
      await redis.cluster('SET-CONFIG-EPOCH', at + 1);
      await redis.call('CLUSTER', 'ADDSLOTSRANGE', from, to);
      if (at > 0) await redis.call('CLUSTER', 'MEET', '127.0.0.1', first?.port ?? 0, busPorts[0] ?? 0);
    });
  }
  for (const server of servers) {
    await until(server, async (redis) => {
      const info = await redis.call('CLUSTER', 'INFO');
      const nodes = await redis.call('CLUSTER', 'SLOTS');
      return (
        String(info).includes('cluster_state:ok') && Array.isArray(nodes) && nodes.length === servers.length
      );
    });
  }
}

/** Resolves when so many replicas have everything that this primary was told. */
export async function inSync(primary: RedisServer, replicas: number): Promise<void> {
  await until(primary, async (redis) => {
    const info = await redis.info('replication');
    const offset = /^master_repl_offset:(\d+)/m.exec(info)?.[1];
    const upToDate = info.match(new RegExp(`state=online,offset=${offset ?? ''},`, 'g')) ?? [];
    return upToDate.length >= replicas;
  });
}

async function acquainted(sentinels: readonly RedisServer[], replicas: number): Promise<void> {
  for (const sentinel of sentinels) {
    await until(sentinel, async (redis) => {
      const found = (await redis.call('SENTINEL', 'MASTER', MASTER_NAME)) as string[];
      const told = (name: string): number => Number(found[found.indexOf(name) + 1]);
      return told('num-slaves') === replicas && told('num-other-sentinels') === sentinels.length - 1;
    });
  }
}

/** Asks until the answer is yes. */
async function until(server: RedisServer, ask: (redis: Redis) => Promise<boolean>): Promise<void> {
  await withOperator(server, async (redis) => {
    const deadline = Date.now() + FORM_TIMEOUT_MS;
    while (!(await ask(redis))) {
      if (Date.now() > deadline) throw new Error(`redis-server on port ${server.port} found no company`);
      await delay(POLL_MS);
    }
  });
}

async function withOperator<Result>(
  server: RedisServer | undefined,
  work: (redis: Redis) => Promise<Result>,
): Promise<Result> {
  const redis = new Redis(server?.port ?? 0, '127.0.0.1', { retryStrategy: () => null, protocol: 2 });
  redis.on('error', () => undefined);
  try {
    return await work(redis);
  } finally {
    redis.disconnect();
  }
}
