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

/**
 * What belongs at `rest.security` of a FHIR server's CapabilityStatement. An endpoint set to SMART 1.0.0 repeats its
 * OAuth addresses there, where apps of that version look (V1-02); from 2.0.0 on the extension is deprecated and left out
 * (DISC-30). Which it is, the SMART configuration itself tells: its capabilities name a scope syntax since 2.0.0.
 *
 * @param document the SMART configuration; `undefined` while the authorization server cannot be asked
 */
export function capabilitySecurity(document: Readonly<Record<string, unknown>> | undefined): object {
  return {
    ...(document && isVersion1(document) ? { extension: [oauthUris(document)] } : {}),
    cors: true,
    service: [
      {
        coding: [{ system: SECURITY_SERVICE, code: 'SMART-on-FHIR', display: 'SMART-on-FHIR' }],
        text: 'OAuth2 using SMART App Launch',
      },
    ],
  };
}

function isVersion1({ capabilities }: Readonly<Record<string, unknown>>): boolean {
  const named = Array.isArray(capabilities) ? capabilities : [];
  return !named.includes('permission-v1') && !named.includes('permission-v2');
}

function oauthUris(document: Readonly<Record<string, unknown>>): object {
  const extension = URIS.flatMap(([url, member]) => {
    const valueUri = document[member];
    return typeof valueUri === 'string' ? [{ url, valueUri }] : [];
  });
  return { url: OAUTH_URIS, extension };
}
