import type { KeptRecord } from './resources.ts';

/** Records as one FHIR document to take away: every version of every Consent, each with its Provenance. */
export function bundleOf(records: readonly KeptRecord[], issuer: string, at: string): object {
  const entry = records.flatMap(({ consent, provenance }) =>
    [consent, provenance].map((resource) => ({
      fullUrl: `${issuer}/${resource.resourceType}/${resource.id}`,
      resource,
    })),
  );
  return { resourceType: 'Bundle', type: 'collection', timestamp: at, entry };
}
