import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  WITHHELD_TYPES,
  decide,
  isInPatientCompartment,
  patientElementOf,
  patientsOf,
  visibleTo,
} from '../../../src/resource-server/index.ts';
import { resourceTypesOf } from '../../../src/smart/index.ts';
import { tokenOf } from './token-of.ts';

/** The types of CompartmentDefinition/patient, FHIR 4.0.1 and 5.0.0. */
const COMPARTMENT = {
  '4.0.1': `Account AdverseEvent AllergyIntolerance Appointment AppointmentResponse AuditEvent Basic BodyStructure CarePlan
    CareTeam ChargeItem Claim ClaimResponse ClinicalImpression Communication CommunicationRequest Composition Condition
    Consent Coverage CoverageEligibilityRequest CoverageEligibilityResponse DetectedIssue DeviceRequest
    DeviceUseStatement DiagnosticReport DocumentManifest DocumentReference Encounter EnrollmentRequest EpisodeOfCare
    ExplanationOfBenefit FamilyMemberHistory Flag Goal Group ImagingStudy Immunization ImmunizationEvaluation
    ImmunizationRecommendation Invoice List MeasureReport Media MedicationAdministration MedicationDispense
    MedicationRequest MedicationStatement MolecularSequence NutritionOrder Observation Patient Person Procedure
    Provenance QuestionnaireResponse RelatedPerson RequestGroup ResearchSubject RiskAssessment Schedule ServiceRequest
    Specimen SupplyDelivery SupplyRequest VisionPrescription`,
  '5.0.0': `Account AdverseEvent AllergyIntolerance Appointment AppointmentResponse AuditEvent Basic
    BiologicallyDerivedProductDispense BodyStructure CarePlan CareTeam ChargeItem Claim ClaimResponse ClinicalImpression
    Communication CommunicationRequest Composition Condition Consent Coverage CoverageEligibilityRequest
    CoverageEligibilityResponse DetectedIssue DeviceAssociation DeviceDispense DeviceRequest DeviceUsage
    DiagnosticReport DocumentReference Encounter EncounterHistory EnrollmentRequest EpisodeOfCare ExplanationOfBenefit
    FamilyMemberHistory Flag GenomicStudy Goal Group GuidanceResponse ImagingSelection ImagingStudy Immunization
    ImmunizationEvaluation ImmunizationRecommendation Invoice List MeasureReport MedicationAdministration
    MedicationDispense MedicationRequest MedicationStatement MolecularSequence NutritionIntake NutritionOrder
    Observation Patient Person Procedure Provenance QuestionnaireResponse RelatedPerson RequestOrchestration
    ResearchSubject RiskAssessment Schedule ServiceRequest Specimen SupplyDelivery SupplyRequest Task Transport
    VisionPrescription`,
} as const;
const VERSIONS = ['4.0.1', '5.0.0'] as const;
const ROWS = VERSIONS.flatMap((version) =>
  COMPARTMENT[version]
    .trim()
    .split(/\s+/)
    .map((type) => [version, type] as const),
);

describe('whose record a resource is', () => {
  test.each(ROWS)('[SEM-05] FHIR %s: %s has its element, or a reason why not', (version, type) => {
    expect(resourceTypesOf(version).has(type)).toBe(true);
    expect(isInPatientCompartment(type, version)).toBe(!(type in WITHHELD_TYPES));
  });

  test.each([
    ['4.0.1', 'Consent', 'patient'],
    ['5.0.0', 'Consent', 'subject'],
    ['4.0.1', 'NutritionOrder', 'patient'],
    ['5.0.0', 'NutritionOrder', 'subject'],
    ['4.0.1', 'SupplyRequest', 'deliverTo'],
    ['5.0.0', 'SupplyRequest', 'deliverFor'],
    ['4.0.1', 'AuditEvent', 'entity.what'],
    ['5.0.0', 'AuditEvent', 'patient'],
    ['4.3.0', 'Device', 'patient'],
    ['5.0.0', 'Device', undefined],
    ['4.0.1', 'constructor', undefined],
  ] as const)('[SEM-05] FHIR %s: %s says it in %s', (version, type, path) => {
    expect(patientElementOf(type, version)?.path.join('.')).toBe(path);
  });

  const at = (...patients: readonly string[]) => ({
    resourceType: 'Appointment',
    participant: patients.map((reference) => ({ actor: { reference } })),
  });
  test.each([
    [['Patient/p1'], true],
    [['Patient/p1', 'Practitioner/d1'], true],
    [['Patient/p1', 'Patient/p1'], true],
    [['Patient/p1', 'Patient/p2'], false],
    [['Patient/p1', 'https://else.example/Patient/p1'], false],
    [['Practitioner/d1'], false],
    [[], false],
  ])('[SEM-05] an Appointment of %j belongs to p1: %s', (patients, belongs) => {
    expect(visibleTo([{ patient: 'p1', constraints: [] }], at(...patients))).toBe(belongs);
  });

  test('[SEM-05] patientsOf names each', () => {
    expect(patientsOf(at('Patient/p1', 'Practitioner/d1', 'Patient/p2'))).toEqual(['p1', 'p2']);
  });
});

test('[SEM-05] [SEM-22] whatever is asked with patient/ scopes, no record of another patient is visible', () => {
  const type = fc.constantFrom(
    '*',
    'Patient',
    'Observation',
    'Condition',
    'Coverage',
    'Provenance',
    'Encounter',
  );
  const scope = fc
    .tuple(
      type,
      fc.constantFrom('r', 's', 'rs', 'cruds'),
      fc.constantFrom('', '?status=final', '?category=x'),
    )
    .map(([name, letters, query]) => `patient/${name}.${letters}${query}`);
  const query = fc.constantFrom(
    ...[
      '',
      '_include=*',
      '_revinclude=*',
      '_include=Observation:subject',
      'patient=p2',
      '_id=p2',
      'subject=Patient/p2',
    ],
    ...['_type=Observation,Condition', '_revinclude=Provenance:target&_include:iterate=*', 'patient.name=x'],
  );
  const path = fc.constantFrom(
    ...[
      '/Patient',
      '/Patient/p2',
      '/Observation',
      '/Observation/x',
      '/Observation/x/_history',
      '/Condition',
      '/',
    ],
    ...[
      '/Patient/p2/Observation',
      '/Patient/p1/*',
      '/Patient/p1/$everything',
      '/Encounter/e/$everything',
      '/_history',
    ],
    ...['/Observation/$lastn', '/Coverage/_history'],
  );
  const theirs = [
    { resourceType: 'Patient', id: 'p2' },
    ...['Observation', 'Condition', 'Encounter'].map((resourceType) => ({
      resourceType,
      status: 'final',
      category: 'x',
      subject: { reference: 'Patient/p2' },
    })),
    {
      resourceType: 'Coverage',
      beneficiary: { reference: 'Patient/p2' },
      payor: [{ reference: 'Patient/p1' }],
    },
    { resourceType: 'Provenance', target: [{ reference: 'Patient/p1' }, { reference: 'Patient/p2' }] },
    { resourceType: 'Group', member: [{ entity: { reference: 'Patient/p1' } }] },
  ];
  fc.assert(
    fc.property(fc.array(scope, { minLength: 1, maxLength: 4 }), path, query, (scopes, asked, sent) => {
      const token = tokenOf(scopes.join(' '), { patient: 'p1' });
      const request = { method: 'GET', pathBelowBase: asked, query: new URLSearchParams(sent) };
      const decision = decide(token, request);
      if (!decision.allowed) return;
      expect(decision.check).toEqual(['answer']);
      expect(theirs.filter(decision.visible)).toEqual([]);
    }),
    { numRuns: 2000 },
  );
});
