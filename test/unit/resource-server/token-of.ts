import { tokenFrom, type TokenInfo } from '../../../src/resource-server/index.ts';

export const FHIR_BASE = 'https://ehr.example/fhir/r4';

/** A live token with these scopes, as introspection would describe it. */
export function tokenOf(scope: string, more: Readonly<Record<string, unknown>> = {}): TokenInfo {
  const token = tokenFrom({
    active: true,
    scope,
    client_id: 'app',
    exp: 2_000_000_000,
    aud: FHIR_BASE,
    ...more,
  });
  if (!token) throw new TypeError('the test token is malformed');
  return token;
}
