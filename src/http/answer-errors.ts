import type { Context, Middleware } from 'koa';

import { AuditUnavailable } from '../audit/index.ts';
import type { ErrorCode } from '../oauth/index.ts';
import { Overloaded, RETRY_AFTER_SECONDS } from './overload.ts';
import { wantsHtml } from './wants-html.ts';

/** An error as the outside may know it. */
export interface OutsideError {
  readonly status: number;
  readonly code: ErrorCode;
  readonly description: string;
  /** Of a 503: when to try again. Default 2. */
  readonly retryAfterSeconds?: number;
}

/**
 * The last net: whatever was thrown becomes an answer with a code, a sentence and a reference id, and a log line with
 * the cause. A stack trace never leaves (attack row A118 and the error rules of style).
 *
 * @param render draws the page for people
 * @param isUnavailable the store is away: 503, and worth another try
 */
export function answerErrors(
  render: (ctx: Context, error: OutsideError) => void,
  log: (ctx: Context, error: unknown) => void,
  isUnavailable: (error: unknown) => boolean,
): Middleware {
  return async function answerErrorsMiddleware(ctx, next) {
    try {
      await next();
      if (ctx.status === 404 && ctx.body === undefined) answer(ctx, NOT_FOUND, render);
      if (ctx.status === 503) ctx.set('Retry-After', String(RETRY_AFTER_SECONDS));
    } catch (error) {
      const outside = isUnavailable(error) ? UNAVAILABLE : describe(error);
      // Counted or said where it begins; a line each would be more of what there is too much of.
      const isTold = error instanceof Overloaded || error instanceof AuditUnavailable;
      if (outside.status >= 500 && !isTold) log(ctx, error);
      answer(ctx, outside, render);
    }
  };
}

const NOT_FOUND: OutsideError = {
  status: 404,
  code: 'not_found',
  description: 'there is nothing at this address',
};
const UNAVAILABLE: OutsideError = {
  status: 503,
  code: 'temporarily_unavailable',
  description: 'the server cannot reach its store; try again shortly',
};

const CODES: ReadonlyMap<number, ErrorCode> = new Map([
  [403, 'access_denied'],
  [429, 'temporarily_unavailable'],
]);

function describe(error: unknown): OutsideError {
  if (error instanceof Overloaded)
    return {
      ...UNAVAILABLE,
      description: `${error.message}; try again shortly`,
      retryAfterSeconds: error.retryAfterSeconds,
    };
  if (error instanceof AuditUnavailable)
    return { ...UNAVAILABLE, description: 'the server cannot write its audit log; try again shortly' };
  const { status, expose, message } = error as { status?: unknown; expose?: unknown; message?: unknown };
  if (typeof status === 'number' && status >= 400 && status < 500) {
    // A parser's own words may repeat what was sent, so they stay inside unless marked for the outside.
    const description = expose === true ? String(message) : 'the request could not be read';
    return { status, code: CODES.get(status) ?? 'invalid_request', description };
  }
  return { status: 500, code: 'server_error', description: 'something went wrong on our side' };
}

function answer(
  ctx: Context,
  error: OutsideError,
  render: (ctx: Context, error: OutsideError) => void,
): void {
  ctx.status = error.status;
  // Where an answer that failed on its last steps would have led.
  ctx.remove('Location');
  if (error.status === 503) ctx.set('Retry-After', String(error.retryAfterSeconds ?? RETRY_AFTER_SECONDS));
  if (wantsHtml(ctx)) {
    render(ctx, error);
    return;
  }
  ctx.body = {
    error: error.code,
    error_description: `${error.description} (reference ${String(ctx.state['reference'])})`,
  };
}
