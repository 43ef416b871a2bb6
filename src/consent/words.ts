/** Plain words for the kinds of data people meet most; others are spelled out from their FHIR name. */
const TYPE_WORDS: Readonly<Record<string, string>> = {
  '*': 'All health data',
  AllergyIntolerance: 'Allergies',
  Appointment: 'Appointments',
  CarePlan: 'Care plans',
  CareTeam: 'Care team',
  Condition: 'Health problems',
  Coverage: 'Insurance',
  Device: 'Medical devices',
  DiagnosticReport: 'Test reports',
  DocumentReference: 'Documents and notes',
  Encounter: 'Visits',
  FamilyMemberHistory: 'Family health history',
  Goal: 'Health goals',
  Immunization: 'Vaccines',
  Location: 'Places of care',
  Medication: 'Medicine details',
  MedicationDispense: 'Medicines handed out',
  MedicationRequest: 'Prescriptions',
  Observation: 'Test results, vital signs and other measurements',
  Organization: 'Hospitals and clinics',
  Patient: 'Name, birth date and contact details',
  Person: 'Personal details',
  Practitioner: 'Names of doctors and nurses',
  PractitionerRole: 'Roles of doctors and nurses',
  Procedure: 'Procedures and operations',
  Provenance: 'Where the data came from',
  QuestionnaireResponse: 'Answers to forms',
  RelatedPerson: 'Family and helpers',
  ServiceRequest: 'Orders and referrals',
  Specimen: 'Samples',
  Task: 'Tasks',
};

/** Plain words for the categories of granular scopes, by code. */
export const CATEGORY_WORDS: Readonly<Record<string, string>> = {
  'clinical-note': 'Doctors’ notes',
  'encounter-diagnosis': 'Health problems found at a visit',
  'health-concern': 'Health concerns',
  laboratory: 'Lab results',
  'problem-list-item': 'Your list of health problems',
  procedure: 'Results of clinical tests',
  sdoh: 'Living conditions, such as housing and food',
  'social-history': 'Habits, such as smoking',
  survey: 'Survey answers',
  'vital-signs': 'Vital signs, such as weight and blood pressure',
};

/** What a FHIR resource type is called. */
export function typeInWords(resourceType: string): string {
  return TYPE_WORDS[resourceType] ?? spellOut(resourceType);
}

/** `ImagingStudy` → `Imaging study`. */
export function spellOut(resourceType: string): string {
  const words = resourceType.replace(/([a-z])([A-Z])/g, '$1 $2').toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}
