import type { FhirVersion } from '../smart/index.ts';

/** Which element of a type says whose record it is, and how a search asks for it. */
export interface PatientElement {
  /** From the resource down; lists on the way are walked. */
  readonly path: readonly string[];
  /** Another element that names them, beside the first or instead. */
  readonly or?: readonly string[];
  /** The search parameter that looks at exactly this element. `patient` takes a bare id. */
  readonly search: string;
  /**
   * May hold several people, or the parameter looks at more than the element: a search can be narrowed with it, and
   * what comes back must still be looked at.
   */
  readonly inexact?: true;
}

/** `type` → its element, for elements that `patient` searches. */
function searchedByPatient(path: string, types: string): Record<string, PatientElement> {
  const element = { path: path.split('.'), search: 'patient' };
  return Object.fromEntries(
    types
      .trim()
      .split(/\s+/)
      .map((type) => [type, element]),
  );
}

function element(path: string, search: string): PatientElement {
  return { path: path.split('.'), search };
}

function several(path: string, search: string): PatientElement {
  return { path: path.split('.'), search, inexact: true };
}

/**
 * What R4 and R5 say alike. Narrower than FHIR's patient compartment on purpose: it counts who the record is *about*,
 * and not who wrote, reported, performed, received or paid for it. Being the one who reported an allergy does not make
 * it yours (SEM-05).
 */
const IN_BOTH: Readonly<Record<string, PatientElement>> = {
  ...searchedByPatient(
    'patient',
    `AllergyIntolerance BodyStructure Claim ClaimResponse CoverageEligibilityRequest CoverageEligibilityResponse
    EpisodeOfCare ExplanationOfBenefit FamilyMemberHistory Immunization ImmunizationEvaluation
    ImmunizationRecommendation RelatedPerson SupplyDelivery VisionPrescription`,
  ),
  ...searchedByPatient(
    'subject',
    `Basic CarePlan CareTeam ChargeItem ClinicalImpression Communication CommunicationRequest Condition DeviceRequest
    DiagnosticReport Encounter Flag Goal GuidanceResponse ImagingStudy Invoice List MeasureReport
    MedicationAdministration MedicationDispense MedicationRequest MedicationStatement Observation Procedure
    QuestionnaireResponse RiskAssessment ServiceRequest Specimen`,
  ),
  ...searchedByPatient('beneficiary', 'Coverage'),
  ...searchedByPatient('for', 'Task'),
  ...searchedByPatient('actor', 'AppointmentResponse'),
  ...searchedByPatient('candidate', 'EnrollmentRequest'),
  Patient: element('id', '_id'),
  // A family's account, a joint visit: shown where every patient named is the one in context.
  Account: several('subject', 'patient'),
};

const R4: Readonly<Record<string, PatientElement>> = {
  ...IN_BOTH,
  ...searchedByPatient(
    'patient',
    // Device is not in FHIR's compartment; US Core searches it by patient. Consent says `patient` until R5.
    'Consent Device DetectedIssue MolecularSequence NutritionOrder',
  ),
  ...searchedByPatient(
    'subject',
    'Composition DeviceUseStatement DocumentManifest DocumentReference Media RequestGroup',
  ),
  ...searchedByPatient('individual', 'ResearchSubject'),
  AdverseEvent: element('subject', 'subject'),
  Appointment: several('participant.actor', 'patient'),
  Provenance: several('target', 'patient'),
  // What it is about; `agent` only says who did it, and `patient` looks at both.
  AuditEvent: several('entity.what', 'patient'),
  SupplyRequest: element('deliverTo', 'subject'),
};

const R5: Readonly<Record<string, PatientElement>> = {
  ...IN_BOTH,
  ...searchedByPatient('patient', 'AuditEvent BiologicallyDerivedProductDispense DeviceUsage Provenance'),
  ...searchedByPatient(
    'subject',
    `AdverseEvent Composition Consent DetectedIssue DocumentReference EncounterHistory GenomicStudy ImagingSelection
    NutritionIntake NutritionOrder RequestOrchestration`,
  ),
  // Whom it is for, and who comes: all of them count.
  Appointment: { ...several('subject', 'patient'), or: ['participant', 'actor'] },
  ...searchedByPatient('deliverFor', 'SupplyRequest'),
  ...searchedByPatient('for', 'Transport'),
  DeviceAssociation: element('subject', 'patient'),
  DeviceDispense: element('subject', 'subject'),
  MolecularSequence: element('subject', 'subject'),
  ResearchSubject: element('subject', 'subject'),
};

const PATIENT_ELEMENTS: Readonly<Record<FhirVersion, Readonly<Record<string, PatientElement>>>> = {
  '4.0.1': R4,
  '4.3.0': R4,
  '5.0.0': R5,
};

/**
 * Types of FHIR's patient compartment that a `patient/` scope does not reach all the same, and why. Each lists other
 * people beside the patient, or is not about a patient at all.
 */
export const WITHHELD_TYPES: Readonly<Record<string, string>> = {
  Group: 'it lists its other members too',
  Person: 'it links the records of one human being, each of which is authorized by itself',
  Schedule: 'it is about the time of whoever acts, and the record of nobody',
};

/** The element that says whose record resources of this type belong to; `undefined` where there is none. */
export function patientElementOf(
  resourceType: string,
  fhirVersion: FhirVersion = '4.0.1',
): PatientElement | undefined {
  const elements = PATIENT_ELEMENTS[fhirVersion];
  return Object.hasOwn(elements, resourceType) ? elements[resourceType] : undefined;
}

/**
 * Types that belong to no patient. Under `patient/` scopes that cover them they are readable by anybody: an app must
 * be able to show who saw the patient, and where (SEM-06, which asks servers to document exactly this). They are not
 * writable with them.
 */
export const SHARED_TYPES: ReadonlySet<string> = new Set([
  'Location',
  'Medication',
  'Organization',
  'Practitioner',
  'PractitionerRole',
]);

/** Says who may act for a patient: an app that is confined to one could give that right, or prolong its own user's (A095). */
export const RIGHTS_OF_OTHERS = 'RelatedPerson';
