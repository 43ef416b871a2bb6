// The scopes that the editions of US Core require of a certified server, from their published tables (USC-05 … USC-13).

export const SCOPE_LEVELS = ['patient', 'user', 'system'] as const;

/** What (g)(10) asks for beside US Core 6.1.0, which has no table of scopes of its own (G10-08). */
const SIX_ONE = (
  'AllergyIntolerance CarePlan CareTeam Condition Coverage Device DiagnosticReport DocumentReference Encounter Goal ' +
  'Immunization Medication MedicationDispense MedicationRequest Observation Patient Procedure Provenance ' +
  'RelatedPerson ServiceRequest Specimen'
).split(' ');
/** The SHALL rows of the resource-level tables of 7.0.0 to 8.0.1, which are the same. */
const SEVEN = [
  ...SIX_ONE.filter((type) => type !== 'Medication'),
  ...['Organization', 'Practitioner', 'PractitionerRole', 'QuestionnaireResponse'],
];
/** Their MAY rows. */
const OPTIONAL = ['Location', 'Medication'];

const CONDITION = [
  'http://terminology.hl7.org/CodeSystem/condition-category|encounter-diagnosis',
  'http://terminology.hl7.org/CodeSystem/condition-category|problem-list-item',
  'http://hl7.org/fhir/us/core/CodeSystem/condition-category|health-concern',
];
export const OBSERVATION_CATEGORY = 'http://terminology.hl7.org/CodeSystem/observation-category';
const OBSERVATION = [
  ...['laboratory', 'social-history', 'survey', 'vital-signs'].map(
    (code) => `${OBSERVATION_CATEGORY}|${code}`,
  ),
  'http://hl7.org/fhir/us/core/CodeSystem/us-core-category|sdoh',
];
/** HTI-1 names the parts, without naming an edition; its clinical tests go by `procedure` (G10-09, USC-13). */
const HTI_1 = [...OBSERVATION, `${OBSERVATION_CATEGORY}|procedure`];
const NOTE = 'http://hl7.org/fhir/us/core/CodeSystem/us-core-documentreference-category|clinical-note';

const EDITIONS = [
  // edition  types                                          Condition   Observation    DocumentReference
  ['6.1.0', SIX_ONE, CONDITION, HTI_1, []],
  ['7.0.0', [...SEVEN, ...OPTIONAL], CONDITION, OBSERVATION, [NOTE]],
  ['8.0.0', [...SEVEN, ...OPTIONAL], CONDITION, OBSERVATION, [NOTE]],
  ['8.0.1', [...SEVEN, ...OPTIONAL], CONDITION, OBSERVATION, [NOTE]],
  ['9.0.0', [...SEVEN, 'FamilyMemberHistory', ...OPTIONAL], CONDITION, OBSERVATION, [NOTE]],
] as const;

/** Each edition at each level: edition, level, and every scope that its tables name. */
export const EDITION_ROWS = EDITIONS.flatMap(([edition, types, condition, observation, documents]) =>
  SCOPE_LEVELS.map((level) => {
    const granular = (type: string, values: readonly string[]): string[] =>
      values.map((value) => `${level}/${type}.rs?category=${value}`);
    const scopes = [
      ...types.map((type) => `${level}/${type}.rs`),
      ...granular('Condition', condition),
      ...granular('Observation', observation),
      ...granular('DocumentReference', documents),
    ];
    return [edition, level, scopes] as const;
  }),
);
