import type { FhirVersion } from '../smart/index.ts';
import { elementsOfConstraint } from './constraint.ts';
import { isAboutLabels } from './labels.ts';
import { isEverything, onlyPatient, type Filter } from './filters.ts';
import { SHARED_TYPES, patientElementOf } from './patient-record.ts';

export type Parameter = readonly [name: string, value: string];

/** What to add to the query of a search, and whether that says all the filters say. */
export interface Narrowing {
  readonly add: readonly Parameter[];
  readonly exact: boolean;
}

/** `code` looks at more than one element elsewhere, such as the reactions of an allergy. */
const CODE_ALONE: ReadonlySet<string> = new Set([
  ...['Condition', 'DiagnosticReport', 'Medication', 'MedicationRequest', 'Observation', 'Procedure'],
  'ServiceRequest',
]);

/**
 * Says filters as search parameters, as far as one query can: `patient=123`, `_id=123` of a Patient, and what a granular
 * scope asks for; several of those only when they differ in nothing but the value of one parameter (`category=a,b`).
 * FHIR joins repeated parameters by "and", so adding never takes away from what the app asked.
 *
 * ```ts
 * narrowingOf('Observation', [{ patient: '123', constraints: [] }], '4.0.1').add; // [['patient', '123']]
 * ```
 */
export function narrowingOf(
  resourceType: string,
  filters: readonly Filter[],
  fhirVersion: FhirVersion,
): Narrowing {
  if (filters.some(isEverything)) return { add: [], exact: true };
  if (resourceType === '*' || filters.length === 0) return { add: [], exact: false };
  const patient = byPatient(resourceType, filters, fhirVersion);
  // Of labels no query says all: a server may not search them, and a label nobody knows counts, too.
  const isLabelled = filters.some((one) => one.constraints.some(isAboutLabels));
  const constraints = byConstraints(resourceType, isLabelled ? filters.map(withoutLabels) : filters);
  const exact = patient.exact && constraints.exact && !isLabelled;
  return { add: [...patient.add, ...constraints.add], exact };
}

function withoutLabels(filter: Filter): Filter {
  return { ...filter, constraints: filter.constraints.filter((one) => !isAboutLabels(one)) };
}

function byPatient(resourceType: string, filters: readonly Filter[], fhirVersion: FhirVersion): Narrowing {
  if (SHARED_TYPES.has(resourceType)) return { add: [], exact: true };
  const patient = onlyPatient(filters);
  if (patient === undefined) return { add: [], exact: filters.every((one) => one.patient === undefined) };
  const element = patientElementOf(resourceType, fhirVersion);
  if (!element) return { add: [], exact: false };
  const value = element.search === 'patient' || element.search === '_id' ? patient : `Patient/${patient}`;
  return { add: [[element.search, value]], exact: element.inexact !== true };
}

function byConstraints(resourceType: string, filters: readonly Filter[]): Narrowing {
  const [{ constraints } = { constraints: [] }, ...others] = filters;
  if (others.length === 0) {
    const known = constraints.filter((constraint) => elementsOfConstraint(constraint).length > 0);
    const add = known.map(({ param, value }): Parameter => [param, value]);
    return {
      add,
      exact: known.length === constraints.length && add.every(([param]) => isExact(resourceType, param)),
    };
  }
  const alone = filters.flatMap((filter) => (filter.constraints.length === 1 ? filter.constraints : []));
  const [param, ...more] = new Set(alone.map((constraint) => constraint.param));
  const oneQuery = alone.length === filters.length && more.length === 0 && onlyOneReach(filters);
  if (param === undefined || !oneQuery) return { add: [], exact: false };
  if (!alone.every((constraint) => elementsOfConstraint(constraint).length > 0))
    return { add: [], exact: false };
  const value = [...new Set(alone.map((constraint) => constraint.value))].join(',');
  return { add: [[param, value]], exact: isExact(resourceType, param) };
}

function onlyOneReach(filters: readonly Filter[]): boolean {
  return new Set(filters.map(({ patient }) => patient)).size === 1;
}

function isExact(resourceType: string, param: string): boolean {
  return param !== 'code' || CODE_ALONE.has(resourceType);
}
