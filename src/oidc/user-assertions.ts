import { decodeProtectedHeader, importJWK, jwtVerify, type JWTPayload } from 'jose';

import { CLIENT_ALGORITHMS } from '../algorithms/index.ts';
import { findKey, type ClientRegistration } from '../clients/index.ts';
import { VOUCH_TYPE } from '../launch/index.ts';
import type { ClientKeys } from './client-keys.ts';

/** What an EHR signed about its user; `undefined` when it did not sign it, or as something else. */
export type VerifyUserAssertion = (
  ehr: ClientRegistration,
  assertion: string,
) => Promise<JWTPayload | undefined>;

/** Verifies with the keys of the EHR's registration, those it authenticates with. Times are looked at by whoever asked. */
export function userAssertions(clientKeys: ClientKeys): VerifyUserAssertion {
  return async (ehr, assertion) => {
    try {
      const header = decodeProtectedHeader(assertion);
      const found = ehr.jwks
        ? findKey(ehr.jwks.keys, header)
        : await clientKeys.find(ehr.jwks_uri ?? '', header);
      if (!found.ok) return undefined;
      const key = await importJWK(found.key, header.alg);
      const { payload } = await jwtVerify(assertion, key, {
        ...{ algorithms: [...CLIENT_ALGORITHMS], typ: VOUCH_TYPE, clockTolerance: 10 },
      });
      return payload;
    } catch {
      // Not a JWT, not theirs, too old: whoever shows it has no use for the difference, and signs in.
      return undefined;
    }
  };
}
