/**
 * The messages of a SMART server as an app, a FHIR server or a tester has them on the wire. Values are examples; names,
 * types and what is fixed are the point. `<JWT>` stands for a signed token.
 */
const ISSUER = 'https://auth.ehr.example';
const FHIR = 'https://ehr.example/fhir/r4';
export const EXAMPLE_PLACES = { [ISSUER]: '<issuer>', [FHIR]: '<fhir>' };

const CATEGORY = 'http://terminology.hl7.org/CodeSystem/observation-category';
const CONDITION = 'http://terminology.hl7.org/CodeSystem/condition-category';
const US_CORE = 'http://hl7.org/fhir/us/core/CodeSystem';
const VITAL_SIGNS = `user/Observation.rs?category=${CATEGORY}|vital-signs`;
export const LABORATORY = `patient/Observation.rs?category=${CATEGORY}|laboratory`;
export const SURVEY = `patient/Observation.rs?category=${CATEGORY}|survey`;

/** Part of what a certified server lists for each level. */
const CERTIFIED_SCOPES = ['patient', 'user', 'system'].flatMap((level) => [
  `${level}/Patient.rs`,
  `${level}/Condition.rs`,
  `${level}/Condition.rs?category=${CONDITION}|encounter-diagnosis`,
  `${level}/Condition.rs?category=${CONDITION}|problem-list-item`,
  `${level}/Condition.rs?category=${US_CORE}/condition-category|health-concern`,
  `${level}/Observation.rs`,
  ...['laboratory', 'social-history', 'survey', 'vital-signs', 'procedure'].map(
    (code) => `${level}/Observation.rs?category=${CATEGORY}|${code}`,
  ),
  `${level}/Observation.rs?category=${US_CORE}/us-core-category|sdoh`,
  `${level}/*.rs`,
  `${level}/*.read`,
]);

export const SMART_CONFIGURATION = {
  issuer: ISSUER,
  jwks_uri: `${ISSUER}/jwks`,
  authorization_endpoint: `${ISSUER}/authorize`,
  token_endpoint: `${ISSUER}/token`,
  token_endpoint_auth_methods_supported: ['client_secret_basic', 'private_key_jwt'],
  token_endpoint_auth_signing_alg_values_supported: ['RS384', 'ES384'],
  grant_types_supported: ['authorization_code', 'client_credentials'],
  scopes_supported: [
    ...['openid', 'fhirUser', 'launch', 'launch/patient', 'launch/encounter', 'offline_access'],
    ...CERTIFIED_SCOPES,
    `${ISSUER}/scopes/introspect`,
  ],
  response_types_supported: ['code'],
  code_challenge_methods_supported: ['S256'],
  introspection_endpoint: `${ISSUER}/introspect`,
  revocation_endpoint: `${ISSUER}/revoke`,
  capabilities: [
    ...['launch-ehr', 'launch-standalone', 'authorize-post'],
    ...['client-public', 'client-confidential-symmetric', 'client-confidential-asymmetric'],
    ...['sso-openid-connect', 'context-banner', 'context-style'],
    ...['context-ehr-patient', 'context-ehr-encounter'],
    ...['context-standalone-patient', 'context-standalone-encounter'],
    ...['permission-offline', 'permission-online', 'permission-patient', 'permission-user'],
    ...['permission-v1', 'permission-v2'],
  ],
};

/** Members other servers have at discovery, and we do not: what they name is not built. */
export const NOT_BUILT = [
  'registration_endpoint',
  'management_endpoint',
  'user_access_brand_bundle',
  'user_access_brand_identifier',
  'associated_endpoints',
  'smart_app_state_endpoint',
];

export const OPENID_CONFIGURATION = {
  issuer: ISSUER,
  authorization_endpoint: `${ISSUER}/authorize`,
  token_endpoint: `${ISSUER}/token`,
  jwks_uri: `${ISSUER}/jwks`,
  response_types_supported: ['code'],
  subject_types_supported: ['public'],
  id_token_signing_alg_values_supported: ['RS256'],
  scopes_supported: ['openid', 'fhirUser', 'offline_access'],
  claims_supported: ['iss', 'sub', 'fhirUser'],
  code_challenge_methods_supported: ['S256'],
};

/** Members of RFC 8414, RFC 9207, RFC 9701 and OpenID Connect beside those that have to be there. */
export const OPENID_EXTRAS = [
  'authorization_response_iss_parameter_supported',
  'claim_types_supported',
  'claims_parameter_supported',
  'end_session_endpoint',
  'grant_types_supported',
  'introspection_endpoint',
  'introspection_signing_alg_values_supported',
  'request_uri_parameter_supported',
  'response_modes_supported',
  'revocation_endpoint',
  'token_endpoint_auth_methods_supported',
  'token_endpoint_auth_signing_alg_values_supported',
];

const ANSWER = { access_token: 'at_3pWq8sXv5kB0', token_type: 'Bearer', expires_in: 3600 };
const REFRESHABLE = { ...ANSWER, refresh_token: 'rt_Jd7fLm2QzT9c' };

export const STANDALONE_PATIENT = {
  ...REFRESHABLE,
  scope:
    'launch/patient openid fhirUser offline_access patient/Patient.rs patient/Condition.rs patient/Observation.rs',
  id_token: '<JWT>',
  patient: 'chloe-shaw',
};

/** Two parts of what was asked for, one kind of data and the lasting access left out. */
export const STANDALONE_NARROWED = {
  ...ANSWER,
  scope: `launch/patient openid fhirUser patient/Patient.rs ${LABORATORY} ${SURVEY}`,
  id_token: '<JWT>',
  patient: 'chloe-shaw',
};

/** What the EHR announces, and the app has to get unchanged. */
export const ANNOUNCED = {
  patient: 'amy-shaw',
  encounter: 'amy-shaw-visit-3',
  need_patient_banner: false,
  smart_style_url: 'https://ehr.example/styles/smart-9f2c41.json',
  intent: 'review-growth',
  tenant: '2f0c8f0e-9a3e-4c39-8e8e-5b1f0b6a7d11',
  fhirContext: [
    { reference: 'ImagingStudy/is-55' },
    { reference: 'List/home-meds-9', role: 'https://growth.example/roles/home-meds' },
    {
      canonical: 'https://forms.example/Questionnaire/phq9|3.1',
      type: 'Questionnaire',
      role: 'https://growth.example/roles/form',
    },
    { identifier: { system: 'https://ehr.example/orders', value: 'A-1009' }, type: 'ServiceRequest' },
    { reference: 'Patient/sib-442', role: 'https://growth.example/roles/sibling' },
  ],
};

export const EHR_CLINICIAN = {
  ...REFRESHABLE,
  scope: `launch openid fhirUser offline_access user/Patient.rs ${VITAL_SIGNS}`,
  id_token: '<JWT>',
  ...ANNOUNCED,
};

export const EHR_PATIENT = {
  ...ANSWER,
  scope: 'launch openid fhirUser patient/Patient.rs patient/Immunization.rs',
  id_token: '<JWT>',
  patient: 'chloe-shaw',
  need_patient_banner: true,
};

export const CLINICIAN_WITHOUT_PATIENT = {
  ...ANSWER,
  scope: 'openid fhirUser user/Appointment.cruds user/Patient.rs',
  id_token: '<JWT>',
};

/** `patient/*.read` was asked for; the app is registered for two types. */
export const VERSION_ONE = {
  ...REFRESHABLE,
  scope: 'launch/patient openid fhirUser offline_access patient/Patient.read patient/Observation.read',
  id_token: '<JWT>',
  patient: 'chloe-shaw',
};

/** A refresh for less: the context is repeated all the same. */
export const REFRESHED_NARROWED = {
  ...REFRESHABLE,
  scope: 'launch user/Patient.rs',
  ...ANNOUNCED,
};

export const BACKEND = {
  access_token: 'at_bs_7kQ0',
  token_type: 'bearer',
  expires_in: 300,
  scope: 'system/Patient.rs system/Group.rs',
};

export const STYLE = {
  color_background: '#ffffff',
  color_error: '#9e2d2d',
  color_highlight: '#2b6cb0',
  color_modal_backdrop: '#00000080',
  color_success: '#2f855a',
  color_text: '#1a202c',
  dim_border_radius: '4px',
  dim_font_size: '14px',
  dim_spacing_size: '16px',
  font_family_body: "'Segoe UI', Arial, sans-serif",
  font_family_heading: "'Segoe UI', Arial, sans-serif",
};

export const ID_TOKEN_HEADER = { alg: 'RS256', typ: 'JWT', kid: 'sig-2026-11' };
export const ID_TOKEN_CLAIMS = {
  iss: ISSUER,
  sub: 'u-7d0f2c',
  aud: 'growth-chart-web',
  iat: 1_795_262_400,
  exp: 1_795_266_000,
  auth_time: 1_795_262_311,
  nonce: 'n-8842',
  fhirUser: `${FHIR}/Practitioner/carla-reyes`,
};

const TOLD = {
  active: true,
  exp: 1_795_266_000,
  iat: 1_795_262_400,
  token_type: 'Bearer',
  iss: ISSUER,
  aud: FHIR,
};

export const INTROSPECTED_CLINICIAN = {
  ...TOLD,
  client_id: 'growth-chart-web',
  scope: EHR_CLINICIAN.scope,
  sub: 'u-7d0f2c',
  fhirUser: `${FHIR}/Practitioner/carla-reyes`,
  ...ANNOUNCED,
};

/** Without openid nothing has to be said of who it is. */
export const INTROSPECTED_PATIENT = {
  active: true,
  client_id: 'my-health-ios',
  scope: 'launch/patient patient/Patient.rs',
  exp: 1_795_266_000,
  patient: 'chloe-shaw',
};

export const INTROSPECTED_BACKEND = {
  active: true,
  client_id: 'bulk-analytics-01',
  scope: BACKEND.scope,
  exp: 1_795_262_700,
};
