import { z } from 'zod';

import { DEFAULT_RELATIONSHIPS, LEGAL_BASES, LINK_ASSURANCES } from '../representation/index.ts';

/** Who may act for a patient of this FHIR server who is somebody else. */
export const representatives = z
  .strictObject({
    relationships: z
      .record(z.string().regex(/^\S{1,200}$/, 'write it as MTH, or as system|code'), z.enum(LEGAL_BASES))
      .default({ ...DEFAULT_RELATIONSHIPS })
      .describe(
        'by code of RelatedPerson.relationship, by which right they act: parent, guardian or power-of-attorney',
      ),
    majorityAge: z
      .number()
      .int()
      .min(12)
      .max(30)
      .default(18)
      .describe('in years: on that birthday parents stop acting for a child'),
    assurance: z
      .enum(LINK_ASSURANCES)
      .default('level3')
      .describe('the least that counts of Person.link.assurance'),
  })
  .describe('let people act for patients whose RelatedPerson says so; default: nobody does');
