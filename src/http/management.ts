import Koa from 'koa';

import { answerHealth, type HealthCheck } from './health.ts';
import type { Metrics } from './metrics.ts';

/** The app of the management port: health and metrics, for probes and scrapers, never for the outside. */
export function createManagementApp(
  checks: readonly HealthCheck[],
  metrics: Metrics,
  isDraining: () => boolean,
): Koa {
  const app = new Koa();
  app.use(answerHealth(checks, isDraining).routes());
  app.use(async function metricsPage(ctx, next) {
    if (ctx.path !== '/metrics') {
      await next();
      return;
    }
    const { type, body } = await metrics.render();
    ctx.type = type;
    ctx.body = body;
  });
  return app;
}
