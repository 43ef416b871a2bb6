import type { Discovery } from '../../resource-server/index.ts';
import { SEARCH_PARAMETERS } from './search-parameters.ts';

const OAUTH_URIS = 'http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris';
const SECURITY_SERVICE = 'http://terminology.hl7.org/CodeSystem/restful-security-service';

/** Member of `oauth-uris` → member of the SMART configuration. */
const URIS: readonly (readonly [string, string])[] = [
  ['authorize', 'authorization_endpoint'],
  ['token', 'token_endpoint'],
  ['introspect', 'introspection_endpoint'],
  ['revoke', 'revocation_endpoint'],
  ['manage', 'management_endpoint'],
  ['register', 'registration_endpoint'],
];

/** The types the demo server serves. */
export const SERVED_TYPES: ReadonlySet<string> = new Set(SEARCH_PARAMETERS['_id']?.types);

/**
 * What this server can do, with the endpoints for SMART 1.0 apps, which look here and not at the SMART configuration
 * (V1-02). While the authorization server cannot be asked, the endpoints are left out.
 */
export function capabilityStatement(fhirBaseUrl: string, discovery: Discovery): object {
  return {
    resourceType: 'CapabilityStatement',
    status: 'active',
    date: '2026-11-01',
    kind: 'instance',
    software: { name: 'Gatehouse demo FHIR server' },
    implementation: { description: 'Synthetic patients behind Gatehouse', url: fhirBaseUrl },
    fhirVersion: '4.0.1',
    format: ['application/fhir+json', 'json'],
    rest: [
      {
        mode: 'server',
        security: {
          ...oauthUris(discovery),
          cors: true,
          service: [
            {
              coding: [{ system: SECURITY_SERVICE, code: 'SMART-on-FHIR', display: 'SMART-on-FHIR' }],
              text: 'OAuth2 using SMART App Launch',
            },
          ],
        },
        resource: [...SERVED_TYPES].sort().map(describeType),
      },
    ],
  };
}

function oauthUris(discovery: Discovery): object {
  if (!discovery.ok) return {};
  const { document } = discovery;
  const uris = URIS.flatMap(([url, member]) => {
    const valueUri = document[member];
    return typeof valueUri === 'string' ? [{ url, valueUri }] : [];
  });
  return { extension: [{ url: OAUTH_URIS, extension: uris }] };
}

function describeType(type: string): object {
  return {
    type,
    versioning: 'versioned',
    interaction: [{ code: 'read' }, { code: 'search-type' }],
    searchParam: Object.entries(SEARCH_PARAMETERS)
      .filter(([, { types }]) => types.some((served) => served === type))
      .map(([name, { kind }]) => ({ name, type: kind })),
  };
}
