import type { CodeableConcept, Quantity, Reference } from './fhir-elements.ts';

const TERMINOLOGY = 'http://terminology.hl7.org/CodeSystem';
const US_CORE = 'http://hl7.org/fhir/us/core/CodeSystem';

/** Short names for the code systems the data uses. */
export const SYSTEMS = {
  loinc: 'http://loinc.org',
  snomed: 'http://snomed.info/sct',
  rxnorm: 'http://www.nlm.nih.gov/research/umls/rxnorm',
  cvx: 'http://hl7.org/fhir/sid/cvx',
  actCode: `${TERMINOLOGY}/v3-ActCode`,
  identifierType: `${TERMINOLOGY}/v2-0203`,
  observationCategory: `${TERMINOLOGY}/observation-category`,
  conditionCategory: `${TERMINOLOGY}/condition-category`,
  conditionClinical: `${TERMINOLOGY}/condition-clinical`,
  conditionVerification: `${TERMINOLOGY}/condition-ver-status`,
  allergyClinical: `${TERMINOLOGY}/allergyintolerance-clinical`,
  allergyVerification: `${TERMINOLOGY}/allergyintolerance-verification`,
  subscriber: `${TERMINOLOGY}/subscriber-relationship`,
  confidentiality: `${TERMINOLOGY}/v3-Confidentiality`,
  roleCode: `${TERMINOLOGY}/v3-RoleCode`,
  diagnosticService: `${TERMINOLOGY}/v2-0074`,
  provenanceAgent: `${TERMINOLOGY}/provenance-participant-type`,
  carePlanCategory: `${US_CORE}/careplan-category`,
  usCoreCategory: `${US_CORE}/us-core-category`,
  usCoreCondition: `${US_CORE}/condition-category`,
  usCoreDocument: `${US_CORE}/us-core-documentreference-category`,
} as const;

/** US Core spreads its categories over three systems; these are the ones a granular scope can name (USC-09 …). */
const CATEGORY_SYSTEM: Readonly<Record<string, string>> = {
  sdoh: SYSTEMS.usCoreCategory,
  'problem-list-item': SYSTEMS.conditionCategory,
  'encounter-diagnosis': SYSTEMS.conditionCategory,
  'health-concern': SYSTEMS.usCoreCondition,
  'clinical-note': SYSTEMS.usCoreDocument,
};

/** `concept('loinc', '8302-2', 'Body height')`. */
export function concept(system: keyof typeof SYSTEMS, code: string, display: string): CodeableConcept {
  return { coding: [{ system: SYSTEMS[system], code, display }], text: display };
}

/** One CodeableConcept per category name. */
export function categories(...names: readonly string[]): CodeableConcept[] {
  return names.map((code) => ({
    coding: [{ system: CATEGORY_SYSTEM[code] ?? SYSTEMS.observationCategory, code }],
  }));
}

/** A status that FHIR spells as a concept, such as `active`. */
export function statusConcept(system: keyof typeof SYSTEMS, code: string): CodeableConcept {
  return { coding: [{ system: SYSTEMS[system], code }] };
}

export function quantity(value: number, unit: string, code: string = unit): Quantity {
  return { value: Math.round(value * 10) / 10, unit, system: 'http://unitsofmeasure.org', code };
}

export function referenceTo(resource: { readonly resourceType: string; readonly id: string }): Reference {
  return { reference: `${resource.resourceType}/${resource.id}` };
}

/** The same for every resource: the data never changes. */
export const META = { versionId: '1', lastUpdated: '2026-11-01T08:00:00.000Z' } as const;
