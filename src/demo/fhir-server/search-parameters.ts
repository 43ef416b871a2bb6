import { matchesConstraint, patientsOf } from '../../resource-server/index.ts';
import type { DemoResource, HumanName, Identifier } from '../data/fhir.ts';
import { dateOf, parseDateQuery, spanOf } from './dates.ts';
import { foldText, nameOf } from './names.ts';

export type Matcher = (resource: DemoResource) => boolean;

/** One search parameter: on which types, of which FHIR kind, and how one value of it is read. */
export interface SearchParameter {
  readonly kind: 'token' | 'reference' | 'string' | 'date';
  readonly types: readonly DemoResource['resourceType'][];
  /** Reads one value (commas already split); `undefined` when it makes no sense. */
  readonly read: (value: string, fhirBaseUrl: string) => Matcher | undefined;
}

const WITH_SUBJECT = [
  'Condition',
  'DocumentReference',
  'Encounter',
  'MedicationRequest',
  'Observation',
  'Procedure',
] as const;
const EVERYTHING = [
  ...WITH_SUBJECT,
  'AllergyIntolerance',
  'Immunization',
  'Location',
  'Organization',
  'Patient',
  'Practitioner',
  'PractitionerRole',
] as const;

/** Every search parameter of the demo server; whatever is not here is refused. */
export const SEARCH_PARAMETERS: Readonly<Record<string, SearchParameter>> = {
  _id: token('_id', EVERYTHING),
  patient: patient([...WITH_SUBJECT, 'AllergyIntolerance', 'Immunization']),
  subject: patient(WITH_SUBJECT),
  category: token('category', ['AllergyIntolerance', 'Condition', 'DocumentReference', 'Observation']),
  code: token('code', ['AllergyIntolerance', 'Condition', 'MedicationRequest', 'Observation', 'Procedure']),
  status: token('status', [
    'DocumentReference',
    'Encounter',
    'Immunization',
    'Location',
    'MedicationRequest',
    'Observation',
    'Procedure',
  ]),
  'clinical-status': token('clinical-status', ['AllergyIntolerance', 'Condition']),
  gender: {
    kind: 'token',
    types: ['Patient'],
    read: (value) => (resource) => resource.resourceType === 'Patient' && resource.gender === value,
  },
  identifier: {
    kind: 'token',
    types: ['Patient', 'Practitioner'],
    read: (value) => (resource) =>
      identifiersOf(resource).some((identifier) => isIdentifiedBy(identifier, value)),
  },
  name: {
    kind: 'string',
    types: ['Location', 'Organization', 'Patient', 'Practitioner'],
    read: (value) => startingWith(value, (resource) => [nameOf(resource)]),
  },
  family: person((name) => [name.family]),
  given: person((name) => name.given),
  birthdate: {
    kind: 'date',
    types: ['Patient'],
    read: (value) => {
      const asked = parseDateQuery(value);
      return (
        asked &&
        ((resource) => {
          const born = resource.resourceType === 'Patient' ? spanOf(resource.birthDate) : undefined;
          return born !== undefined && asked(born);
        })
      );
    },
  },
  date: {
    kind: 'date',
    types: ['DocumentReference', 'Encounter', 'Immunization', 'Observation', 'Procedure'],
    read: (value) => {
      const asked = parseDateQuery(value);
      return (
        asked &&
        ((resource) => {
          const found = dateOf(resource);
          return found !== undefined && asked(found);
        })
      );
    },
  },
  encounter: {
    kind: 'reference',
    types: ['Condition', 'DocumentReference', 'MedicationRequest', 'Observation', 'Procedure'],
    read: (value, base) => {
      const id = idIn(value, 'Encounter', base);
      return (resource) => encountersOf(resource).includes(`Encounter/${id}`);
    },
  },
};

/** The same reading of tokens that granular scopes get, so that a search and a scope never disagree. */
function token(param: string, types: SearchParameter['types']): SearchParameter {
  return {
    kind: 'token',
    types,
    read: (value) => (resource) => matchesConstraint(resource, { param, value }),
  };
}

function patient(types: SearchParameter['types']): SearchParameter {
  return {
    kind: 'reference',
    types,
    read: (value, base) => {
      const id = idIn(value, 'Patient', base);
      return (resource) => patientsOf(resource).includes(id);
    },
  };
}

function person(parts: (name: HumanName) => readonly string[]): SearchParameter {
  return {
    kind: 'string',
    types: ['Patient', 'Practitioner'],
    read: (value) =>
      startingWith(value, (resource) =>
        resource.resourceType === 'Patient' || resource.resourceType === 'Practitioner'
          ? resource.name.flatMap(parts)
          : [],
      ),
  };
}

/** Every word asked for begins a word of the text, whatever the case and the accents. */
function startingWith(value: string, texts: (resource: DemoResource) => readonly string[]): Matcher {
  const asked = foldText(value).split(' ').filter(Boolean);
  return (resource) => {
    const words = texts(resource).flatMap((text) => foldText(text).split(/[ -]/));
    return asked.length > 0 && asked.every((start) => words.some((word) => word.startsWith(start)));
  };
}

/** `1`, `Patient/1` and the absolute URL of our own server are the same; of another server they are nobody. */
function idIn(value: string, type: string, fhirBaseUrl: string): string {
  const relative = value.startsWith(`${fhirBaseUrl}/`) ? value.slice(fhirBaseUrl.length + 1) : value;
  return relative.startsWith(`${type}/`) ? relative.slice(type.length + 1) : relative;
}

function identifiersOf(resource: DemoResource): readonly Identifier[] {
  return resource.resourceType === 'Patient' || resource.resourceType === 'Practitioner'
    ? resource.identifier
    : [];
}

function isIdentifiedBy({ system, value }: Identifier, asked: string): boolean {
  const bar = asked.indexOf('|');
  if (bar < 0) return value === asked;
  const wanted = asked.slice(bar + 1);
  return system === asked.slice(0, bar) && (wanted === '' || value === wanted);
}

function encountersOf(resource: DemoResource): readonly string[] {
  if (resource.resourceType === 'DocumentReference')
    return resource.context.encounter.map(({ reference }) => reference);
  return 'encounter' in resource && resource.encounter ? [resource.encounter.reference] : [];
}
