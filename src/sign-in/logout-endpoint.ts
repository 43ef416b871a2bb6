import type { Context } from 'koa';

import type { IdentityProviderConfig } from '../config/index.ts';
import type { SignInParts } from './parts.ts';

/** A provider tells that a session has ended there (OpenID Connect Back-Channel Logout 1.0): 200, or 400 and why. */
export async function takeLogoutToken(
  ctx: Context,
  provider: IdentityProviderConfig,
  { backchannelLogout, audit, log, referenceOf }: SignInParts,
): Promise<void> {
  const { rawBody = '' } = ctx.request as { rawBody?: string };
  const [token = '', ...more] = new URLSearchParams(rawBody).getAll('logout_token');
  const seen = { provider: provider.id, reference: referenceOf(ctx), address: ctx.ip };
  ctx.set('Cache-Control', 'no-store');
  try {
    if (more.length > 0) throw new TypeError('there is more than one logout token');
    for (const accountId of await backchannelLogout(provider, token))
      await audit.record({ type: 'sign-out', outcome: 'success', accountId, ...seen });
    ctx.status = 200;
    ctx.body = '';
  } catch (error) {
    if (error instanceof Error && error.name === 'StoreUnavailable') throw error;
    log.warn({ err: error, ...seen }, 'a logout token was refused');
    ctx.status = 400;
    ctx.body = { error: 'invalid_request', error_description: 'this is no logout token that counts here' };
  }
}
