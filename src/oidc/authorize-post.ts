import Router from '@koa/router';
import { randomBytes } from 'node:crypto';
import type { Context, Middleware } from 'koa';

import { ROUTES } from './configuration.ts';

/** Where a posted request waits for its browser; `store/` implements it. */
export interface PostedRequestStore {
  put(reference: string, query: string, ttlSeconds: number): Promise<void>;
  /** Returns the request and forgets it in one step. */
  take(reference: string): Promise<string | undefined>;
}

/** Far more than a request within our other limits can need, and too little to fill a store with. */
const LIMIT_BYTES = 48 * 1024;
const KEPT_SECONDS = 60;
const REFERENCE_BYTES = 24;
const REFERENCE = 'posted_request';

/**
 * `POST /authorize`, with the meaning of GET (AUTHZ-01). A browser that posts from another site leaves its cookies out
 * (SameSite=Lax), and some requests are too long for an address; so the request is kept under a one-time reference and
 * the browser sent to it by GET (AUTHZ-02, AUTHZ-22).
 */
export function authorizeByPost(store: PostedRequestStore): Router {
  const router = new Router();
  router.post(ROUTES.authorization, async (ctx) => {
    if (!ctx.is('application/x-www-form-urlencoded'))
      ctx.throw(415, 'the authorization request must be sent as application/x-www-form-urlencoded');
    const query =
      (await readText(ctx)) ??
      ctx.throw(413, `the authorization request is longer than ${LIMIT_BYTES / 1024} KiB`);
    const reference = randomBytes(REFERENCE_BYTES).toString('base64url');
    await store.put(reference, query, KEPT_SECONDS);
    ctx.redirect(`${ROUTES.authorization}?${new URLSearchParams({ [REFERENCE]: reference })}`);
    ctx.status = 303;
    // The reference stands for the whole request: whoever finds the address in a cache could go on with it.
    ctx.set('Cache-Control', 'no-store');
    ctx.set('Pragma', 'no-cache');
  });
  return router;
}

/** Puts a posted request back in the place of its reference, before anybody looks at the request. */
export function resumePostedRequest(store: PostedRequestStore): Middleware {
  return async function resumePostedRequestMiddleware(ctx, next) {
    const reference = ctx.query[REFERENCE];
    if (ctx.path !== ROUTES.authorization || ctx.method !== 'GET' || reference === undefined) {
      await next();
      return;
    }
    const query = typeof reference === 'string' ? await store.take(reference) : undefined;
    ctx.querystring = query ?? ctx.throw(400, 'this request has expired; go back to the app and start again');
    await next();
  };
}

async function readText(ctx: Context): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of ctx.req as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > LIMIT_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}
