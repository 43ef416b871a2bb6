import Router from '@koa/router';

/** Something that must work before requests are welcome. */
export interface HealthCheck {
  readonly name: string;
  /** Resolves when all is well; rejects with the reason. */
  readonly check: () => Promise<void>;
}

/**
 * `/health/live`: the process runs. `/health/ready`: it can do its work, or 503 and why not. For the management port.
 *
 * @param isDraining no longer ready, though everything works: the process is about to stop
 */
export function answerHealth(checks: readonly HealthCheck[], isDraining: () => boolean): Router {
  const router = new Router();
  router.get('/health/live', (ctx) => {
    ctx.body = { status: 'UP' };
  });
  router.get(['/health/ready', '/health'], async (ctx) => {
    const results = await Promise.all(checks.map(runCheck));
    if (isDraining()) results.push({ name: 'draining', status: 'DOWN', reason: 'the server is stopping' });
    const up = results.every(({ status }) => status === 'UP');
    ctx.status = up ? 200 : 503;
    ctx.body = { status: up ? 'UP' : 'DOWN', checks: results };
  });
  return router;
}

interface CheckResult {
  readonly name: string;
  readonly status: 'UP' | 'DOWN';
  readonly reason?: string;
}

async function runCheck({ name, check }: HealthCheck): Promise<CheckResult> {
  try {
    await check();
    return { name, status: 'UP' };
  } catch (error) {
    return { name, status: 'DOWN', reason: error instanceof Error ? error.message : String(error) };
  }
}
