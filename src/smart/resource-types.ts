/** The resource types of FHIR R4 (4.0.1), which a scope may name (SCO-06). Case matters (SCO-25). */
const R4 = `
  Account ActivityDefinition AdverseEvent AllergyIntolerance Appointment AppointmentResponse AuditEvent Basic Binary
  BiologicallyDerivedProduct BodyStructure Bundle CapabilityStatement CarePlan CareTeam CatalogEntry ChargeItem
  ChargeItemDefinition Claim ClaimResponse ClinicalImpression CodeSystem Communication CommunicationRequest
  CompartmentDefinition Composition ConceptMap Condition Consent Contract Coverage CoverageEligibilityRequest
  CoverageEligibilityResponse DetectedIssue Device DeviceDefinition DeviceMetric DeviceRequest DeviceUseStatement
  DiagnosticReport DocumentManifest DocumentReference EffectEvidenceSynthesis Encounter Endpoint EnrollmentRequest
  EnrollmentResponse EpisodeOfCare EventDefinition Evidence EvidenceVariable ExampleScenario ExplanationOfBenefit
  FamilyMemberHistory Flag Goal GraphDefinition Group GuidanceResponse HealthcareService ImagingStudy Immunization
  ImmunizationEvaluation ImmunizationRecommendation ImplementationGuide InsurancePlan Invoice Library Linkage List
  Location Measure MeasureReport Media Medication MedicationAdministration MedicationDispense MedicationKnowledge
  MedicationRequest MedicationStatement MedicinalProduct MedicinalProductAuthorization
  MedicinalProductContraindication MedicinalProductIndication MedicinalProductIngredient
  MedicinalProductInteraction MedicinalProductManufactured MedicinalProductPackaged
  MedicinalProductPharmaceutical MedicinalProductUndesirableEffect MessageDefinition MessageHeader
  MolecularSequence NamingSystem NutritionOrder Observation ObservationDefinition OperationDefinition
  OperationOutcome Organization OrganizationAffiliation Parameters Patient PaymentNotice PaymentReconciliation
  Person PlanDefinition Practitioner PractitionerRole Procedure Provenance Questionnaire QuestionnaireResponse
  RelatedPerson RequestGroup ResearchDefinition ResearchElementDefinition ResearchStudy ResearchSubject
  RiskAssessment RiskEvidenceSynthesis Schedule SearchParameter ServiceRequest Slot Specimen SpecimenDefinition
  StructureDefinition StructureMap Subscription Substance SubstanceNucleicAcid SubstancePolymer SubstanceProtein
  SubstanceReferenceInformation SubstanceSourceMaterial SubstanceSpecification SupplyDelivery SupplyRequest Task
  TerminologyCapabilities TestReport TestScript ValueSet VerificationResult VisionPrescription`;

/** What FHIR R4B (4.3.0) has that R4 has not. */
const ADDED_IN_R4B = `
  AdministrableProductDefinition Citation ClinicalUseDefinition EvidenceReport Ingredient ManufacturedItemDefinition
  MedicinalProductDefinition NutritionProduct PackagedProductDefinition RegulatedAuthorization SubscriptionStatus
  SubscriptionTopic SubstanceDefinition`;

/** What R4 has that R4B has not. */
const GONE_IN_R4B = `
  EffectEvidenceSynthesis MedicinalProduct MedicinalProductAuthorization MedicinalProductContraindication
  MedicinalProductIndication MedicinalProductIngredient MedicinalProductInteraction MedicinalProductManufactured
  MedicinalProductPackaged MedicinalProductPharmaceutical MedicinalProductUndesirableEffect RiskEvidenceSynthesis
  SubstanceNucleicAcid SubstancePolymer SubstanceProtein SubstanceReferenceInformation SubstanceSourceMaterial
  SubstanceSpecification`;

/** What FHIR R5 (5.0.0) has that R4B has not; six substances are back. */
const ADDED_IN_R5 = `
  ActorDefinition ArtifactAssessment BiologicallyDerivedProductDispense ConditionDefinition DeviceAssociation
  DeviceDispense DeviceUsage EncounterHistory FormularyItem GenomicStudy ImagingSelection InventoryItem InventoryReport
  NutritionIntake Permission RequestOrchestration Requirements SubstanceNucleicAcid SubstancePolymer SubstanceProtein
  SubstanceReferenceInformation SubstanceSourceMaterial TestPlan Transport`;

/** What R4B has that R5 has not. */
const GONE_IN_R5 = `
  CatalogEntry DeviceUseStatement DocumentManifest Media RequestGroup ResearchDefinition ResearchElementDefinition`;

export const RESOURCE_TYPES: ReadonlySet<string> = new Set(namesIn(R4));
const R4B: ReadonlySet<string> = without(new Set([...RESOURCE_TYPES, ...namesIn(ADDED_IN_R4B)]), GONE_IN_R4B);
const R5: ReadonlySet<string> = new Set([...without(R4B, GONE_IN_R5), ...namesIn(ADDED_IN_R5)]);

/** The version of FHIR a server speaks: R4, R4B or R5. */
export const FHIR_VERSIONS = ['4.0.1', '4.3.0', '5.0.0'] as const;
export type FhirVersion = (typeof FHIR_VERSIONS)[number];

const TYPES_OF: Readonly<Record<FhirVersion, ReadonlySet<string>>> = {
  '4.0.1': RESOURCE_TYPES,
  '4.3.0': R4B,
  '5.0.0': R5,
};

/** The resource types there are in a version of FHIR. */
export function resourceTypesOf(version: FhirVersion): ReadonlySet<string> {
  return TYPES_OF[version];
}

/** Is this a type of FHIR R4, R4B or R5? A scope may name any: which of them there are is for the FHIR server to say. */
export function isResourceType(name: string): boolean {
  return RESOURCE_TYPES.has(name) || R4B.has(name) || R5.has(name);
}

function namesIn(text: string): string[] {
  return text.trim().split(/\s+/);
}

function without(types: ReadonlySet<string>, gone: string): ReadonlySet<string> {
  const names = new Set(namesIn(gone));
  return new Set([...types].filter((name) => !names.has(name)));
}

const LOWERCASE = new Map([...RESOURCE_TYPES].map((name) => [name.toLowerCase(), name]));

/** `imagingstudy` → `ImagingStudy`; scopes such as `launch/imagingstudy` spell types in lower case (SCO-20). */
export function resourceTypeOfLowercase(name: string): string | undefined {
  return LOWERCASE.get(name);
}
