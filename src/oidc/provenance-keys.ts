import Router from '@koa/router';

import { answerOpenPreflight, openToAll } from './open-documents.ts';

const PROVENANCE_KEYS = '/.well-known/provenance-jwks.json';
const CACHE_SECONDS = 300;

/** What records of decisions are checked with, for everybody: also keys that sign nothing any more (SEC-10). */
export function provenanceKeysRoutes(keys: () => Promise<readonly object[]>): Router {
  const router = new Router();
  router.get(PROVENANCE_KEYS, async (ctx) => {
    openToAll(ctx);
    ctx.set('Cache-Control', `public, max-age=${CACHE_SECONDS}`);
    ctx.body = { keys: await keys() };
    ctx.type = 'application/jwk-set+json';
  });
  router.options(PROVENANCE_KEYS, answerOpenPreflight);
  return router;
}
