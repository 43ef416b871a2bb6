import type { AllowedRequest } from './allowed.ts';
import { open, quoted, refuse, type Asker } from './asker.ts';
import { visibleTo } from './compartment.ts';
import { refuseType } from './decide-search.ts';
import { combine, isEverything, onlyPatient, type Filter } from './filters.ts';
import type { FhirInteraction } from './interaction.ts';
import type { Refused } from './refused.ts';
import { refuseShape } from './result-shape.ts';

/** Parameters with `_` of everything that is no search. `_since`, `_at`, `_count` and `_sort` are for histories. */
const KNOWN: ReadonlySet<string> = new Set([
  ...['_at', '_count', '_elements', '_format', '_pretty', '_since', '_sort', '_summary'],
]);

/** Why a parameter of a request that is no search cannot pass: who knows what `_cascade` or `_expunge` does here. */
export function refuseControls(
  { options }: Asker,
  query: URLSearchParams,
  known: ReadonlySet<string> = KNOWN,
): Refused | undefined {
  for (const name of query.keys()) {
    if (!name.startsWith('_') || known.has(name) || options.parameters?.has(name)) continue;
    return refuse(`${quoted(name)} is not a parameter we know here`);
  }
  return undefined;
}

/**
 * Decides read, vread and histories: each resource or version that is answered is judged by what it holds (SEM-15,
 * SEM-20). A history of a whole type or of the system is a search of its kind (`s`), and cannot be narrowed by its
 * query. What cannot be looked at, as a deletion in a history, is not shown to who may see only a part.
 */
export function decideRead(
  asker: Asker,
  interaction: FhirInteraction,
  letter: 'r' | 's',
  resourceType: string,
  query: URLSearchParams,
): AllowedRequest | Refused {
  const filters = open(asker, letter, resourceType);
  if (filters.length === 0) return refuseType(asker, resourceType, letter, interaction.kind);
  const { fhirVersion } = asker;
  const refused =
    query.size === 0
      ? undefined
      : (refuseControls(asker, query) ??
        refuseShape({ resourceType, filters, fhirVersion, exact: false }, query));
  if (refused) return refused;
  const of = (type: string): readonly Filter[] => {
    if (resourceType === '*') return open(asker, letter, type);
    return type === resourceType ? filters : [];
  };
  return allow(asker, interaction, filters, of);
}

/** What was decided, when nothing can be added to the query. */
export function allow(
  asker: Asker,
  interaction: FhirInteraction,
  filters: readonly Filter[],
  filtersOf: (resourceType: string) => readonly Filter[],
): AllowedRequest {
  const patient = onlyPatient(filters);
  const free = filters.some(isEverything);
  return {
    allowed: true,
    interaction,
    filters,
    ...(patient === undefined ? {} : { patient }),
    add: [],
    exact: free,
    check: free ? [] : ['answer'],
    visible: (resource) => visibleTo(filtersOf(resource.resourceType), resource, asker.fhirVersion),
    representation: true,
    withheld: [],
  };
}

/** What both letters open over a type. */
export function openBoth(
  asker: Asker,
  letters: readonly ('r' | 's')[],
  resourceType: string,
): readonly Filter[] {
  return letters.map((letter) => open(asker, letter, resourceType)).reduce(combine);
}
