import { AsyncLocalStorage } from 'node:async_hooks';

import type { Middleware } from 'koa';

/** Soon enough for who waits, late enough for who is overrun. */
export const RETRY_AFTER_SECONDS = 2;

/** Worth another try: answered 503 with Retry-After. Nothing was written for it. */
export class Overloaded extends Error {
  override readonly name = 'Overloaded';
  readonly retryAfterSeconds: number;
  constructor(message: string, retryAfterSeconds: number = RETRY_AFTER_SECONDS) {
    super(message);
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** How long a request may take as a whole; then its client has a 503, and what it would write is not written (C2.11). */
const DEADLINE_MS = 5000;
const storage = new AsyncLocalStorage<{ readonly until: number }>();

/** It was not we who took so long: the rest of the request never came (attack row A118). */
class NeverArrived extends Error {
  readonly status = 408;
  readonly expose = true;
}

/** @param ms default 5 s */
export function withDeadline(ms: number = DEADLINE_MS): Middleware {
  return async function withDeadlineMiddleware(ctx, next) {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => {
        if (ctx.req.complete) reject(new Overloaded('the request took too long'));
        else {
          ctx.set('Connection', 'close');
          reject(new NeverArrived('the request did not arrive in time'));
        }
      }, ms);
    });
    try {
      await storage.run({ until: performance.now() + ms }, () => Promise.race([next(), late]));
    } finally {
      clearTimeout(timer);
    }
  };
}

/**
 * Milliseconds until the client of the running request is told that it took too long; 0 and less: it has been told. No
 * end where there is no request.
 */
export function msLeft(): number {
  const until = storage.getStore()?.until;
  return until === undefined ? Infinity : until - performance.now();
}

/**
 * What waits when this process cannot keep up, and from which delay of its event loop on (milliseconds). New
 * authorizations first, since a person can begin again; then tokens. Revocation, introspection and keys never: whoever
 * asks for those protects somebody, and people who are on their way finish it.
 */
const SHED: ReadonlyMap<string, number> = new Map([
  ['/authorize', 200],
  ['/launches', 200],
  ['/token', 400],
]);
const LOOK_EVERY_MS = 100;
/** So many looks count; one long step, as at the start, is no overload. */
const LOOKS = 5;

export interface OverloadWatch {
  /** Milliseconds by which work comes to its turn too late: the middle one of the last looks. */
  lag(): number;
  stop(): void;
}

/** Looks how late a timer is. The histogram of node:perf_hooks has no samples of a loop that is held up all the time. */
export function watchOverload(): OverloadWatch {
  const delays = new Array<number>(LOOKS).fill(0);
  let last = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    delays.push(Math.max(0, now - last - LOOK_EVERY_MS));
    delays.shift();
    last = now;
  }, LOOK_EVERY_MS).unref();
  return {
    lag: () => delays.toSorted((one, other) => one - other)[(LOOKS - 1) / 2] ?? 0,
    stop: () => clearInterval(timer),
  };
}

export function shedLoad(watch: Pick<OverloadWatch, 'lag'>, onShed: (path: string) => void): Middleware {
  return async function shedLoadMiddleware(ctx, next) {
    const limit = SHED.get(ctx.path);
    if (limit !== undefined && watch.lag() > limit) {
      onShed(ctx.path);
      throw new Overloaded('this server has too much to do');
    }
    await next();
  };
}
