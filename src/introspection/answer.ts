import type { LivingToken } from './token.ts';

/** An introspection answer about a living token (RFC 7662 §2.2, INT-04, INT-05); about any other it is `{"active":false}`. */
export interface IntrospectionAnswer {
  readonly active: true;
  readonly sub?: string;
  readonly client_id: string;
  readonly exp: number;
  readonly iat: number;
  readonly iss: string;
  readonly aud?: string | readonly string[];
  readonly scope?: string;
  readonly token_type: 'Bearer';
  /** The launch context. */
  readonly [member: string]: unknown;
}

/** Everything there is to say of a living token. */
export function answerAbout(token: LivingToken, issuer: string): IntrospectionAnswer {
  const { accountId, clientId, extra, exp, iat, aud, scope } = token;
  return {
    active: true,
    ...(accountId === undefined ? {} : { sub: accountId }),
    ...extra,
    client_id: clientId,
    exp,
    iat,
    iss: issuer,
    ...(aud === undefined ? {} : { aud }),
    ...(scope === undefined ? {} : { scope }),
    token_type: 'Bearer',
  };
}
