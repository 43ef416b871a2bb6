import type { Commit, Put } from '../driver.ts';
import type { RedisClient } from './client.ts';
import { commitArguments } from './commit-arguments.ts';
import type { DurableWriter } from './durable.ts';
import { MARK } from './scripts.ts';
import { asBuffer, millis } from './values.ts';

interface OwnCommands {
  gatehouseMark(key: string, value: Buffer, ttlMs: number): Promise<unknown>;
}

type Marked = Put & Required<Pick<Put, 'ttlSeconds'>>;

/** Ending is right at any time. */
const ANY_TIME = Number.MAX_SAFE_INTEGER;

/** Did Redis refuse this because it is out of memory? Then it did nothing. */
export function isFull(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('OOM ');
}

/**
 * Writes a marker where there is none, in a Redis that is out of memory. Of concurrent callers exactly one gets `true`.
 *
 * @param client the connection that `writer` has, if there is one
 * @param writer waits for replicas: who has won writes its marker over once more, as an end, which is taken at any time
 */
export function createMarker(client: RedisClient, writer: DurableWriter | undefined) {
  client.defineCommand('gatehouseMark', { lua: MARK, numberOfKeys: 1 });
  return async ({ key, value, ttlSeconds }: Marked): Promise<boolean> => {
    const own = client.commands as unknown as OwnCommands;
    const isOurs = (await own.gatehouseMark(key, asBuffer(value), millis(ttlSeconds))) === 'OK';
    const again: Commit = {
      mode: 'revoke',
      deadKey: key,
      deadTtlSeconds: ttlSeconds,
      ...{ consume: [], puts: [], removes: [] },
    };
    if (isOurs) await writer?.commit(again, commitArguments(again, ANY_TIME));
    return isOurs;
  };
}
