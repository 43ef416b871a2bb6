/**
 * Resource types whose `.rs` US Core requires at each level that is supported, all of 7 to 9 together: 9.0.0 added
 * FamilyMemberHistory, and Location and Medication are optional everywhere (USC-07, USC-08).
 */
export const US_CORE_TYPES: readonly string[] = [
  'AllergyIntolerance',
  'CarePlan',
  'CareTeam',
  'Condition',
  'Coverage',
  'Device',
  'DiagnosticReport',
  'DocumentReference',
  'Encounter',
  'FamilyMemberHistory',
  'Goal',
  'Immunization',
  'Location',
  'Medication',
  'MedicationDispense',
  'MedicationRequest',
  'Observation',
  'Organization',
  'Patient',
  'Practitioner',
  'PractitionerRole',
  'Procedure',
  'Provenance',
  'QuestionnaireResponse',
  'RelatedPerson',
  'ServiceRequest',
  'Specimen',
];

export interface Category {
  readonly resourceType: 'Condition' | 'Observation' | 'DocumentReference';
  readonly system: string;
  readonly code: string;
}

const CONDITION = 'http://terminology.hl7.org/CodeSystem/condition-category';
const OBSERVATION = 'http://terminology.hl7.org/CodeSystem/observation-category';

/** The sub-resource categories with a granular scope of their own (USC-09 … USC-13). */
export const US_CORE_CATEGORIES: readonly Category[] = [
  { resourceType: 'Condition', system: CONDITION, code: 'encounter-diagnosis' },
  { resourceType: 'Condition', system: CONDITION, code: 'problem-list-item' },
  {
    resourceType: 'Condition',
    system: 'http://hl7.org/fhir/us/core/CodeSystem/condition-category',
    code: 'health-concern',
  },
  { resourceType: 'Observation', system: OBSERVATION, code: 'laboratory' },
  { resourceType: 'Observation', system: OBSERVATION, code: 'social-history' },
  { resourceType: 'Observation', system: OBSERVATION, code: 'survey' },
  { resourceType: 'Observation', system: OBSERVATION, code: 'vital-signs' },
  { resourceType: 'Observation', system: OBSERVATION, code: 'procedure' },
  {
    resourceType: 'Observation',
    system: 'http://hl7.org/fhir/us/core/CodeSystem/us-core-category',
    code: 'sdoh',
  },
  {
    resourceType: 'DocumentReference',
    system: 'http://hl7.org/fhir/us/core/CodeSystem/us-core-documentreference-category',
    code: 'clinical-note',
  },
];

/** `patient/Observation.rs?category=…|laboratory` for a category of the table. */
export function categoryScope(level: string, { resourceType, system, code }: Category): string {
  return `${level}/${resourceType}.rs?category=${system}|${code}`;
}

/** Every scope a certified server lists: each required type and category at each level (DISC-17). */
export function usCoreScopes(levels: readonly string[]): string[] {
  return levels.flatMap((level) => [
    ...US_CORE_TYPES.map((type) => `${level}/${type}.rs`),
    ...US_CORE_CATEGORIES.map((category) => categoryScope(level, category)),
  ]);
}
