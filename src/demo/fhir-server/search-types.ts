import type { DemoResource } from '../data/fhir.ts';

type Types = readonly DemoResource['resourceType'][];

/** Types whose records say in `subject` whose they are. */
export const WITH_SUBJECT: Types = [
  'CarePlan',
  'CareTeam',
  'Condition',
  'DiagnosticReport',
  'DocumentReference',
  'Encounter',
  'Goal',
  'MedicationDispense',
  'MedicationRequest',
  'Observation',
  'Procedure',
  'QuestionnaireResponse',
  'ServiceRequest',
  'Specimen',
];

/** Types that say it in another element. `patient` searches both kinds. */
export const WITH_PATIENT: Types = [
  'AllergyIntolerance',
  'AuditEvent',
  'Consent',
  'Coverage',
  'Device',
  'FamilyMemberHistory',
  'Immunization',
  'Provenance',
  'RelatedPerson',
];

const WITHOUT_PATIENT: Types = [
  'Location',
  'Medication',
  'Organization',
  'Person',
  'Practitioner',
  'PractitionerRole',
];

/** Types that `date` searches. */
export const DATED: Types = [
  'AuditEvent',
  'CarePlan',
  'DiagnosticReport',
  'DocumentReference',
  'Encounter',
  'Immunization',
  'Observation',
  'Procedure',
];

/** Types that `encounter` searches. */
export const WITH_ENCOUNTER: Types = [
  'Condition',
  'DiagnosticReport',
  'DocumentReference',
  'MedicationRequest',
  'Observation',
  'Procedure',
  'ServiceRequest',
];

const WITH_STATUS: Types = [
  'CarePlan',
  'CareTeam',
  'Consent',
  'Coverage',
  'Device',
  'DiagnosticReport',
  'DocumentReference',
  'Encounter',
  'FamilyMemberHistory',
  'Immunization',
  'Location',
  'Medication',
  'MedicationDispense',
  'MedicationRequest',
  'Observation',
  'Procedure',
  'QuestionnaireResponse',
  'ServiceRequest',
  'Specimen',
];

/** Search parameters that compare codes, and the types that have them. */
export const TOKENS: Readonly<Record<string, Types>> = {
  _id: [...WITH_SUBJECT, ...WITH_PATIENT, ...WITHOUT_PATIENT, 'Patient'],
  category: [
    'AllergyIntolerance',
    'CarePlan',
    'Condition',
    'DiagnosticReport',
    'DocumentReference',
    'Observation',
    'ServiceRequest',
  ],
  class: ['Encounter'],
  'clinical-status': ['AllergyIntolerance', 'Condition'],
  code: [
    'AllergyIntolerance',
    'Condition',
    'DiagnosticReport',
    'Medication',
    'MedicationRequest',
    'Observation',
    'Procedure',
    'ServiceRequest',
  ],
  intent: ['CarePlan', 'MedicationRequest', 'ServiceRequest'],
  status: WITH_STATUS,
  type: ['Coverage', 'Device', 'DocumentReference', 'Encounter', 'MedicationDispense', 'Specimen'],
};
