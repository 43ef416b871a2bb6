import { resourceTypesOf } from '../smart/index.ts';
import type { AllowedRequest } from './allowed.ts';
import { mayEverything, open, quoted, refuse, scopeFor, type Asker } from './asker.ts';
import { refuseName, type Place } from './chain.ts';
import { visibleTo, type FhirResource } from './compartment.ts';
import { member } from './constraint.ts';
import { referencesIn } from './references.ts';
import { combine, isEverything, onlyPatient, type Filter } from './filters.ts';
import { includesOf, isInclude } from './includes.ts';
import type { FhirInteraction } from './interaction.ts';
import { narrowingOf } from './narrow.ts';
import { SHARED_TYPES, WITHHELD_TYPES, patientElementOf } from './patient-record.ts';
import type { Refused } from './refused.ts';
import { refuseShape } from './result-shape.ts';
import { parseSearchName } from './search-name.ts';

/** FHIR sets no limit; real searches have a dozen. */
const MAX_PARAMETERS = 200;
const PLAIN = /^[a-z][A-Za-z0-9-]*$/;

/** Parameters that only say how much is answered, in which order and form. `_summary` and `_elements` are judged apart. */
const FORM_OF_ANSWER: ReadonlySet<string> = new Set([
  ...['_count', '_elements', '_format', '_maxresults', '_pretty', '_score', '_summary', '_total'],
]);

/**
 * Decides a search with all its parameters. Its matches are narrowed to what may be seen, so parameters that look at
 * the match itself are free; those that look into other resources are refused unless these may be searched.
 */
export function decideSearch(
  asker: Asker,
  interaction: FhirInteraction,
  resourceType: string,
  query: URLSearchParams,
): AllowedRequest | Refused {
  const types = typesOf(asker, resourceType, query);
  if (!Array.isArray(types)) return types;
  const opened = types.map((type) => open(asker, 's', type));
  const closed = opened.findIndex((filters) => filters.length === 0);
  if (closed >= 0) return refuseType(asker, types[closed] ?? resourceType);
  const filters = opened.reduce(combine);
  const [only = '*'] = types.length === 1 ? types : [];
  const refused = refuseParameters(asker, query, placeOf(asker, only, filters));
  if (refused) return refused;
  const narrowing = narrowingOf(only, filters, asker.fhirVersion);
  const exact = types.length === 1 ? narrowing.exact : opened.every((one) => one.some(isEverything));
  const shape = { resourceType: only, filters, fhirVersion: asker.fhirVersion, exact };
  const misshapen = refuseShape(shape, query);
  return misshapen ?? allowSearch(asker, interaction, { types, filters, exact, add: narrowing.add, query });
}

function allowSearch(
  asker: Asker,
  interaction: FhirInteraction,
  search: Pick<AllowedRequest, 'filters' | 'exact' | 'add'> & {
    readonly types: readonly string[];
    readonly query: URLSearchParams;
  },
): AllowedRequest {
  const { types, filters, exact, add, query } = search;
  const includes = includesOf(asker, query);
  const all = types.includes('*');
  const filtersOf = (type: string): readonly Filter[] => {
    if (all || types.includes(type)) return open(asker, 's', type);
    return includes.some ? includes.filtersFor(type) : [];
  };
  const patient = onlyPatient(filters);
  const passes = filters.some(isEverything) && (!includes.some || mayEverything(asker));
  return {
    allowed: true,
    interaction,
    filters,
    ...(patient === undefined ? {} : { patient }),
    add,
    // Of what comes beside the matches no query can say whose it may be.
    exact: passes || (exact && !includes.some),
    check: passes ? [] : ['answer'],
    // An OperationOutcome in a searchset is the server speaking about the search.
    visible: (resource) =>
      resource.resourceType === 'OperationOutcome' ||
      visibleTo(filtersOf(resource.resourceType), resource, asker.fhirVersion),
    visibleBeside: (resource, shown) =>
      resource.resourceType === 'Provenance' &&
      isAboutShown(resource, shown) &&
      visibleTo(filtersOf('Provenance').map(ofAnybody), resource, asker.fhirVersion),
    representation: true,
    withheld: includes.withheld,
  };
}

/** Is everything this Provenance is about among what is shown? It says so itself, each target by a reference. */
function isAboutShown(resource: FhirResource, shown: ReadonlySet<string>): boolean {
  const target = member(resource, 'target');
  if (!Array.isArray(target) || target.length === 0) return false;
  return target.every((one: unknown) => {
    const [reference, ...more] = referencesIn(one);
    return reference !== undefined && more.length === 0 && shown.has(reference);
  });
}

function ofAnybody({ constraints }: Filter): Filter {
  return { constraints };
}

/** The types that are searched: the one in the path, or those `_type` names, or every one. */
function typesOf(asker: Asker, resourceType: string, query: URLSearchParams): string[] | Refused {
  const named = query
    .getAll('_type')
    .flatMap((value) => value.split(','))
    .filter(Boolean);
  if (resourceType !== '*') {
    const others = named.some((type) => type !== resourceType);
    return others ? refuse(`_type names another type than ${resourceType}`) : [resourceType];
  }
  // Repeated, it might mean "and" or "or".
  if (query.getAll('_type').length > 1) return refuse('_type may be sent once, with commas between types');
  const known = resourceTypesOf(asker.fhirVersion);
  const unknown = named.find((type) => !known.has(type));
  if (unknown !== undefined) return refuse(`_type names ${quoted(unknown)}, which is no FHIR resource type`);
  return named.length === 0 ? ['*'] : [...new Set(named)];
}

/** Does a condition ask for anything? A server that is asked for nothing in particular would take all there is. */
export function hasCriterion(query: URLSearchParams): boolean {
  return [...query].some(
    ([name, value]) =>
      value !== '' && !FORM_OF_ANSWER.has(name) && !name.startsWith('_sort') && name !== '_type',
  );
}

/** Why nothing of this type is open, and what to ask for. */
export function refuseType(
  asker: Asker,
  resourceType: string,
  letter: 'r' | 's' = 's',
  what = 'search',
): Refused {
  const covered = asker.token.scopes.some(
    (scope) =>
      (scope.resourceType === '*' || scope.resourceType === resourceType) && scope.permissions.has(letter),
  );
  const onType = resourceType === '*' ? 'over every resource type' : `on ${resourceType}`;
  const nobodys =
    resourceType !== '*' &&
    !SHARED_TYPES.has(resourceType) &&
    !patientElementOf(resourceType, asker.fhirVersion);
  if (!covered || !nobodys || asker.token.patient === undefined)
    return refuse(`no granted scope permits ${what} ${onType}`, scopeFor(asker, [letter], resourceType));
  const why = WITHHELD_TYPES[resourceType] ?? 'it belongs to the record of no patient';
  return refuse(`a patient/ scope does not reach ${resourceType}: ${why}`, `user/${resourceType}.rs`);
}

function placeOf(asker: Asker, resourceType: string, filters: readonly Filter[]): Place {
  const patient = onlyPatient(filters);
  const confined = patientElementOf(resourceType, asker.fhirVersion) !== undefined;
  return { resourceType, ...(patient === undefined || !confined ? {} : { patient }) };
}

/** Looks at each parameter of a search. */
function refuseParameters(asker: Asker, query: URLSearchParams, place: Place): Refused | undefined {
  if (query.size > MAX_PARAMETERS) return refuse(`a search may have ${MAX_PARAMETERS} parameters`);
  for (const [name, value] of query) {
    const refused = PLAIN.test(name) ? undefined : refuseOne(asker, name, value, place);
    if (refused) return refused;
  }
  return undefined;
}

function refuseOne(asker: Asker, text: string, value: string, place: Place): Refused | undefined {
  if (FORM_OF_ANSWER.has(text) || isInclude(text) || text === '_type') return undefined;
  if (text === '_sort' || text === '_sort:asc' || text === '_sort:desc') return refuseSort(asker, value);
  const name = parseSearchName(text);
  if (!name) return refuse(`${quoted(text)} is not a search parameter, or goes through too many resources`);
  return refuseName(asker, name, value, place);
}

/** To sort by what is in another resource is to learn how it compares. */
function refuseSort(asker: Asker, value: string): Refused | undefined {
  if (/^[A-Za-z0-9_,-]*$/.test(value) || mayEverything(asker)) return undefined;
  return refuse('_sort may name parameters of the resource itself and nothing below other resources');
}
