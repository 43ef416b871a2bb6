import { refuse } from './asker.ts';
import { elementsOfConstraint } from './constraint.ts';
import { isEverything, type Filter } from './filters.ts';
import { SHARED_TYPES, patientElementOf } from './patient-record.ts';
import type { FhirVersion } from '../smart/index.ts';
import type { Refused } from './refused.ts';

/** What is answered: resources of this type (`*`: several), within these filters. */
interface Shown {
  readonly resourceType: string;
  readonly filters: readonly Filter[];
  readonly fhirVersion: FhirVersion;
  /** Is the query narrowed to exactly what may be seen? */
  readonly exact: boolean;
}

const WHOLE: ReadonlySet<string> = new Set(['', 'false', 'data']);

/**
 * Why an answer cannot be had in this shape. Who has to look at each resource cannot do it when `_summary` and
 * `_elements` leave out whose it is, and a count cannot be looked at; so those are for searches that need no looking at.
 */
export function refuseShape(shown: Shown, query: URLSearchParams): Refused | undefined {
  if (shown.filters.some(isEverything)) return undefined;
  for (const [name, value] of query) {
    const refused = refuseOne(shown, name, value);
    if (refused) return refused;
  }
  return undefined;
}

function refuseOne(shown: Shown, name: string, value: string): Refused | undefined {
  if (name === '_summary') return refuseSummary(shown, value);
  if (name === '_elements') return refuseElements(shown, value);
  // FHIR: to ask for no entries is to ask for their number.
  return name === '_count' && /^0+$/.test(value) ? refuseSummary(shown, 'count') : undefined;
}

function refuseSummary(shown: Shown, value: string): Refused | undefined {
  if (WHOLE.has(value)) return undefined;
  if (value === 'count')
    return shown.exact
      ? undefined
      : refuse('this would count what the token may not see too; ask for the entries and count those');
  const byIdOnly =
    shown.resourceType === 'Patient' && shown.filters.every((one) => one.constraints.length === 0);
  const needsNothing = shown.filters.every(
    (one) => one.constraints.length === 0 && SHARED_TYPES.has(shown.resourceType),
  );
  if ((value === 'true' || value === 'text') && (byIdOnly || needsNothing)) return undefined;
  return refuse('_summary may leave out what tells whether this token may see a resource; leave it out');
}

function refuseElements({ resourceType, filters, fhirVersion }: Shown, value: string): Refused | undefined {
  const named = new Set(value.split(',').map((name) => name.trim()));
  const isThere = (name: string): boolean => name === 'id' || name === 'meta' || named.has(name);
  const missing =
    resourceType === '*'
      ? ['whose it is']
      : filters.flatMap((one) =>
          needs(resourceType, one, fhirVersion)
            .filter((either) => !either.some(isThere))
            .flatMap(([first]) => first ?? []),
        );
  const [first] = missing;
  return first === undefined
    ? undefined
    : refuse(`_elements must name ${first} too: it tells whether this token may see a resource`);
}

/** Elements that deciding about one resource takes: one of each list. */
function needs(resourceType: string, { patient, constraints }: Filter, fhirVersion: FhirVersion): string[][] {
  const element = patientElementOf(resourceType, fhirVersion);
  const paths = patient === undefined || !element ? [] : [element.path, element.or ?? []];
  const whose = paths.filter((path) => path.length > 0).map((path) => path.slice(0, 1));
  return [...whose, ...constraints.map(elementsOfConstraint)];
}
