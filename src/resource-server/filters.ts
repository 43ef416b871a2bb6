import { assertNever } from '../oauth/index.ts';
import type { Constraint, FhirVersion, Level, Permission, ResourceScope } from '../smart/index.ts';
import { notLabelled } from './labels.ts';
import { RIGHTS_OF_OTHERS, SHARED_TYPES, patientElementOf } from './patient-record.ts';
import type { TokenInfo } from './token.ts';

/**
 * One alternative of what may be seen: resources of this patient (absent: of anybody) that meet every constraint.
 * A resource is visible when any alternative matches it.
 */
export interface Filter {
  readonly patient?: string;
  readonly constraints: readonly Constraint[];
}

const NONE: readonly Filter[] = [];

/** What was worked out for a token, per FHIR version, letter and type. It goes when the token goes. */
const KNOWN = new WeakMap<TokenInfo, Map<string, readonly Filter[]>>();
/** More than there are letters and types in one version of FHIR; a token of somebody who tries all is still bounded. */
const MOST_KNOWN = 1024;

/**
 * The alternatives one letter opens over a type (`*`: over every type, which only a scope with `*` does). Nothing for
 * what a `patient/` scope cannot reach: types that are nobody's record, and writing to those that everybody shares.
 */
export function filtersFor(
  token: TokenInfo,
  letter: Permission,
  resourceType: string,
  fhirVersion: FhirVersion,
): readonly Filter[] {
  const known = KNOWN.get(token) ?? new Map<string, readonly Filter[]>();
  const key = `${fhirVersion} ${letter} ${resourceType}`;
  const found = known.get(key);
  if (found) return found;
  const filters = simplest(
    token.scopes
      .filter((scope) => scope.resourceType === '*' || scope.resourceType === resourceType)
      .filter((scope) => scope.permissions.has(letter))
      .flatMap((scope) => filterOf(token, scope) ?? [])
      .filter(({ patient }) => patient === undefined || isReachable(letter, resourceType, fhirVersion)),
  );
  if (known.size < MOST_KNOWN) KNOWN.set(token, known.set(key, filters));
  return filters;
}

/** Can a scope that is confined to one patient say anything about this type? */
export function isReachable(letter: Permission, resourceType: string, fhirVersion: FhirVersion): boolean {
  if (resourceType === '*') return true;
  const isShared = SHARED_TYPES.has(resourceType);
  if ((isShared || resourceType === RIGHTS_OF_OTHERS) && letter !== 'r' && letter !== 's') return false;
  if (isShared) return true;
  return patientElementOf(resourceType, fhirVersion) !== undefined;
}

function filterOf(token: TokenInfo, { level, constraints }: ResourceScope): Filter | undefined {
  const reach = reachOf(token, level);
  if (reach === 'nobody') return undefined;
  const all = token.heldBack === undefined ? constraints : [...constraints, notLabelled(token.heldBack)];
  return reach === 'everybody' ? { constraints: all } : { patient: reach.patient, constraints: all };
}

function reachOf(token: TokenInfo, level: Level): 'everybody' | 'nobody' | { readonly patient: string } {
  switch (level) {
    case 'patient':
      return token.patient === undefined ? 'nobody' : { patient: token.patient };
    case 'user':
      return reachOfUser(token);
    case 'system':
      return 'everybody';
    default:
      return assertNever(level);
  }
}

/**
 * Who signs in as a patient reaches that patient; who is related to one, the patient in context and nobody else; a
 * reference we cannot read, nobody (SEM-07, SEM-09). Without `fhirUser` it is a member of the staff, as with a
 * Practitioner: what that person may see is for the FHIR server to know.
 */
function reachOfUser({
  fhirUser,
  patient,
}: TokenInfo): 'everybody' | 'nobody' | { readonly patient: string } {
  if (fhirUser === undefined) return 'everybody';
  const [, type = '', id = ''] = /(?:^|\/)([A-Z][A-Za-z]*)\/([A-Za-z0-9.-]{1,64})$/.exec(fhirUser) ?? [];
  if (type === 'Patient') return { patient: id };
  if (type === 'Practitioner' || type === 'PractitionerRole') return 'everybody';
  return type === 'RelatedPerson' && patient !== undefined ? { patient } : 'nobody';
}

/** Leaves out alternatives that a wider one without constraint holds already. */
function simplest(filters: readonly Filter[]): readonly Filter[] {
  if (filters.length === 0) return NONE;
  if (filters.some(isEverything)) return [{ constraints: [] }];
  const whole = new Set(
    filters.filter(({ constraints }) => constraints.length === 0).map((one) => one.patient),
  );
  const partial = filters.filter((one) => one.constraints.length > 0 && !whole.has(one.patient));
  return [
    ...[...whole].flatMap((patient) => (patient === undefined ? [] : { patient, constraints: [] })),
    ...partial,
  ];
}

/** Does this alternative let everything be seen? */
export function isEverything({ patient, constraints }: Filter): boolean {
  return patient === undefined && constraints.length === 0;
}

/** Where two letters are needed, a resource must be reachable by both: every pair of alternatives that can meet. */
export function combine(one: readonly Filter[], other: readonly Filter[]): readonly Filter[] {
  if (one.some(isEverything)) return other;
  if (other.some(isEverything)) return one;
  const both = one.flatMap((a) =>
    other.flatMap((b) => {
      const patient = a.patient ?? b.patient;
      if (b.patient !== undefined && b.patient !== patient) return [];
      const constraints = union(a.constraints, b.constraints);
      return [patient === undefined ? { constraints } : { patient, constraints }];
    }),
  );
  return simplest(both);
}

function union(one: readonly Constraint[], other: readonly Constraint[]): readonly Constraint[] {
  const isIn = ({ param, value }: Constraint): boolean =>
    one.some((known) => known.param === param && known.value === value);
  return [...one, ...other.filter((constraint) => !isIn(constraint))];
}

/** Does what `narrow` matches lie within what `wide` matches? */
export function isWithin(narrow: readonly Filter[], wide: readonly Filter[]): boolean {
  return narrow.every((inner) =>
    wide.some(
      (outer) =>
        (outer.patient === undefined || outer.patient === inner.patient) &&
        outer.constraints.every(({ param, value }) =>
          inner.constraints.some((known) => known.param === param && known.value === value),
        ),
    ),
  );
}

/** The one patient every alternative is confined to, if there is one. */
export function onlyPatient(filters: readonly Filter[]): string | undefined {
  const [first, ...others] = new Set(filters.map(({ patient }) => patient));
  return others.length === 0 ? first : undefined;
}

/** The level to ask for more at: where the token's other scopes are. */
export function levelOf({ scopes, patient }: TokenInfo): Level {
  const levels = new Set(scopes.map(({ level }) => level));
  if (levels.has('patient') || (levels.size === 0 && patient !== undefined)) return 'patient';
  return levels.has('system') ? 'system' : 'user';
}
