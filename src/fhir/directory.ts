import { z } from 'zod';

import { below, bundle, createFhirClient, id, read, resourcesOf, text } from './client.ts';
import { patientQuery } from './patient-query.ts';
import { relationsOn, type FhirRelations } from './relations.ts';

const PAGE_SIZE = 10;

export interface PatientSummary {
  readonly id: string;
  readonly name: string;
  readonly birthDate?: string;
  readonly mrn?: string;
  readonly sex?: string;
  readonly deceased?: true;
}

export interface PatientPage {
  readonly patients: readonly PatientSummary[];
  /** The FHIR server's own link to the next page; absent on the last. Stays on our side, never in a form. */
  readonly next?: string;
}

export interface EncounterSummary {
  readonly id: string;
  readonly label: string;
  readonly start?: string;
  readonly status: string;
}

/** Live look-ups on one FHIR server. Every method rejects with `FhirUnavailable` when it cannot answer. */
export interface FhirDirectory extends FhirRelations {
  /**
   * Ten patients by name, number or birth date; an empty query lists everyone.
   *
   * @param page a `next` link of an earlier page of the same search
   */
  searchPatients(query: string, page?: string): Promise<PatientPage>;
  /** `undefined` when there is no such patient. */
  readPatient(id: string): Promise<PatientSummary | undefined>;
  /** Ids of who has this identifier: two at most, which is as good as many. */
  findPeople(
    type: 'Patient' | 'Practitioner' | 'RelatedPerson',
    identifier: { readonly system: string; readonly value: string },
  ): Promise<readonly string[]>;
  /** Newest first, ten at most. */
  encountersOf(patientId: string): Promise<readonly EncounterSummary[]>;
}

const humanName = z.looseObject({
  text: text.optional(),
  family: text.optional(),
  given: z.array(text).optional(),
  use: z.string().optional(),
});
const patient = z.looseObject({
  resourceType: z.literal('Patient'),
  id,
  name: z.array(humanName).optional(),
  birthDate: text.optional(),
  gender: text.optional(),
  deceasedBoolean: z.boolean().optional(),
  deceasedDateTime: z.string().optional(),
  identifier: z
    .array(
      z.looseObject({
        value: text.optional(),
        type: z
          .looseObject({ coding: z.array(z.looseObject({ code: z.string().optional() })).optional() })
          .optional(),
      }),
    )
    .optional(),
});
const person = z.looseObject({ id });
const concept = z.looseObject({
  text: text.optional(),
  coding: z.array(z.looseObject({ display: text.optional(), code: text.optional() })).optional(),
});
const encounter = z.looseObject({
  resourceType: z.literal('Encounter'),
  id,
  status: text,
  type: z.array(concept).optional(),
  class: z.looseObject({ display: text.optional(), code: text.optional() }).optional(),
  period: z.looseObject({ start: text.optional() }).optional(),
});
/** @param accessToken a token Gatehouse issued to itself for this FHIR server; a new one where `renew` is asked. */
export function createFhirDirectory(
  fhirBaseUrl: string,
  accessToken: (renew: boolean) => Promise<string>,
  fetchImpl: typeof fetch = fetch,
): FhirDirectory {
  const client = createFhirClient(fhirBaseUrl, accessToken, fetchImpl);
  const { get } = client;
  return {
    ...relationsOn(client),
    async searchPatients(query, page) {
      const search = new URLSearchParams({ _count: String(PAGE_SIZE), _sort: 'name' });
      for (const [name, value] of patientQuery(query)) search.append(name, value);
      const found = read(
        bundle,
        await get(page === undefined ? `Patient?${search}` : below(fhirBaseUrl, page)),
      );
      const patients = resourcesOf(found, 'Patient').map((resource) => summarise(read(patient, resource)));
      const next = found.link?.find(({ relation }) => relation === 'next')?.url;
      return { patients, ...(next === undefined ? {} : { next }) };
    },
    async readPatient(id) {
      const resource = await get(`Patient/${encodeURIComponent(id)}`);
      return resource === undefined ? undefined : summarise(read(patient, resource));
    },
    async findPeople(type, { system, value }) {
      const identifier = `${escaped(system)}|${escaped(value)}`;
      const found = read(bundle, await get(`${type}?${new URLSearchParams({ identifier, _count: '2' })}`));
      return resourcesOf(found, type).map((resource) => read(person, resource).id);
    },
    async encountersOf(patientId) {
      const search = new URLSearchParams({ patient: patientId, _count: String(PAGE_SIZE), _sort: '-date' });
      const found = read(bundle, await get(`Encounter?${search}`));
      return resourcesOf(found, 'Encounter').map((resource) => summariseEncounter(read(encounter, resource)));
    },
  };
}

/** What has a meaning of its own in a search value says nothing but itself (FHIR R4, 3.1.1.6.6). */
function escaped(value: string): string {
  return value.replaceAll(/[\\,$|]/g, String.raw`\$&`);
}

function summarise({
  id,
  name,
  birthDate,
  gender,
  identifier,
  ...rest
}: z.output<typeof patient>): PatientSummary {
  const official = name?.find(({ use }) => use === 'official') ?? name?.[0];
  const written = official?.text ?? [...(official?.given ?? []), official?.family].filter(Boolean).join(' ');
  const mrn = identifier?.find(({ type }) => type?.coding?.some(({ code }) => code === 'MR'))?.value;
  return {
    id,
    name: written || `Patient ${id}`,
    ...(birthDate ? { birthDate } : {}),
    ...(gender ? { sex: gender } : {}),
    ...(mrn ? { mrn } : {}),
    ...(rest.deceasedBoolean || rest.deceasedDateTime ? { deceased: true } : {}),
  };
}

function summariseEncounter(resource: z.output<typeof encounter>): EncounterSummary {
  const [type] = resource.type ?? [];
  const coding = type?.coding?.[0];
  const label = type?.text ?? coding?.display ?? resource.class?.display ?? resource.class?.code ?? 'Visit';
  const start = resource.period?.start;
  return { id: resource.id, label, status: resource.status, ...(start ? { start } : {}) };
}
