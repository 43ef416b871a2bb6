import type { JWK } from 'jose';

export const FHIR = 'https://ehr.example/fhir/r4';
export const REDIRECT = 'https://app.example/cb';
export const PASSWORD = 'correct horse battery';

/** With an id token, and without. */
export const SCOPES = {
  openid: 'openid fhirUser launch/patient offline_access patient/Patient.rs patient/Observation.rs',
  plain: 'launch/patient offline_access patient/Patient.rs patient/Observation.rs',
};

/** What a server of `npm run bench -- token` is told. */
export interface TokenOrders {
  readonly variant: 'stock' | 'ours';
  readonly redisUrl: string;
  readonly backends: readonly {
    readonly clientId: string;
    readonly alg: 'RS384' | 'ES384';
    readonly jwk: JWK;
  }[];
}
