/** A registration in the words of RFC 7591, plus what Gatehouse adds. */
export interface DemoClient {
  readonly client_id: string;
  readonly client_name: string;
  readonly client_uri?: string;
  readonly redirect_uris?: readonly string[];
  readonly launch_uris?: readonly string[];
  readonly token_endpoint_auth_method: 'none' | 'client_secret_basic' | 'private_key_jwt';
  readonly client_secret?: string;
  readonly jwks?: JwkSet;
  readonly grant_types: readonly string[];
  readonly scope: string;
  readonly application_type: 'web';
  readonly rights?: readonly ('introspect' | 'launch')[];
  readonly sign_in_uri?: string;
  readonly verified?: boolean;
}

/** A JSON Web Key Set of public keys. */
export interface JwkSet {
  readonly keys: readonly object[];
}

export interface DemoClientsInput {
  /** Where the sample apps and the EHR simulator are served, without trailing slash. */
  readonly appsBaseUrl: string;
  readonly issuer: string;
  readonly ehrJwks: JwkSet;
  readonly backendJwks: JwkSet;
  readonly fhirServerSecret: string;
}

/** The sample apps by client id; their pages live under `/apps/<client id>/`. */
export const DEMO_APPS = [
  {
    clientId: 'growth-chart',
    name: 'Growth Chart',
    summary: 'Height and weight over time, launched from the EHR.',
    scope: 'launch openid fhirUser offline_access patient/*.rs',
    startsFrom: ['ehr'],
    verified: true,
  },
  {
    clientId: 'my-health',
    name: 'My Health',
    summary: 'A patient reads their own record.',
    scope: 'launch/patient openid fhirUser offline_access patient/*.rs',
    startsFrom: ['standalone'],
    verified: false,
  },
  {
    clientId: 'clinic-list',
    name: 'Clinic List',
    summary: 'A clinician picks a patient, and sees the whole clinic.',
    scope: 'launch launch/patient openid fhirUser online_access user/*.rs',
    startsFrom: ['ehr', 'standalone'],
    verified: true,
  },
] as const;

/** Every client of the demo, for the authorization server to register (CRG-01 …). */
export function demoClients(input: DemoClientsInput): DemoClient[] {
  return [...DEMO_APPS.map((app) => sampleApp(app, input.appsBaseUrl)), ...machines(input)];
}

function sampleApp(
  { clientId, name, scope, verified }: (typeof DEMO_APPS)[number],
  appsBaseUrl: string,
): DemoClient {
  const base = `${appsBaseUrl}/apps/${clientId}`;
  return {
    client_id: clientId,
    client_name: name,
    client_uri: `${base}/launch.html`,
    redirect_uris: [`${base}/index.html`],
    launch_uris: [`${base}/launch.html`],
    token_endpoint_auth_method: 'none',
    grant_types: ['authorization_code', 'refresh_token'],
    scope,
    application_type: 'web',
    verified,
  };
}

function machines({
  appsBaseUrl,
  issuer,
  ehrJwks,
  backendJwks,
  fhirServerSecret,
}: DemoClientsInput): DemoClient[] {
  return [
    {
      client_id: 'demo-ehr',
      client_name: 'Demo EHR',
      token_endpoint_auth_method: 'private_key_jwt',
      jwks: ehrJwks,
      grant_types: ['client_credentials'],
      scope: `${issuer}/scopes/launch`,
      application_type: 'web',
      rights: ['launch'],
      sign_in_uri: `${appsBaseUrl}/sign-in`,
    },
    {
      client_id: 'demo-fhir-server',
      client_name: 'Demo FHIR server',
      token_endpoint_auth_method: 'client_secret_basic',
      client_secret: fhirServerSecret,
      grant_types: [],
      scope: '',
      application_type: 'web',
      rights: ['introspect'],
    },
    {
      client_id: 'demo-backend',
      client_name: 'Demo backend service',
      token_endpoint_auth_method: 'private_key_jwt',
      jwks: backendJwks,
      grant_types: ['client_credentials'],
      scope: 'system/*.rs',
      application_type: 'web',
    },
  ];
}
