import type { CareResource } from './fhir-care.ts';
import type {
  Address,
  CodeableConcept,
  Coding,
  ContactPoint,
  HumanName,
  Identifier,
  Period,
  Quantity,
  Reference,
  Resource,
} from './fhir-elements.ts';

/**
 * The members of FHIR R4 that the demo data uses. The installed `@types/fhir` describes STU3, where for example
 * `Condition.clinicalStatus` is a plain code, so we name what we use ourselves.
 */
export interface Patient extends Resource<'Patient'> {
  readonly identifier: readonly Identifier[];
  readonly active: boolean;
  readonly name: readonly HumanName[];
  readonly telecom: readonly ContactPoint[];
  readonly gender: 'female' | 'male' | 'other';
  readonly birthDate: string;
  readonly address: readonly Address[];
  readonly generalPractitioner: readonly Reference[];
}

export interface Practitioner extends Resource<'Practitioner'> {
  readonly identifier: readonly Identifier[];
  readonly active: boolean;
  readonly name: readonly HumanName[];
}

export interface PractitionerRole extends Resource<'PractitionerRole'> {
  readonly practitioner: Reference;
  readonly organization: Reference;
  readonly location: readonly Reference[];
  readonly specialty: readonly CodeableConcept[];
}

export interface Organization extends Resource<'Organization'> {
  readonly active: boolean;
  readonly name: string;
  readonly telecom: readonly ContactPoint[];
  readonly address: readonly Address[];
}

export interface Location extends Resource<'Location'> {
  readonly status: 'active';
  readonly name: string;
  readonly address: Address;
  readonly managingOrganization: Reference;
}

export interface Encounter extends Resource<'Encounter'> {
  readonly status: 'finished' | 'in-progress';
  readonly class: Coding;
  readonly type: readonly CodeableConcept[];
  readonly subject: Reference;
  readonly participant: readonly { readonly individual: Reference }[];
  readonly period: Period;
  readonly location: readonly { readonly location: Reference }[];
  readonly serviceProvider: Reference;
}

export interface Condition extends Resource<'Condition'> {
  readonly clinicalStatus: CodeableConcept;
  readonly verificationStatus: CodeableConcept;
  readonly category: readonly CodeableConcept[];
  readonly code: CodeableConcept;
  readonly subject: Reference;
  readonly encounter?: Reference;
  readonly onsetDateTime: string;
}

export interface Observation extends Resource<'Observation'> {
  readonly status: 'final' | 'preliminary';
  readonly category: readonly CodeableConcept[];
  readonly code: CodeableConcept;
  readonly subject: Reference;
  readonly encounter?: Reference;
  readonly effectiveDateTime: string;
  readonly performer: readonly Reference[];
  readonly valueQuantity?: Quantity;
  readonly valueCodeableConcept?: CodeableConcept;
  readonly component?: readonly { readonly code: CodeableConcept; readonly valueQuantity: Quantity }[];
}

export interface AllergyIntolerance extends Resource<'AllergyIntolerance'> {
  readonly clinicalStatus: CodeableConcept;
  readonly verificationStatus: CodeableConcept;
  readonly category: readonly string[];
  readonly code: CodeableConcept;
  readonly patient: Reference;
}

export interface MedicationRequest extends Resource<'MedicationRequest'> {
  readonly status: 'active' | 'completed';
  readonly intent: 'order';
  readonly medicationCodeableConcept: CodeableConcept;
  readonly subject: Reference;
  readonly encounter?: Reference;
  readonly authoredOn: string;
  readonly requester: Reference;
  readonly dosageInstruction: readonly { readonly text: string }[];
}

export interface Immunization extends Resource<'Immunization'> {
  readonly status: 'completed';
  readonly vaccineCode: CodeableConcept;
  readonly patient: Reference;
  readonly occurrenceDateTime: string;
  readonly primarySource: boolean;
}

export interface Procedure extends Resource<'Procedure'> {
  readonly status: 'completed';
  readonly code: CodeableConcept;
  readonly subject: Reference;
  readonly encounter?: Reference;
  readonly performedDateTime: string;
}

export interface DocumentReference extends Resource<'DocumentReference'> {
  readonly status: 'current';
  readonly type: CodeableConcept;
  readonly category: readonly CodeableConcept[];
  readonly subject: Reference;
  readonly date: string;
  readonly author: readonly Reference[];
  readonly content: readonly {
    readonly attachment: { readonly contentType: string; readonly data: string; readonly title: string };
  }[];
  readonly context: { readonly encounter: readonly Reference[] };
}

export type DemoResource =
  | CareResource
  | AllergyIntolerance
  | Condition
  | DocumentReference
  | Encounter
  | Immunization
  | Location
  | MedicationRequest
  | Observation
  | Organization
  | Patient
  | Practitioner
  | PractitionerRole
  | Procedure;
