import type { Context } from 'koa';

/** What will be sent, as a value. */
export interface Answer {
  readonly status: number;
  readonly body: object;
  readonly headers?: Readonly<Record<string, string>>;
  /** Default `application/fhir+json`. */
  readonly type?: string;
  /** For the operator's log, never sent. */
  readonly detail?: string;
}

export function send(
  ctx: Context,
  { status, body, headers = {}, type = 'application/fhir+json' }: Answer,
): void {
  ctx.status = status;
  ctx.set({ ...headers });
  ctx.body = JSON.stringify(body);
  ctx.set('Content-Type', type);
}
