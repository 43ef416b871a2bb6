import Koa from 'koa';

import { answerHealth, type Health } from './health.ts';
import type { Metrics } from './metrics.ts';

/** The app of the management port: health and metrics, for probes and scrapers, never for the outside. */
export function createManagementApp(health: () => Promise<Health>, metrics: Pick<Metrics, 'render'>): Koa {
  const app = new Koa();
  app.use(answerHealth(health).routes());
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
