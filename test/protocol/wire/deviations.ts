import type { Difference } from './compare.ts';
import type { ExampleName } from './examples.ts';

/** One way in which an answer of ours is not its example. */
export interface Deviation {
  readonly of: readonly ExampleName[];
  /** `extra`: we say more. `absent`: we say less. `other`: another value. `whole`: we have no such answer. */
  readonly how: Difference['how'] | 'whole';
  /** Paths such as `$.scope`; a `*` at the end stands for whatever follows. */
  readonly at: readonly string[];
  readonly reason: string;
}

const WHOLE = ['$'];
const OAUTH_URIS =
  '$.rest[0].security.extension.http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris.extension';
const DESCRIPTION = ['$.error_description'];

/** Everything in which we differ from the example messages, and why. A line that no longer holds fails the tests. */
export const DEVIATIONS: readonly Deviation[] = [
  {
    of: ['backend-only configuration'],
    how: 'whole',
    at: WHOLE,
    reason: 'a server for backend services alone is no setting of ours: apps and people are always served',
  },
  {
    of: ['EHR to app'],
    how: 'whole',
    at: WHOLE,
    reason: 'the EHR sends it, not we; it gets the whole address from POST /launches (launch-api.test.ts)',
  },
  {
    of: ['several servers'],
    how: 'whole',
    at: WHOLE,
    reason: 'authorization_details is experimental (TOK-14) and not built; a token is for one FHIR server',
  },
  {
    of: ['brand bundle', 'udap configuration', 'udap software statement', 'udap registration'],
    how: 'whole',
    at: WHOLE,
    reason: 'brands and UDAP come later',
  },
  { of: ['udap assertion'], how: 'whole', at: WHOLE, reason: 'UDAP comes later' },
  {
    of: ['smart-configuration'],
    how: 'absent',
    at: [
      ...['$.registration_endpoint', '$.associated_endpoints'],
      ...['$.user_access_brand_bundle', '$.user_access_brand_identifier'],
    ],
    reason: 'registration, brands and app state are not built, so nobody is sent there',
  },
  {
    of: ['smart-configuration'],
    how: 'extra',
    at: ['$.scopes_supported*'],
    reason: 'the example says that its list is shortened',
  },
  {
    of: ['smart-configuration'],
    how: 'extra',
    at: ['$.capabilities[context-standalone-encounter]', '$.capabilities[permission-online]'],
    reason: 'we do more than the example: a visit can be chosen, and online_access is granted',
  },
  {
    of: ['openid-configuration'],
    how: 'extra',
    at: [
      ...['$.acr_values_supported', '$.ui_locales_supported'],
      ...['$.backchannel_logout_supported', '$.backchannel_logout_session_supported'],
      ...['$.authorization_response_iss_parameter_supported', '$.claim_types_supported'],
      ...['$.claims_parameter_supported', '$.end_session_endpoint', '$.grant_types_supported'],
      ...['$.introspection_endpoint', '$.introspection_signing_alg_values_supported'],
      ...['$.request_uri_parameter_supported', '$.response_modes_supported', '$.revocation_endpoint'],
      ...['$.token_endpoint_auth_methods_supported', '$.token_endpoint_auth_signing_alg_values_supported'],
    ],
    reason: 'members of RFC 8414, RFC 9207, RFC 9701 and OpenID Connect for what we have',
  },
  {
    of: ['openid-configuration'],
    how: 'extra',
    at: ['$.scopes_supported*', '$.claims_supported*'],
    reason: 'profile, online_access and their claims; auth_time and sid of OpenID Connect',
  },
  {
    of: ['id token claims'],
    how: 'extra',
    at: ['$.acr', '$.amr'],
    reason: 'how the person signed in (OpenID Connect Core §2, RFC 8176)',
  },
  {
    of: ['id token header'],
    how: 'absent',
    at: ['$.typ'],
    reason:
      'optional (RFC 7519 §5.1), and oidc-provider signs without it and without a way to say so; to sign each token twice would be worse',
  },
  {
    of: ['authorize: declined', 'authorize: bad aud'],
    how: 'extra',
    at: ['$.headers.location.iss'],
    reason: 'RFC 9207 §2 wants iss in error responses too, as the example of a code has it',
  },
  {
    of: ['EHR patient'],
    how: 'extra',
    at: ['$.smart_style_url'],
    reason: 'context-style is listed, so every EHR launch has a style (CAP-09)',
  },
  {
    of: ['refreshed'],
    how: 'extra',
    at: ['$.id_token', '$.intent', '$.smart_style_url', '$.fhirContext'],
    reason: 'the whole context is repeated at each refresh (REF-11), and a new id token may come with it',
  },
  {
    of: ['introspected clinician', 'introspected patient', 'introspected backend'],
    how: 'extra',
    at: ['$.grant_ref'],
    reason:
      'what GET /revocations calls the grant of a token, for resource servers that keep what they were told',
  },
  {
    of: ['introspected clinician'],
    how: 'extra',
    at: ['$.fhirContext*'],
    reason: 'the example says that its list is shortened',
  },
  {
    of: ['introspected patient', 'introspected backend'],
    how: 'extra',
    at: ['$.iat', '$.token_type', '$.iss', '$.aud'],
    reason: 'members of RFC 7662 §2.2 that every active answer has, as the example of a clinician',
  },
  {
    of: ['introspected patient'],
    how: 'extra',
    at: ['$.sub'],
    reason: 'RFC 7662 §2.2; without openid it need not be there, and it does not hurt',
  },
  {
    of: ['introspection without proof'],
    how: 'absent',
    at: ['$.headers.www-authenticate[error="invalid_token"]'],
    reason: 'RFC 6750 §3.1: no error code in the challenge where no authentication information was sent',
  },
  {
    of: ['refresh for more'],
    how: 'extra',
    at: ['$.scope'],
    reason: 'names the scopes that were too much; RFC 6749 §5.2 leaves room for more members',
  },
  {
    of: ['refresh for more', 'refresh after revocation'],
    how: 'other',
    at: DESCRIPTION,
    reason:
      'words for developers, which RFC 6749 §5.2 leaves to us; a grant that was ended is not told apart',
  },
  {
    of: ['preflight'],
    how: 'extra',
    at: ['$.headers.access-control-allow-headers[accept]'],
    reason: 'CORS-04 wants it',
  },
  {
    of: ['capability statement'],
    how: 'absent',
    at: [`${OAUTH_URIS}.register`],
    reason: 'registration is not built',
  },
  {
    of: ['capability statement'],
    how: 'extra',
    at: ['$.rest[0].security.service[0].text', '$.rest[0].security.service[0].coding[0].display'],
    reason: 'words for people beside the code, as US Core servers have them',
  },
  {
    of: ['scope too narrow'],
    how: 'extra',
    at: ['$.headers.www-authenticate*'],
    reason: 'error_description of RFC 6750 §3 says the same to the developer',
  },
  {
    of: ['replayed assertion'],
    how: 'other',
    at: ['$.body.error_description'],
    reason: 'words for developers of oidc-provider, which RFC 6749 §5.2 leaves to us',
  },
  {
    of: ['scope too narrow'],
    how: 'other',
    at: ['$.body.issue[0].diagnostics'],
    reason: 'words for developers; ours name the interaction as FHIR does',
  },
  {
    of: ['authorize: declined'],
    how: 'other',
    at: ['$.headers.location.error_description'],
    reason: 'every description of ours begins in lower case',
  },
];
