import type { Context } from 'koa';

import type { Config, IdentityProviderConfig } from '../config/index.ts';
import type { RelyingParty, UpstreamSession } from '../upstream/index.ts';

interface Parts {
  readonly config: Pick<Config, 'signIn'>;
  readonly relyingParty: Pick<RelyingParty, 'signOutUrl'>;
  /** The page between our form and the provider. */
  readonly handOver: (ctx: Context, provider: IdentityProviderConfig, url: string) => void;
  readonly log: { warn(details: object, message: string): void };
}

/** Leads a browser that has signed out here on to sign out there; `false`: it stays here. */
export function leadToSignOut({ config, relyingParty, handOver, log }: Parts) {
  return async (ctx: Context, { provider: id, idToken }: UpstreamSession): Promise<boolean> => {
    const provider = config.signIn.providers.find((one) => one.id === id);
    if (!provider?.signOut) return false;
    try {
      const url = await relyingParty.signOutUrl(provider, idToken);
      if (url !== undefined) handOver(ctx, provider, url);
      return url !== undefined;
    } catch (error) {
      log.warn({ err: error, provider: id }, 'an identity provider is away');
      return false;
    }
  };
}
