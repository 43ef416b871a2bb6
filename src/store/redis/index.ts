/** The Redis driver, on ioredis: one Redis, a primary with sentinels, or a cluster. The client's types never leave this folder. */
export { openRedisStore } from './open.ts';
export type { ClusterPlace, RedisPlace, SentinelPlace } from './place.ts';
