import type { Middleware } from 'koa';
import type { KoaContextWithOIDC } from 'oidc-provider';

import type { AuditEvent, AuditRecorder } from '../audit/index.ts';

const WAITING = 'auditRecords';

type Keeps = Pick<KoaContextWithOIDC, 'state'>;

/** The provider waits for none of its listeners: what they record is waited for by {@link awaitAuditRecords}. */
export function recordLater(ctx: Keeps, audit: Pick<AuditRecorder, 'record'>, event: AuditEvent): void {
  const recorded = audit.record(event);
  // Whoever waits hears of it; where nobody does, the log has.
  recorded.catch(() => undefined);
  ctx.state[WAITING] = [...waitingIn(ctx), recorded];
}

/** No answer of the provider leaves before its records are on disk: without them the code or the error stays here. */
export function awaitAuditRecords(): Middleware {
  return async function awaitAuditRecordsMiddleware(ctx, next) {
    await next();
    await Promise.all(waitingIn(ctx));
  };
}

/** Did the provider say what became of this request? */
export function hasRecords(ctx: Keeps): boolean {
  return waitingIn(ctx).length > 0;
}

function waitingIn({ state }: Keeps): readonly Promise<void>[] {
  return (state[WAITING] ?? []) as readonly Promise<void>[];
}
