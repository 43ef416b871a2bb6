import { z } from 'zod';

/** Of FHIR R4, what these records are read for; everything else in them is kept as it is, and signed all the same. */
const reference = z.looseObject({ reference: z.string().optional(), display: z.string().optional() });
const identifier = z.looseObject({ system: z.string(), value: z.string() });
const scopeExtension = z.looseObject({ url: z.string(), valueUri: z.string().optional() });

const consent = z.looseObject({
  resourceType: z.literal('Consent'),
  id: z.string(),
  meta: z.looseObject({ versionId: z.string(), lastUpdated: z.string() }),
  identifier: z.array(identifier),
  status: z.enum(['active', 'rejected', 'inactive', 'entered-in-error']),
  patient: reference.optional(),
  dateTime: z.string(),
  performer: z.array(reference),
  organization: z.array(reference.extend({ identifier: z.looseObject({ value: z.string() }).optional() })),
  sourceAttachment: z.looseObject({ language: z.string(), data: z.string() }).optional(),
  policy: z.array(z.looseObject({ uri: z.string() })),
  provision: z.looseObject({
    type: z.enum(['permit', 'deny']),
    period: z.looseObject({ start: z.string(), end: z.string().optional() }),
    actor: z.array(
      z.looseObject({ reference: z.looseObject({ identifier, display: z.string().optional() }) }),
    ),
    extension: z.array(scopeExtension).optional(),
    provision: z.array(z.looseObject({ extension: z.array(scopeExtension).optional() })).optional(),
  }),
});
export type Consent = z.output<typeof consent>;

const provenance = z.looseObject({
  resourceType: z.literal('Provenance'),
  id: z.string(),
  target: z.array(z.looseObject({ reference: z.string() })),
  activity: z.looseObject({ coding: z.array(z.looseObject({ code: z.string() })) }),
  signature: z.array(z.looseObject({ when: z.string(), data: z.string().optional() })),
});
export type Provenance = z.output<typeof provenance>;

/** One decision as it is kept: what was decided, and who says so. Nothing stands beside the two, since only they are signed. */
const keptRecord = z.strictObject({ consent, provenance });
export type KeptRecord = z.output<typeof keptRecord>;

/** Each is looked at and left as it is: what is signed is the value that was read, to its last member. */
export const isConsent = (value: unknown): value is Consent => consent.safeParse(value).success;
export const isProvenance = (value: unknown): value is Provenance => provenance.safeParse(value).success;
export const isKeptRecord = (value: unknown): value is KeptRecord => keptRecord.safeParse(value).success;

/** One version of a Consent, as a Provenance names it. */
export function versionOf({ id, meta }: Pick<Consent, 'id' | 'meta'>): string {
  return `Consent/${id}/_history/${meta.versionId}`;
}

/** The FHIR base URL of the server whose records a decision is about. */
export function fhirServerOf({ organization }: Pick<Consent, 'organization'>): string | undefined {
  return organization.at(-1)?.identifier?.value;
}
