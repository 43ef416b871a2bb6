import { AsyncLocalStorage } from 'node:async_hooks';
import { monitorEventLoopDelay } from 'node:perf_hooks';

import type { Middleware } from 'koa';

/** Worth another try: answered 503 with Retry-After. Nothing was written for it. */
export class Overloaded extends Error {
  override readonly name = 'Overloaded';
}

/** How long a request may take as a whole; then its client has a 503, and what it would write is not written (C2.11). */
const DEADLINE_MS = 5000;
const storage = new AsyncLocalStorage<{ readonly until: number }>();

/** @param ms default 5 s */
export function withDeadline(ms: number = DEADLINE_MS): Middleware {
  return async function withDeadlineMiddleware(_ctx, next) {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new Overloaded('the request took too long')), ms);
    });
    try {
      await storage.run({ until: performance.now() + ms }, () => Promise.race([next(), late]));
    } finally {
      clearTimeout(timer);
    }
  };
}

/** Has the client of the running request been told that it took too long? */
export function isPastDeadline(): boolean {
  const until = storage.getStore()?.until;
  return until !== undefined && performance.now() > until;
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
const LOOK_EVERY_MS = 500;
const RESOLUTION_MS = 10;

export interface OverloadWatch {
  /** Milliseconds that work waits for its turn, in the worst tenth of the last half second. */
  lag(): number;
  stop(): void;
}

export function watchOverload(): OverloadWatch {
  const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delays.enable();
  let lag = 0;
  const timer = setInterval(() => {
    lag = Math.max(0, delays.percentile(90) / 1e6 - RESOLUTION_MS);
    delays.reset();
  }, LOOK_EVERY_MS).unref();
  return {
    lag: () => lag,
    stop() {
      clearInterval(timer);
      delays.disable();
    },
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
