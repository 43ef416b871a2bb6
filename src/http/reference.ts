import { createHash, randomBytes } from 'node:crypto';
import type { Context, Middleware } from 'koa';

import { newReferenceId } from '../oauth/index.ts';

const REFERENCE_BYTES = 12;

/** Gives each request a reference id of its own, sent back as `X-Request-Id`. */
export function nameRequests(): Middleware {
  return async function nameRequestsMiddleware(ctx, next) {
    ctx.state['reference'] = newReferenceId(randomBytes(REFERENCE_BYTES));
    ctx.set('X-Request-Id', String(ctx.state['reference']));
    await next();
    ctx.set('X-Request-Id', referenceFor(ctx));
  };
}

/**
 * The reference of a request: that of the authorization it belongs to, where it belongs to one, so that every page and
 * line of one authorization carries the same.
 *
 * @param authorization an id that stays the same through the authorization; it is hashed
 */
export function referenceFor(ctx: Pick<Context, 'state'>, authorization?: string): string {
  if (authorization !== undefined) {
    ctx.state['reference'] = newReferenceId(
      createHash('sha256').update(authorization).digest().subarray(0, REFERENCE_BYTES),
    );
  }
  return String(ctx.state['reference'] ?? '');
}
