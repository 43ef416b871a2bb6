import { Provider, type Grant, type RefreshToken } from 'oidc-provider';

import { within } from '../smart/index.ts';
import { checkScopeSize } from './scope-policy.ts';

/**
 * Lets an app ask for less at refresh by what scopes mean: `patient/Observation.r` of `patient/Observation.rs`, or one
 * category of a whole type (REF-04, REF-07). The provider compares letters, in the refresh token and in the grant; here
 * both answer for the meaning. What is kept in either stays as it was granted.
 */
export function narrowByMeaning(provider: Provider): void {
  Object.defineProperty(provider.RefreshToken.prototype, 'scopes', {
    configurable: true,
    get(this: RefreshToken) {
      const granted = this.scope ?? '';
      return new Set([...granted.split(' '), ...within(granted, askedAtRefresh())]);
    },
  });
  Object.defineProperty(provider.Grant.prototype, 'getResourceScopeFiltered', {
    configurable: true,
    value(this: Grant, resource: string, asked: Iterable<string>) {
      return within(this.getResourceScope(resource), [...asked]).join(' ');
    },
  });
}

function askedAtRefresh(): string[] {
  const { route, params } = Provider.ctx?.oidc ?? {};
  const scope = route === 'token' && params?.['grant_type'] === 'refresh_token' ? params['scope'] : undefined;
  if (typeof scope !== 'string') return [];
  checkScopeSize(scope);
  return scope.split(' ').filter(Boolean);
}
