import type { EpochSeconds } from '../oauth/index.ts';
import {
  LINK_ASSURANCES,
  groundOf,
  longest,
  type Ground,
  type RelatedPersonRecord,
  type RepresentationRules,
  type RepresentedPatient,
} from './standing.ts';

/** What is read of a Person: one human being, and the resources that are about them. */
export interface PersonRecord {
  readonly id: string;
  readonly active: boolean;
  /** On the same server, as `RelatedPerson/7`. */
  readonly links: readonly { readonly target: string; readonly assurance?: string }[];
}

/** Questions to one FHIR server; `fhir/` implements it and rejects when the server is away. */
export interface Relations {
  readRelatedPerson(id: string): Promise<RelatedPersonRecord | undefined>;
  readPerson(id: string): Promise<PersonRecord | undefined>;
  /** Those who link to this resource. */
  personsLinkedTo(reference: string): Promise<readonly PersonRecord[]>;
  readPatient(id: string): Promise<RepresentedPatient | undefined>;
}

/** A patient whom somebody may act for. */
export interface Standing extends Ground {
  readonly patient: RepresentedPatient;
  /** As whom: `RelatedPerson/7`, the resource that says so. */
  readonly actsAs: string;
}

/** So many are looked at; nobody has more, and a server that says so is mistaken. */
const MOST = 20;

/**
 * The patients somebody may act for, and by which right: through the RelatedPerson they are, or through those that a Person
 * links to them. A link counts from both ends, with the assurance that the rules ask for.
 *
 * @param fhirUser who they are, such as `Patient/1`, `RelatedPerson/2` or `Person/3`
 */
export async function standingsOf(
  fhirUser: string,
  relations: Relations,
  rules: RepresentationRules,
  now: EpochSeconds,
): Promise<readonly Standing[]> {
  const found = await Promise.all(
    (await relatedPersonsOf(fhirUser, relations, rules)).map((id) => relations.readRelatedPerson(id)),
  );
  const read = found.filter((one) => one !== undefined);
  const standings = await Promise.all(read.map((one) => standingOf(one, relations, rules, now)));
  const byPatient = Map.groupBy(
    standings.filter((one) => one !== undefined),
    ({ patient }) => patient.id,
  );
  return [...byPatient.values()].flatMap((same) => longest(same) ?? []);
}

async function standingOf(
  related: RelatedPersonRecord,
  relations: Relations,
  rules: RepresentationRules,
  now: EpochSeconds,
): Promise<Standing | undefined> {
  const patient = related.patient === undefined ? undefined : await relations.readPatient(related.patient);
  const ground = patient && groundOf(related, patient, rules, now);
  return ground && { ...ground, patient, actsAs: `RelatedPerson/${related.id}` };
}

async function relatedPersonsOf(
  fhirUser: string,
  relations: Relations,
  rules: RepresentationRules,
): Promise<string[]> {
  const [type, id = ''] = fhirUser.split('/');
  const persons =
    type === 'Person' ? [await relations.readPerson(id)] : await relations.personsLinkedTo(fhirUser);
  const linked = persons.flatMap((person) => linksOf(person, fhirUser, rules));
  const own = type === 'RelatedPerson' ? [id] : [];
  return [...new Set([...own, ...linked])].slice(0, MOST);
}

/** The RelatedPersons a Person links to, where that Person is who we ask about. */
function linksOf(person: PersonRecord | undefined, fhirUser: string, rules: RepresentationRules): string[] {
  if (!person?.active) return [];
  const sure = person.links.filter(({ assurance }) => isSure(assurance, rules)).map(({ target }) => target);
  if (fhirUser !== `Person/${person.id}` && !sure.includes(fhirUser)) return [];
  return sure.flatMap((target) => /^RelatedPerson\/(.+)$/.exec(target)?.[1] ?? []);
}

function isSure(assurance: string | undefined, rules: RepresentationRules): boolean {
  const levels: readonly string[] = LINK_ASSURANCES;
  return levels.indexOf(assurance ?? '') >= levels.indexOf(rules.assurance);
}
