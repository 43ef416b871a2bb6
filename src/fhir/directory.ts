import { z } from 'zod';

import { isFhirId } from '../smart/index.ts';
import { patientQuery } from './patient-query.ts';

const TIMEOUT_MS = 4000;
const PAGE_SIZE = 10;
const MAX_TEXT = 120;

export interface PatientSummary {
  readonly id: string;
  readonly name: string;
  readonly birthDate?: string;
  readonly mrn?: string;
  readonly sex?: string;
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

/** Live look-ups on one FHIR server. Every method rejects with {@link FhirUnavailable} when it cannot answer. */
export interface FhirDirectory {
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
    type: 'Patient' | 'Practitioner',
    identifier: { readonly system: string; readonly value: string },
  ): Promise<readonly string[]>;
  /** Newest first, ten at most. */
  encountersOf(patientId: string): Promise<readonly EncounterSummary[]>;
}

/** The FHIR server did not answer, or not with FHIR. */
export class FhirUnavailable extends Error {
  override readonly name = 'FhirUnavailable';
}

const text = z.string().transform(clean);
const id = z.string().refine(isFhirId);
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
const bundle = z.looseObject({
  resourceType: z.literal('Bundle'),
  link: z.array(z.looseObject({ relation: z.string(), url: z.string() })).optional(),
  entry: z.array(z.looseObject({ resource: z.unknown() })).optional(),
});

/** @param accessToken a token Gatehouse issued to itself for this FHIR server; a new one where `renew` is asked. */
export function createFhirDirectory(
  fhirBaseUrl: string,
  accessToken: (renew: boolean) => Promise<string>,
  fetchImpl: typeof fetch = fetch,
): FhirDirectory {
  const get = async (path: string): Promise<unknown> => {
    const ask = async (renew: boolean): Promise<Response> =>
      fetchFhir(`${fhirBaseUrl}/${path}`, await accessToken(renew), fetchImpl);
    const first = await ask(false);
    // The token we kept may be gone from the store; a fresh one is asked for once.
    const response = first.status === 401 ? await ask(true) : first;
    if (response.status === 404 || response.status === 410) return undefined;
    if (!response.ok)
      throw new FhirUnavailable(`GET ${path.split('?')[0] ?? ''} answered ${response.status}`);
    return readJson(response);
  };
  return {
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

async function fetchFhir(url: string, token: string, fetchImpl: typeof fetch): Promise<Response> {
  try {
    return await fetchImpl(url, {
      headers: { accept: 'application/fhir+json', authorization: `Bearer ${token}` },
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
  } catch (cause) {
    throw new FhirUnavailable('the FHIR server did not answer', { cause });
  }
}

async function readJson(response: Response): Promise<unknown> {
  try {
    return await response.json();
  } catch (cause) {
    throw new FhirUnavailable('the FHIR server did not answer with JSON', { cause });
  }
}

/** The matches of a search; beside them a Bundle may hold an OperationOutcome or included resources. */
function resourcesOf({ entry }: z.output<typeof bundle>, resourceType: string): unknown[] {
  const isWanted = (resource: unknown): boolean =>
    typeof resource === 'object' &&
    resource !== null &&
    'resourceType' in resource &&
    resource.resourceType === resourceType;
  return (entry ?? []).map(({ resource }) => resource).filter(isWanted);
}

/** What follows the base in a link. A link that leads elsewhere is refused: our token goes to this server only. */
function below(fhirBaseUrl: string, link: string): string {
  // Compared as parsed, so that no `..` leads out afterwards.
  const base = new URL(fhirBaseUrl).href.replace(/\/$/, '');
  const url = URL.parse(link)?.href ?? '';
  for (const separator of ['/', '?']) {
    if (url.startsWith(base + separator)) return url.slice(base.length).replace(/^\//, '');
  }
  throw new FhirUnavailable('the FHIR server links to pages outside itself');
}

function read<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw new FhirUnavailable('the FHIR server answered something else than expected');
  return parsed.data;
}

function summarise({ id, name, birthDate, gender, identifier }: z.output<typeof patient>): PatientSummary {
  const official = name?.find(({ use }) => use === 'official') ?? name?.[0];
  const written = official?.text ?? [...(official?.given ?? []), official?.family].filter(Boolean).join(' ');
  const mrn = identifier?.find(({ type }) => type?.coding?.some(({ code }) => code === 'MR'))?.value;
  return {
    id,
    name: written || `Patient ${id}`,
    ...(birthDate ? { birthDate } : {}),
    ...(gender ? { sex: gender } : {}),
    ...(mrn ? { mrn } : {}),
  };
}

function summariseEncounter(resource: z.output<typeof encounter>): EncounterSummary {
  const [type] = resource.type ?? [];
  const coding = type?.coding?.[0];
  const label = type?.text ?? coding?.display ?? resource.class?.display ?? resource.class?.code ?? 'Visit';
  const start = resource.period?.start;
  return { id: resource.id, label, status: resource.status, ...(start ? { start } : {}) };
}

/** Shown to people: no control or direction-changing characters, and not endless (SEC-13). */
function clean(value: string): string {
  return value
    .replace(/[\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, '')
    .trim()
    .slice(0, MAX_TEXT);
}
