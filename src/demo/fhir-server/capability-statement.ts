import { capabilitySecurity, type Discovery } from '../../resource-server/index.ts';
import { SEARCH_PARAMETERS } from './search-parameters.ts';
import { WRITABLE_TYPES } from './write.ts';

const READS = ['read', 'vread', 'search-type'];

/** The types the demo server serves. */
export const SERVED_TYPES: ReadonlySet<string> = new Set(SEARCH_PARAMETERS['_id']?.types);

/**
 * What this server can do, and, set to SMART 1.0.0, where its authorization server is (V1-02).
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
        security: capabilitySecurity(discovery.ok ? discovery.document : undefined),
        interaction: [{ code: 'batch' }, { code: 'transaction' }],
        resource: [...SERVED_TYPES].sort().map(describeType),
      },
    ],
  };
}

function describeType(type: string): object {
  return {
    type,
    versioning: 'versioned',
    interaction: [...READS, ...(WRITABLE_TYPES.has(type) ? ['update'] : [])].map((code) => ({ code })),
    searchParam: Object.entries(SEARCH_PARAMETERS)
      .filter(([, { types }]) => types.some((served) => served === type))
      .map(([name, { kind }]) => ({ name, type: kind })),
  };
}
