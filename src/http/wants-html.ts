import type { Context } from 'koa';

/** Is a person waiting for the answer? Programs ask for JSON, or for anything. */
export function wantsHtml(ctx: Pick<Context, 'accepts'>): boolean {
  return ctx.accepts('json', 'html') === 'html';
}
