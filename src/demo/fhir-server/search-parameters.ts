import { matchesConstraint, patientsOf } from '../../resource-server/index.ts';
import type { HumanName, Identifier } from '../data/fhir-elements.ts';
import type { DemoResource } from '../data/fhir.ts';
import { authoredOf, dateOf, parseDateQuery, spanOf, type Span } from './dates.ts';
import { addressOf, foldText, nameOf } from './names.ts';
import { DATED, TOKENS, WITH_ENCOUNTER, WITH_PATIENT, WITH_SUBJECT } from './search-types.ts';

export type Matcher = (resource: DemoResource) => boolean;

/** One search parameter: on which types, of which FHIR kind, and how one value of it is read. */
export interface SearchParameter {
  readonly kind: 'token' | 'reference' | 'string' | 'date';
  readonly types: readonly DemoResource['resourceType'][];
  /** Reads one value (commas already split); `undefined` when it makes no sense. */
  readonly read: (value: string, fhirBaseUrl: string) => Matcher | undefined;
}

/** Every search parameter of the demo server; whatever is not here is refused. */
export const SEARCH_PARAMETERS: Readonly<Record<string, SearchParameter>> = {
  ...Object.fromEntries(Object.entries(TOKENS).map(([name, types]) => [name, token(name, types)])),
  patient: patient([...WITH_SUBJECT, ...WITH_PATIENT]),
  subject: patient(WITH_SUBJECT),
  link: {
    kind: 'reference',
    types: ['Person'],
    read: (value) => (resource) =>
      resource.resourceType === 'Person' && resource.link.some(({ target }) => target.reference === value),
  },
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
  address: {
    kind: 'string',
    types: ['Location', 'Organization'],
    read: (value) => startingWith(value, addressOf),
  },
  birthdate: date(['Patient'], (resource) =>
    resource.resourceType === 'Patient' ? spanOf(resource.birthDate) : undefined,
  ),
  date: date(DATED, dateOf),
  authored: date(['QuestionnaireResponse', 'ServiceRequest'], authoredOf),
  authoredon: date(['MedicationRequest'], authoredOf),
  encounter: {
    kind: 'reference',
    types: WITH_ENCOUNTER,
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

function date(
  types: SearchParameter['types'],
  spanIn: (resource: DemoResource) => Span | undefined,
): SearchParameter {
  return {
    kind: 'date',
    types,
    read: (value) => {
      const asked = parseDateQuery(value);
      if (!asked) return undefined;
      return (resource) => {
        const found = spanIn(resource);
        return found !== undefined && asked(found);
      };
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
