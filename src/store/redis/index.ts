/** The Redis driver, on ioredis. The client's type never leaves this folder. */
export { openRedisStore } from './driver.ts';
