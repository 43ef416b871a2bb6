import type { KeptRecord } from '../records/index.ts';
import type { Kind } from './ports.ts';

/** Records of decisions on their way to FHIR servers. */
export const DECISIONS: Kind<KeptRecord> = {
  at: ({ consent }) => Date.parse(consent.dateTime),
  size: () => 1,
  details: ({ consent: { id, identifier } }) => ({ consent: id, reference: identifier[0]?.value }),
  words: {
    refused:
      'a FHIR server refused the record of a decision; it was set aside: see gatehouse consent push --status',
    away: 'a FHIR server cannot be sent records of decisions; they wait for it',
    back: 'a FHIR server takes records of decisions again',
    unseen: 'records of decisions could not be looked for',
  },
};
