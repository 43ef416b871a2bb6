import { matchesConstraint, member } from './constraint.ts';
import type { Filter } from './decide.ts';

/** Any FHIR resource; its other members are read with care. */
export interface FhirResource {
  readonly resourceType: string;
  readonly id?: string | undefined;
}

/**
 * The element that says whose record a resource belongs to. Narrower than FHIR's patient compartment on purpose:
 * being the one who reported an allergy does not make it yours.
 */
const PATIENT_ELEMENT: Readonly<Record<string, string>> = {
  ...inElement('patient', [
    'AllergyIntolerance',
    'BodyStructure',
    'Claim',
    'ClaimResponse',
    'Consent',
    'Device',
    'EpisodeOfCare',
    'ExplanationOfBenefit',
    'FamilyMemberHistory',
    'Immunization',
    'ImmunizationEvaluation',
    'ImmunizationRecommendation',
    'NutritionOrder',
    'RelatedPerson',
    'VisionPrescription',
  ]),
  ...inElement('subject', [
    'AdverseEvent',
    'CarePlan',
    'CareTeam',
    'ClinicalImpression',
    'Communication',
    'CommunicationRequest',
    'Composition',
    'Condition',
    'DeviceRequest',
    'DeviceUseStatement',
    'DiagnosticReport',
    'DocumentReference',
    'Encounter',
    'Flag',
    'Goal',
    'ImagingStudy',
    'List',
    'Media',
    'MedicationAdministration',
    'MedicationDispense',
    'MedicationRequest',
    'MedicationStatement',
    'Observation',
    'Procedure',
    'QuestionnaireResponse',
    'RiskAssessment',
    'ServiceRequest',
    'Specimen',
  ]),
  ...inElement('beneficiary', ['Coverage']),
  ...inElement('individual', ['ResearchSubject']),
  ...inElement('target', ['Provenance']),
  ...inElement('for', ['Task']),
};

function inElement(element: string, types: readonly string[]): Record<string, string> {
  return Object.fromEntries(types.map((type) => [type, element]));
}

/**
 * Types that belong to no patient. Under `patient/` scopes that cover them they are readable by anybody: an app must
 * be able to show who saw the patient, and where (SEM-06, which asks servers to document exactly this).
 */
export const SHARED_TYPES: ReadonlySet<string> = new Set([
  'Location',
  'Medication',
  'Organization',
  'Practitioner',
  'PractitionerRole',
]);

const RELATIVE_PATIENT = /^Patient\/([A-Za-z0-9.-]{1,64})(?:\/_history\/[^/]+)?$/;

/** Are resources of this type somebody's record, findable with `patient=`? */
export function isInPatientCompartment(resourceType: string): boolean {
  return resourceType === 'Patient' || Object.hasOwn(PATIENT_ELEMENT, resourceType);
}

/**
 * The ids of the patients whose record a resource belongs to. Only relative references count: `Patient/1` of another
 * server is another person. A Patient is its own; links to other Patients are not followed (SEM-05, SEM-21).
 */
export function patientsOf(resource: FhirResource): string[] {
  if (resource.resourceType === 'Patient') return resource.id === undefined ? [] : [resource.id];
  if (!Object.hasOwn(PATIENT_ELEMENT, resource.resourceType)) return [];
  const element = member(resource, PATIENT_ELEMENT[resource.resourceType] ?? '');
  const references: unknown[] = Array.isArray(element) ? element : [element];
  return references.flatMap((reference) => {
    const text =
      typeof reference === 'object' && reference !== null ? member(reference, 'reference') : undefined;
    return typeof text === 'string' ? (RELATIVE_PATIENT.exec(text)?.[1] ?? []) : [];
  });
}

/**
 * May this resource be shown? Yes when one alternative matches it: the right patient, or a type that is nobody's
 * record, and every constraint met, whatever other categories it carries (SEM-05, SEM-06, SEM-14).
 */
export function visibleTo(filters: readonly Filter[], resource: FhirResource): boolean {
  return filters.some(
    ({ patient, constraints }) =>
      (patient === undefined || belongsTo(resource, patient)) &&
      constraints.every((constraint) => matchesConstraint(resource, constraint)),
  );
}

function belongsTo(resource: FhirResource, patient: string): boolean {
  return SHARED_TYPES.has(resource.resourceType) || patientsOf(resource).includes(patient);
}
