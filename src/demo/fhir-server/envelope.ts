import { randomUUID } from 'node:crypto';
import type { Context, Middleware, Next } from 'koa';

import { outcomeAnswer, CORS_HEADERS, PREFLIGHT_HEADERS } from '../../resource-server/index.ts';
import { send } from './answers.ts';

/** One line about one request; holds no token, no query and no patient. */
export interface DemoLogEntry {
  readonly requestId: string;
  readonly method: string;
  readonly status: number;
  /** What went wrong on our side, for the operator. */
  readonly detail?: string;
}

export type DemoLog = (entry: DemoLogEntry) => void;

const REQUEST_ID = /^[A-Za-z0-9-]{1,64}$/;

/** Names each request in `X-Request-Id` (the caller's own name where it is harmless) and logs how it ended. */
export function requestId(log: DemoLog): Middleware {
  return async function requestId(ctx: Context, next: Next) {
    const given = ctx.get('X-Request-Id');
    const id = REQUEST_ID.test(given) ? given : randomUUID();
    ctx.set('X-Request-Id', id);
    ctx.set('Cache-Control', 'no-store');
    ctx.set('X-Content-Type-Options', 'nosniff');
    let detail: string | undefined;
    try {
      await next();
    } catch (error) {
      detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
      send(ctx, outcomeAnswer(500, 'exception', `something went wrong on our side; quote request ${id}`));
    }
    log({
      requestId: id,
      method: ctx.method,
      status: ctx.status,
      ...(detail === undefined ? {} : { detail }),
    });
  };
}

/**
 * Lets a page of any origin call: tokens travel in a header that only the app itself can set, so an origin adds no
 * authority, and `*` forbids cookies (CORS-01, CORS-02, CORS-04, CORS-09). Errors carry the headers too (CORS-10).
 */
export function anyOrigin(): Middleware {
  return async function anyOrigin(ctx: Context, next: Next) {
    ctx.set(CORS_HEADERS);
    if (ctx.method !== 'OPTIONS') {
      await next();
      return;
    }
    ctx.set(PREFLIGHT_HEADERS);
    ctx.status = 204;
  };
}
