import { StoreUnavailable, type StoreDriver } from '../driver.ts';
import type { RedisClient } from './client.ts';
import { createClusterClient } from './cluster.ts';
import { RedisStore } from './driver.ts';
import { createDurableWriter } from './durable.ts';
import { createSentinelClient, createSingleClient } from './one.ts';
import { reasonOf, withoutCommand, type Usage } from './options.ts';
import type { RedisPlace } from './place.ts';
import { ADD_MEMBER, ANNOUNCE, COMMIT, COMMIT_END, COUNT, SWEEP, SWEPT } from './scripts.ts';
import { SWEEP_EVERY_MS } from './sweep.ts';

/** What every connection can run, by the name it is called by. */
const SCRIPTS: Readonly<Record<string, { lua: string; numberOfKeys?: number }>> = {
  gatehouseCommit: { lua: COMMIT },
  gatehouseCommitEnd: { lua: COMMIT_END },
  gatehouseAnnounce: { lua: ANNOUNCE, numberOfKeys: 1 },
  gatehouseCount: { lua: COUNT, numberOfKeys: 1 },
  gatehouseAddMember: { lua: ADD_MEMBER, numberOfKeys: 1 },
  gatehouseSweep: { lua: SWEEP, numberOfKeys: 1 },
  gatehouseSwept: { lua: SWEPT, numberOfKeys: 1 },
};

export interface RedisStoreOptions {
  /** How many replicas must have a write before it counts; 0, the default: the primary is enough. */
  readonly replicas?: number;
  /** How often members of indexes that have expired are looked for; default 30 s. */
  readonly sweepEveryMs?: number;
}

/**
 * Connects to Redis: one (`redis://` or `rediss://`, with ACL user and password in the URL), a primary with sentinels, or
 * a cluster.
 *
 * @throws StoreUnavailable when Redis does not answer, with host and port and never the password.
 */
export async function openRedisStore(
  place: RedisPlace,
  onError: (error: Error) => void,
  { replicas = 0, sweepEveryMs = SWEEP_EVERY_MS }: RedisStoreOptions = {},
): Promise<StoreDriver> {
  let refusal: Error | undefined;
  let connected = false;
  const open = (usage: Usage = {}): RedisClient => {
    const made = createClient(place, usage);
    made.onError((error) => {
      refusal = withoutCommand(error);
      // Until we are connected, the one who asked for the store is told; nobody else needs to be.
      if (connected) onError(refusal);
    });
    for (const [name, script] of Object.entries(SCRIPTS)) made.defineCommand(name, script);
    return made;
  };
  const client = open();
  // Waiting for replicas holds up whatever is sent over the same connection.
  const writing = replicas > 0 ? open() : undefined;
  const all = [client, open({ together: true }), ...(writing ? [writing] : [])] as const;
  const store = new RedisStore({
    client,
    reader: all[1],
    durable: writing && { client: writing, writer: createDurableWriter(writing, replicas) },
    sweepEveryMs,
  });
  try {
    await Promise.all(all.map((one) => one.connect()));
    await store.ping();
    connected = true;
    return store;
  } catch (cause) {
    // Closing is an end of its own, and would be told instead.
    const why = await Promise.all(all.map((one) => one.whyNot()));
    const reason = reasonOf(why.find((one) => one !== undefined) ?? refusal ?? cause);
    await store.close();
    throw new StoreUnavailable(`cannot reach Redis at ${client.location}: ${reason}`, {
      cause: withoutCommand(cause),
    });
  }
}

function createClient(place: RedisPlace, usage: Usage): RedisClient {
  if (typeof place === 'string') return createSingleClient(place, usage);
  return 'master' in place ? createSentinelClient(place, usage) : createClusterClient(place, usage);
}
