import type { Context, Middleware } from 'koa';
import type { KoaContextWithOIDC } from 'oidc-provider';

import type { AuditRecorder, RefusedRequest } from '../audit/index.ts';
import { hasRecords } from './audit-waits.ts';
import { ROUTES } from './configuration.ts';

const ASKED_FOR: ReadonlyMap<string, RefusedRequest> = new Map([
  [ROUTES.authorization, 'authorization'],
  [ROUTES.token, 'token'],
  [ROUTES.introspection, 'introspection'],
  [ROUTES.revocation, 'revocation'],
  ['/launches', 'launch'],
  ['/revocations', 'revocation-feed'],
  ['/usage', 'usage'],
]);
const CALLER = 'provenCaller';

/** Remembers which client has proved who it is, should it be refused all the same. */
export function noteCaller({ state }: Pick<Context, 'state'>, clientId: string): void {
  state[CALLER] = clientId;
}

/**
 * Records what an endpoint refuses, unless the provider has said so itself. Its answers are those of programs: what they
 * say of the reason is fit for the outside, and holds nothing that was sent in secret. Many requests that a limit turns away
 * (429) would fill the log, and are counted instead.
 */
export function auditRefusals(
  audit: Pick<AuditRecorder, 'record'>,
  referenceOf: (ctx: Context) => string,
): Middleware {
  const record = async (ctx: Context, what: RefusedRequest, reason: string): Promise<void> => {
    const clientId = clientOf(ctx);
    await audit.record({
      ...{ type: 'request.refused', outcome: 'refused', what, reason },
      ...{ reference: referenceOf(ctx), address: ctx.ip },
      ...(clientId === undefined ? {} : { clientId }),
    });
  };
  return async function auditRefusalsMiddleware(ctx, next) {
    const what = ASKED_FOR.get(ctx.path);
    if (what === undefined) {
      await next();
      return;
    }
    try {
      await next();
    } catch (error) {
      const { status, expose, message } = error as { status?: unknown; expose?: unknown; message?: unknown };
      if (isRefusal(Number(status)))
        await record(ctx, what, expose === true ? String(message) : 'the request could not be read');
      throw error;
    }
    if (isRefusal(ctx.status) && !hasRecords(ctx)) await record(ctx, what, reasonIn(ctx));
  };
}

function isRefusal(status: number): boolean {
  return status >= 400 && status < 500 && status !== 429 && status !== 404;
}

function reasonIn({ body, status }: { readonly body?: unknown; readonly status: number }): string {
  const { error, error_description: description } = (body ?? {}) as {
    readonly error?: string;
    readonly error_description?: string;
  };
  return [error ?? String(status), description].filter((part) => part !== undefined).join(': ');
}

function clientOf(ctx: Context): string | undefined {
  const noted: unknown = ctx.state[CALLER];
  if (typeof noted === 'string') return noted;
  return 'oidc' in ctx ? (ctx as unknown as KoaContextWithOIDC).oidc.client?.clientId : undefined;
}
