import { Cluster, type ClusterOptions, type DNSLookupFunction, type Redis } from 'ioredis';

import type { RedisClient } from './client.ts';
import {
  CONNECTION,
  SLOTS_REFRESH_MS,
  knock,
  retryDelay,
  runIdOf,
  usageOptions,
  type Usage,
} from './options.ts';
import { addressOf, type ClusterPlace } from './place.ts';
import { SLOTS, slotOf } from './slots.ts';

/** A cluster that has just started takes two seconds before it writes. */
const OPEN_TIMEOUT_MS = 8000;
/** A command goes on to where it is sent (MOVED, ASK) this often; it has not run where it was refused. */
const MAX_REDIRECTIONS = 4;

/**
 * A cluster's masters. What was sent and not answered is not sent again: `retryDelayOnFailover: 0` turns off what ioredis
 * does by default. CLUSTERDOWN fails at once; the slots are asked for anew every two seconds and at every MOVED (C2.9).
 */
function optionsOf(url: URL) {
  return {
    enableOfflineQueue: false,
    scaleReads: 'master',
    maxRedirections: MAX_REDIRECTIONS,
    retryDelayOnFailover: 0,
    retryDelayOnClusterDown: 0,
    slotsRefreshInterval: SLOTS_REFRESH_MS,
    clusterRetryStrategy: retryDelay,
    lazyConnect: true,
    // A host name stays one, so that a certificate can be checked against it.
    dnsLookup: ((host, done) => done(null, host)) satisfies DNSLookupFunction,
    redisOptions: {
      ...CONNECTION,
      ...(url.username ? { username: decodeURIComponent(url.username) } : {}),
      ...(url.password ? { password: decodeURIComponent(url.password) } : {}),
      ...(url.protocol === 'rediss:' ? { tls: {} } : {}),
    },
  } satisfies ClusterOptions;
}

export function createClusterClient({ clusterNodes }: ClusterPlace, usage: Usage): RedisClient {
  const urls = clusterNodes.map((node) => new URL(node));
  const [first] = urls;
  if (!first) throw new TypeError('a cluster has nodes');
  const nodes = urls.map(({ hostname, port }) => `${hostname}:${port || '6379'}`);
  const addresses = nodes.map(addressOf);
  const options = optionsOf(first);
  const cluster = new Cluster(addresses, { ...options, ...usageOptions(usage) });
  connectMastersEarly(cluster);
  return {
    kind: 'cluster',
    location: `cluster of ${nodes.join(', ')}`,
    commands: cluster,
    pipeline: () => cluster.pipeline(),
    primaries: () => mastersOf(cluster),
    keyOn: (primary) => keyOn(cluster, nameOf(primary)),
    alive: mustBeOk,
    connect: () => connect(cluster),
    whyNot: () => knock({ ...options.redisOptions, ...addresses[0] }),
    onError(listener) {
      cluster.on('error', (error: Error & { lastNodeError?: Error }) =>
        listener(error.lastNodeError ?? error),
      );
      cluster.on('node error', listener);
    },
    onReady: (listener) => void cluster.on('+node', (redis: Redis) => void redis.on('ready', listener)),
    async servers() {
      const asked = await Promise.allSettled(cluster.nodes('master').map(runIdOf));
      const ids = asked.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
      if (ids.length === 0) throw new Error('no master of the cluster answers');
      return ids;
    },
    reconnect: () => cluster.disconnect(true),
    defineCommand: (name, definition) => cluster.defineCommand(name, definition),
    async close() {
      await cluster.quit().catch(() => undefined);
      cluster.disconnect();
    },
  };
}

/** ioredis goes on trying in silence while the cluster says that it is down. */
async function connect(cluster: Cluster): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error('the cluster is not ready')), OPEN_TIMEOUT_MS);
  });
  try {
    await Promise.race([cluster.connect(), late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Every master of a slot. ioredis forgets one that it lost until it is told of it again. */
function mastersOf(cluster: Cluster): Redis[] {
  const connections = new Map(cluster.nodes('master').map((redis) => [nameOf(redis), redis]));
  const owners = new Set(Array.from({ length: SLOTS }, (_, slot) => cluster.slots[slot]?.[0]));
  return [...owners].map((owner) => {
    const connection = owner === undefined ? undefined : connections.get(owner);
    if (connection) return connection;
    throw new Error(owner === undefined ? 'some slots have no master' : `no connection to ${owner}`);
  });
}

/** As ioredis names a node. */
function nameOf({ options }: Redis): string {
  return `${options.host ?? ''}:${options.port ?? 0}`;
}

/** Of so many names some lie on every master that has more than a handful of slots. */
const NAMES = 2048;

function keyOn(cluster: Cluster, master: string): string {
  for (let at = 0; at < NAMES; at += 1) {
    const key = `gh:{beat.${at}}`;
    if (cluster.slots[slotOf(`beat.${at}`)]?.[0] === master) return key;
  }
  throw new Error(`no slot of ${master} is known`);
}

/** A master answers PING also where it refuses everything else with CLUSTERDOWN. */
async function mustBeOk(master: Redis): Promise<void> {
  if ((await master.cluster('INFO')).includes('cluster_state:ok')) return;
  throw new Error(`CLUSTERDOWN says ${master.options.host ?? ''}:${master.options.port ?? 0}`);
}

/** ioredis connects when the first command comes, and refuses those that come while it does. */
function connectMastersEarly(cluster: Cluster): void {
  const wake = (redis: Redis): void => {
    if (cluster.status !== 'ready' || redis.status !== 'wait' || redis.options.readOnly) return;
    // What is wrong is told by the node's error event.
    redis.connect().catch(() => undefined);
  };
  cluster.on('+node', (redis: Redis) => setImmediate(wake, redis));
  cluster.on('ready', () => cluster.nodes('master').forEach(wake));
}
