import Router from '@koa/router';
import { bodyParser } from '@koa/bodyparser';
import type { Context } from 'koa';

import type { IdentityProviderConfig } from '../config/index.ts';
import type { Arrived } from '../upstream/index.ts';
import { secretOf } from './browser-cookie.ts';
import { takeLogoutToken } from './logout-endpoint.ts';
import type { SignInParts } from './parts.ts';

/** One for each provider: an answer of another one never comes here (mix-up, RFC 9700 §4.4). */
export function callbackPath(provider: string): string {
  return `/sign-in/${provider}/callback`;
}

export function signedOutPath(provider: string): string {
  return `/sign-in/${provider}/signed-out`;
}

export function signInRoutes(parts: SignInParts): Router {
  const router = new Router();
  const parse = bodyParser({ enableTypes: ['form'], formLimit: '64kb' });
  for (const provider of parts.config.signIn.providers) {
    router.get(callbackPath(provider.id), (ctx) => takeAnswer(ctx, provider, parts));
    router.get(signedOutPath(provider.id), (ctx) => ctx.redirect(parts.signedOutPage));
    router.post(`/sign-in/${provider.id}/backchannel-logout`, parse, (ctx) =>
      takeLogoutToken(ctx, provider, parts),
    );
  }
  return router;
}

/** The answer of a provider: taken once, in the browser that asked. */
async function takeAnswer(ctx: Context, provider: IdentityProviderConfig, parts: SignInParts): Promise<void> {
  const { config, upstream, browserHash } = parts;
  const secret = secretOf(ctx, config.issuer);
  // Our own address, whatever the request calls us.
  const url = new URL(callbackPath(provider.id) + ctx.search, config.issuer);
  const arrived = await upstream.end(provider, url, secret === undefined ? undefined : browserHash(secret));
  await tell(ctx, provider.id, arrived, parts);
  if (arrived) {
    const to = await parts.arrive(ctx, arrived, provider.id);
    ctx.set('Cache-Control', 'no-store');
    ctx.redirect(to);
    ctx.status = 303;
  } else parts.lost(ctx);
}

const NOT_BEGUN_HERE = { problem: 'not-begun-here', detail: undefined, accountId: undefined };

async function tell(
  ctx: Context,
  provider: string,
  arrived: Arrived | undefined,
  { audit, log, referenceOf }: SignInParts,
): Promise<void> {
  const seen = { provider, reference: referenceOf(ctx), address: ctx.ip };
  const result = arrived?.result;
  if (result?.ok) {
    const { account, change, fields } = result;
    const { accountId } = account;
    if (change) {
      const what = fields.length === 0 ? {} : { fields: fields.join(' ') };
      await audit.record({
        type: 'account.changed',
        outcome: 'success',
        change,
        accountId,
        ...what,
        ...seen,
      });
    }
    return audit.record({ type: 'sign-in', outcome: 'success', accountId, ...seen });
  }
  // Nobody was to notice that it was asked.
  if (arrived?.silent && result?.problem === 'failed') return;
  const { problem, detail, accountId } = result ?? NOT_BEGUN_HERE;
  log.warn({ ...seen, problem, detail }, 'a provider did not sign somebody in');
  const whose = accountId === undefined ? {} : { accountId };
  const outcome = problem === 'denied' ? 'denied' : 'refused';
  await audit.record({ type: 'sign-in', outcome, reason: problem, ...whose, ...seen });
}
