import { ROUTES } from './configuration.ts';
import { REVOCATIONS } from './revocation-feed.ts';
import { USAGE } from './usage-endpoint.ts';

const DOCUMENT = ['GET', 'HEAD'];

/** Every path that oidc-provider serves as we configure it, and what {@link mountEndpoints} adds; with its methods. */
export const SERVED: ReadonlyMap<string, readonly string[]> = new Map([
  [ROUTES.authorization, ['GET', 'POST']],
  [`${ROUTES.authorization}/:uid`, ['GET']],
  [ROUTES.token, ['POST']],
  [ROUTES.introspection, ['POST']],
  [ROUTES.revocation, ['POST']],
  [ROUTES.end_session, ['GET', 'POST']],
  [`${ROUTES.end_session}/confirm`, ['POST']],
  [`${ROUTES.end_session}/success`, ['GET']],
  [ROUTES.jwks, DOCUMENT],
  ['/.well-known/openid-configuration', DOCUMENT],
  ['/.well-known/oauth-authorization-server', DOCUMENT],
  ['/launches', ['POST']],
  [REVOCATIONS, ['GET']],
  [USAGE, ['POST']],
]);
