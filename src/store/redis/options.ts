import { Redis, type RedisOptions } from 'ioredis';

/** Twice in one request, when the first failure is looked into, is still within two seconds (attack row A184). */
export const COMMAND_TIMEOUT_MS = 800;
const CONNECT_TIMEOUT_MS = 2000;
/**
 * A node finds its store again well within what it tells clients to wait (`Retry-After`): what it owes the store, such as
 * taking back a redemption that nobody was told of, is done before they ask again.
 */
const MAX_RETRY_DELAY_MS = 500;
/** How soon the slots of a cluster are asked for anew. */
export const SLOTS_REFRESH_MS = 2000;
/** How soon we listen again to a sentinel that was away. */
export const SENTINEL_RESUBSCRIBE_MS = 2000;

/**
 * No queue while offline and no second sending: a command whose answer was lost may have run, and sending it again
 * would make the only caller look like a replay (fault E5 of the store rules, C2.10).
 */
export const CONNECTION = {
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
  commandTimeout: COMMAND_TIMEOUT_MS,
  connectTimeout: CONNECT_TIMEOUT_MS,
  lazyConnect: true,
  reconnectOnError: (error: Error) => error.message.startsWith('READONLY'),
} satisfies RedisOptions;

/** How a connection is used, beyond what all have in common. */
export interface Usage {
  /** Questions of one turn of the loop go out together. For reading only: one that fails takes others with it. */
  readonly together?: boolean;
}

export function usageOptions({ together = false }: Usage): Pick<RedisOptions, 'enableAutoPipelining'> {
  return { enableAutoPipelining: together };
}

/** What a server calls itself since it was started. */
export async function runIdOf(redis: Redis): Promise<string> {
  return /^run_id:(\S+)/m.exec(await redis.info('server'))?.[1] ?? '';
}

/** Jittered, at most about {@link MAX_RETRY_DELAY_MS}, for ever. */
export function retryDelay(attempt: number): number {
  return Math.min(50 * 2 ** attempt, MAX_RETRY_DELAY_MS) * (0.75 + Math.random() / 2);
}

/** Knocks once: what is wrong with connecting there, or `undefined`. */
export async function knock(
  options: Pick<RedisOptions, 'host' | 'port' | 'username' | 'password' | 'tls'>,
): Promise<Error | undefined> {
  const redis = new Redis({ ...options, ...CONNECTION, retryStrategy: () => null, enableReadyCheck: false });
  let refusal: Error | undefined;
  redis.on('error', (error) => (refusal ??= error));
  try {
    await redis.connect();
    return refusal;
  } catch (error) {
    return refusal ?? (error instanceof Error ? error : undefined);
  } finally {
    redis.disconnect();
  }
}

/**
 * ioredis keeps beside an error the command it belongs to: whoever logs the error would log passwords (of AUTH and
 * HELLO) and what was to be stored.
 */
export function withoutCommand<Problem>(problem: Problem): Problem {
  if (typeof problem !== 'object' || problem === null) return problem;
  Reflect.deleteProperty(problem, 'command');
  if ('lastNodeError' in problem) withoutCommand(problem.lastNodeError);
  return problem;
}

export function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
