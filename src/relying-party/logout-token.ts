import { jwtVerify } from 'jose';

import { algorithmsFor, isFips } from '../algorithms/index.ts';
import type { IdentityProviderConfig } from '../config/index.ts';
import type { LogoutToken } from '../upstream/index.ts';
import { TOLERANCE_SECONDS, type Discovered } from './discovered.ts';

const EVENT = 'http://schemas.openid.net/event/backchannel-logout';
const MAX_AGE_SECONDS = 120;
const TYPES = [undefined, 'jwt', 'logout+jwt', 'application/logout+jwt'];

/**
 * Checks a logout token (OpenID Connect Back-Channel Logout 1.0, section 2.6). A `nonce` would make it an id token, which
 * must never end a session.
 */
export async function verifyLogoutToken(
  { issuer, clientId }: IdentityProviderConfig,
  { client, keys }: Discovered,
  text: string,
): Promise<LogoutToken> {
  const { payload, protectedHeader } = await jwtVerify(text, keys, {
    issuer: client.serverMetadata().issuer,
    audience: clientId,
    algorithms: [...algorithmsFor(isFips()).providers],
    clockTolerance: TOLERANCE_SECONDS,
    maxTokenAge: MAX_AGE_SECONDS,
    requiredClaims: ['iss', 'aud', 'iat', 'exp', 'jti', 'events'],
  });
  const { sub, sid, jti = '', exp = 0, events } = payload as typeof payload & Record<string, unknown>;
  const fault = (what: string): TypeError => new TypeError(`a logout token of ${issuer} ${what}`);
  if (!TYPES.includes(protectedHeader.typ?.toLowerCase())) throw fault('is of another type');
  if ('nonce' in payload) throw fault('must have no nonce');
  const told: unknown = typeof events === 'object' && events !== null && Reflect.get(events, EVENT);
  if (typeof told !== 'object' || told === null) throw fault('tells of another event');
  if (typeof sub !== 'string' && typeof sid !== 'string') throw fault('names nobody');
  return {
    ...{ jti, exp },
    ...(typeof sub === 'string' ? { sub } : {}),
    ...(typeof sid === 'string' ? { sid } : {}),
  };
}
