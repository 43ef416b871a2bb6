import type { InteractionResults, KoaContextWithOIDC } from 'oidc-provider';

import type { CarriedSignIn } from '../upstream/index.ts';

/** A sign-in in the provider's words. What another provider says of it counts as far as it was carried here. */
export function loginOf(
  accountId: string,
  carried?: CarriedSignIn,
): NonNullable<InteractionResults['login']> {
  if (!carried) return { accountId, amr: ['pwd'] };
  const { amr, acr, authTime } = carried;
  return {
    accountId,
    ...(amr === undefined ? {} : { amr: [...amr] }),
    ...(acr === undefined ? {} : { acr }),
    ...(authTime === undefined ? {} : { ts: authTime }),
  };
}

/** The session of who has just signed in hangs on the one elsewhere, or on none. */
export function bindToUpstream({ oidc }: KoaContextWithOIDC): void {
  const { session, result } = oidc;
  if (!session || !result?.login) return;
  const upstream = result.carried?.upstream;
  if (upstream) session.upstream = upstream;
  else if (session.upstream) Reflect.deleteProperty(session, 'upstream');
}
