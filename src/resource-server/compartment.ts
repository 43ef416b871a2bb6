import type { FhirVersion } from '../smart/index.ts';
import { matchesConstraint, member } from './constraint.ts';
import type { Filter } from './filters.ts';
import { SHARED_TYPES, patientElementOf } from './patient-record.ts';

/** Any FHIR resource; its other members are read with care. */
export interface FhirResource {
  readonly resourceType: string;
  readonly id?: string | undefined;
}

const RELATIVE_PATIENT = /^Patient\/([A-Za-z0-9.-]{1,64})(?:\/_history\/[^/]+)?$/;
const SOME_PATIENT = /(?:^|\/)Patient\//;

/** Are resources of this type somebody's record, findable by patient? */
export function isInPatientCompartment(resourceType: string, fhirVersion: FhirVersion = '4.0.1'): boolean {
  return patientElementOf(resourceType, fhirVersion) !== undefined;
}

/**
 * The ids of the patients whose record a resource belongs to. Only relative references count: `Patient/1` of another
 * server is another person. A Patient is its own; links to other Patients are not followed (SEM-05, SEM-21).
 */
export function patientsOf(resource: FhirResource, fhirVersion: FhirVersion = '4.0.1'): string[] {
  if (resource.resourceType === 'Patient') return resource.id === undefined ? [] : [resource.id];
  return referencesOf(resource, fhirVersion).flatMap((text) => RELATIVE_PATIENT.exec(text)?.[1] ?? []);
}

/**
 * May this resource be shown? Yes when one alternative matches it: the right patient and no other, or a type that is
 * nobody's record, and every constraint met, whatever other categories it carries (SEM-05, SEM-06, SEM-14).
 */
export function visibleTo(
  filters: readonly Filter[],
  resource: FhirResource,
  fhirVersion: FhirVersion = '4.0.1',
): boolean {
  return filters.some(
    ({ patient, constraints }) =>
      (patient === undefined || belongsTo(resource, patient, fhirVersion)) &&
      constraints.every((constraint) => matchesConstraint(resource, constraint)),
  );
}

function belongsTo(resource: FhirResource, patient: string, fhirVersion: FhirVersion): boolean {
  if (resource.resourceType === 'Patient') return resource.id === patient;
  if (SHARED_TYPES.has(resource.resourceType)) return true;
  const people = referencesOf(resource, fhirVersion).filter((text) => SOME_PATIENT.test(text));
  return people.length > 0 && people.every((text) => RELATIVE_PATIENT.exec(text)?.[1] === patient);
}

/** The references in the element that says whose record this is. */
function referencesOf(resource: FhirResource, fhirVersion: FhirVersion): string[] {
  const { path = [], or = [] } = patientElementOf(resource.resourceType, fhirVersion) ?? {};
  return [path, or].filter((one) => one.length > 0).flatMap((one) => referencesAt(resource, one));
}

function referencesAt(resource: FhirResource, path: readonly string[]): string[] {
  let found: unknown[] = [resource];
  for (const name of [...path, 'reference']) found = found.flatMap((value) => below(value, name));
  return found.filter((text) => typeof text === 'string');
}

/** The values of a member, of one object or of each in a list. */
function below(value: unknown, name: string): unknown[] {
  if (typeof value !== 'object' || value === null) return [];
  const found = member(value, name);
  return Array.isArray(found) ? found : found === undefined ? [] : [found];
}
