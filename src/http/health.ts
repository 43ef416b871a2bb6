import Router from '@koa/router';

/** Something that must work before requests are welcome. */
export interface HealthCheck {
  readonly name: string;
  /** Resolves when all is well; rejects with the reason. */
  readonly check: () => Promise<void>;
}

/** How it stands with everything that must work. */
export interface Health {
  readonly status: 'UP' | 'DOWN';
  readonly checks: readonly CheckResult[];
}

export interface CheckResult {
  readonly name: string;
  readonly status: 'UP' | 'DOWN';
  readonly reason?: string;
}

/**
 * `/health/live`: the process runs. `/health/ready`: it can do its work, or 503 and why not. For the management port.
 */
export function answerHealth(health: () => Promise<Health>): Router {
  const router = new Router();
  router.get('/health/live', (ctx) => {
    ctx.body = { status: 'UP' };
  });
  router.get(['/health/ready', '/health'], async (ctx) => {
    const found = await health();
    ctx.status = found.status === 'UP' ? 200 : 503;
    ctx.body = found;
  });
  return router;
}

/** @param isDraining no longer ready, though everything works: the process is about to stop */
export async function healthOf(checks: readonly HealthCheck[], isDraining: () => boolean): Promise<Health> {
  const results = await Promise.all(checks.map(runCheck));
  if (isDraining()) results.push({ name: 'draining', status: 'DOWN', reason: 'the server is stopping' });
  return { status: results.every(({ status }) => status === 'UP') ? 'UP' : 'DOWN', checks: results };
}

async function runCheck({ name, check }: HealthCheck): Promise<CheckResult> {
  try {
    await check();
    return { name, status: 'UP' };
  } catch (error) {
    return { name, status: 'DOWN', reason: error instanceof Error ? error.message : String(error) };
  }
}
