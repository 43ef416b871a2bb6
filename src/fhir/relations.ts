import { z } from 'zod';

import { bundle, id, read, referenceBelow, resourcesOf, type FhirClient } from './client.ts';

const reference = z.looseObject({ reference: z.string().optional() });
const relatedPerson = z.looseObject({
  resourceType: z.literal('RelatedPerson'),
  id,
  active: z.boolean().default(true),
  patient: reference,
  relationship: z
    .array(
      z.looseObject({
        coding: z
          .array(z.looseObject({ system: z.string().default(''), code: z.string().default('') }))
          .default([]),
      }),
    )
    .default([]),
  period: z.looseObject({ start: z.string().optional(), end: z.string().optional() }).optional(),
});
const person = z.looseObject({
  resourceType: z.literal('Person'),
  id,
  active: z.boolean().default(true),
  link: z.array(z.looseObject({ target: reference, assurance: z.string().optional() })).default([]),
});

/** Who belongs to whom, as a FHIR server has it. */
export interface FhirRelations {
  readRelatedPerson(id: string): Promise<ReturnType<typeof asRelatedPerson> | undefined>;
  readPerson(id: string): Promise<ReturnType<typeof asPerson> | undefined>;
  /** Those with a link to this resource, such as `Patient/1`. */
  personsLinkedTo(reference: string): Promise<readonly ReturnType<typeof asPerson>[]>;
}

export function relationsOn({ get, baseUrl }: FhirClient): FhirRelations {
  return {
    async readRelatedPerson(id) {
      const found = await get(`RelatedPerson/${encodeURIComponent(id)}`);
      return found === undefined ? undefined : asRelatedPerson(read(relatedPerson, found), baseUrl);
    },
    async readPerson(id) {
      const found = await get(`Person/${encodeURIComponent(id)}`);
      return found === undefined ? undefined : asPerson(read(person, found), baseUrl);
    },
    async personsLinkedTo(link) {
      const found = read(bundle, await get(`Person?${new URLSearchParams({ link, _count: '10' })}`));
      return resourcesOf(found, 'Person').map((one) => asPerson(read(person, one), baseUrl));
    },
  };
}

/** What lies on another server is nobody of ours. */
function asRelatedPerson({ id, active, ...rest }: z.output<typeof relatedPerson>, baseUrl: string) {
  const whose = referenceBelow(baseUrl, rest.patient.reference ?? '');
  const { start, end } = rest.period ?? {};
  return {
    id,
    active,
    ...(whose?.startsWith('Patient/') ? { patient: whose.slice('Patient/'.length) } : {}),
    relationships: rest.relationship.flatMap(({ coding }) =>
      coding.map(({ system, code }) => ({ system, code })),
    ),
    period: { ...(start === undefined ? {} : { start }), ...(end === undefined ? {} : { end }) },
  };
}

function asPerson({ id, active, link }: z.output<typeof person>, baseUrl: string) {
  const links = link.flatMap(({ target, assurance }) => {
    const found = referenceBelow(baseUrl, target.reference ?? '');
    return found === undefined ? [] : [{ target: found, ...(assurance === undefined ? {} : { assurance }) }];
  });
  return { id, active, links };
}
