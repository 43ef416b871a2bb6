import type { Middleware } from 'koa';

import { changeForm } from './form-body.ts';

const JWT = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*$/;
const PATHS: ReadonlySet<string> = new Set(['/introspect', '/revoke']);

/**
 * The provider turns JWTs away at introspection and revocation without looking for them, since its own are kept nowhere.
 * Ours are; so they come in with `~` for their dots, and the store adapter puts the dots back.
 */
export function jwtTokensInForms(): Middleware {
  return async function jwtTokensInFormsMiddleware(ctx, next) {
    const asks = ctx.method === 'POST' && PATHS.has(ctx.path);
    if (!asks || (await changeForm(ctx, async (form) => withoutDots(form)))) await next();
  };
}

function withoutDots(form: URLSearchParams): URLSearchParams | undefined {
  const [token, ...more] = form.getAll('token');
  if (token === undefined || more.length > 0 || !JWT.test(token)) return undefined;
  const changed = new URLSearchParams(form);
  changed.set('token', token.replaceAll('.', '~'));
  return changed;
}
