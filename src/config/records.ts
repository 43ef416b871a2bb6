import { z } from 'zod';

/** What is written down of people's decisions. Where it lies is `store.dataDir`, whatever the store is. */
export const records = z
  .strictObject({
    policyUrl: z
      .url({ protocol: /^https?$/ })
      .optional()
      .describe('the policy people decide under, as records name it; another URL for each version of it'),
    push: z
      .array(z.string())
      .default([])
      .describe('ids of FHIR servers that are sent the Consent and Provenance of decisions about them'),
  })
  .prefault({});
