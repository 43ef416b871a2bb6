/**
 * The kit as Koa middleware: `gatehouse/resource-server/koa`.
 *
 * ```ts
 * app.use(guardKoa(server));
 * app.use(async (ctx) => serve(admittedBy(ctx)));
 * ```
 */
import { admit } from './admitted.ts';
import { createGuard, type GuardOptions } from './guard.ts';
import type { ResourceServer } from './server.ts';

export { admittedBy } from './admitted.ts';
export type { Admitted, GuardOptions } from './guard.ts';

/** As much of Koa's context as is used. */
export interface KoaContext {
  readonly method: string;
  readonly originalUrl: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  status: number;
  body: unknown;
  set(headers: Readonly<Record<string, string>>): void;
}

/** Lets through what may be done, and answers everything else: 401, 403, 404, 503. */
export function guardKoa(server: ResourceServer, options?: GuardOptions) {
  const check = createGuard(server, options);
  return async function guardKoaMiddleware(ctx: KoaContext, next: () => Promise<unknown>): Promise<void> {
    const checked = await check({ method: ctx.method, url: ctx.originalUrl, headers: ctx.headers });
    if (checked.kind === 'answer') {
      ctx.status = checked.status;
      ctx.body = checked.body;
      ctx.set(checked.headers);
      return;
    }
    admit(ctx, checked);
    await next();
  };
}
