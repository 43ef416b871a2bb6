import { ROUTES } from './configuration.ts';
import { REVOCATIONS } from './revocation-feed.ts';

/** Every path that oidc-provider serves as we configure it, and what {@link mountEndpoints} adds. */
export const SERVED_PATHS: readonly string[] = [
  ...Object.values(ROUTES),
  `${ROUTES.authorization}/:uid`,
  `${ROUTES.end_session}/confirm`,
  `${ROUTES.end_session}/success`,
  '/.well-known/openid-configuration',
  '/.well-known/oauth-authorization-server',
  '/launches',
  REVOCATIONS,
];
