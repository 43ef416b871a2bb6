import type { AdapterPayload } from 'oidc-provider';

import type { GrantWords, TokenKind } from '../../src/store/index.ts';

export const FHIR = 'https://ehr.example/fhir';
export const OWNER = { accountId: 'ada', clientId: 'app' };
const MADE_AT = Date.now();
const NOW = Math.floor(MADE_AT / 1000);

/** A grant as the authorization endpoint makes it. */
export function grantOf(words: GrantWords, id: string, scope: string, ttlSeconds: number): AdapterPayload {
  const smart = {
    ...{ context: { patient: 'p-1', encounter: 'e-1' }, fhirBaseUrl: FHIR, fhirUser: `${FHIR}/Patient/p-1` },
    ...{ reference: 'kq7h-3mzt-9w2c', scope, lifetimeSeconds: ttlSeconds, madeAt: MADE_AT },
  };
  const grant = { jti: id, kind: 'Grant', ...OWNER, iat: NOW, exp: NOW + ttlSeconds, smart };
  return { ...grant, ...words.ofGrant(grant) };
}

/** A code or token as it is made from that grant. */
export function tokenOf(
  words: GrantWords,
  kind: TokenKind,
  text: string,
  grant: AdapterPayload,
  more: object = {},
): AdapterPayload {
  const { jti: id = '', exp = 0 } = grant;
  const said = words.ofToken(kind, id, grant);
  return { ...said, jti: text, gty: 'authorization_code', iat: NOW, exp, ...more };
}
