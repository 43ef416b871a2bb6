import type {
  CodeableConcept,
  HumanName,
  Identifier,
  Period,
  Quantity,
  Reference,
  Resource,
} from './fhir-elements.ts';

/** A text for people who read the resource without a program that knows it. */
interface Narrative {
  readonly status: 'generated';
  readonly div: string;
}

export interface CarePlan extends Resource<'CarePlan'> {
  readonly text: Narrative;
  readonly status: 'active';
  readonly intent: 'plan';
  readonly category: readonly CodeableConcept[];
  readonly title: string;
  readonly subject: Reference;
  readonly period: Period;
}

export interface CareTeam extends Resource<'CareTeam'> {
  readonly status: 'active';
  readonly subject: Reference;
  readonly participant: readonly {
    readonly role: readonly CodeableConcept[];
    readonly member: Reference;
  }[];
}

export interface Goal extends Resource<'Goal'> {
  readonly lifecycleStatus: 'active';
  readonly description: CodeableConcept;
  readonly subject: Reference;
  readonly startDate: string;
  readonly target: readonly { readonly dueDate: string }[];
}

export interface ServiceRequest extends Resource<'ServiceRequest'> {
  readonly status: 'completed';
  readonly intent: 'order';
  readonly category: readonly CodeableConcept[];
  readonly code: CodeableConcept;
  readonly subject: Reference;
  readonly encounter: Reference;
  readonly authoredOn: string;
  readonly requester: Reference;
}

export interface DiagnosticReport extends Resource<'DiagnosticReport'> {
  readonly status: 'final';
  readonly basedOn: readonly Reference[];
  readonly category: readonly CodeableConcept[];
  readonly code: CodeableConcept;
  readonly subject: Reference;
  readonly encounter: Reference;
  readonly effectiveDateTime: string;
  readonly issued: string;
  readonly performer: readonly Reference[];
  readonly specimen: readonly Reference[];
  readonly result: readonly Reference[];
}

export interface Specimen extends Resource<'Specimen'> {
  readonly status: 'available';
  readonly type: CodeableConcept;
  readonly subject: Reference;
  readonly collection: { readonly collectedDateTime: string };
}

export interface QuestionnaireResponse extends Resource<'QuestionnaireResponse'> {
  readonly questionnaire: string;
  readonly status: 'completed';
  readonly subject: Reference;
  readonly authored: string;
  readonly item: readonly {
    readonly linkId: string;
    readonly text: string;
    readonly answer: readonly { readonly valueString: string }[];
  }[];
}

export interface Coverage extends Resource<'Coverage'> {
  readonly status: 'active';
  readonly type: CodeableConcept;
  readonly subscriberId: string;
  readonly beneficiary: Reference;
  readonly relationship: CodeableConcept;
  readonly period: Period;
  readonly payor: readonly Reference[];
}

export interface RelatedPerson extends Resource<'RelatedPerson'> {
  readonly active: boolean;
  readonly patient: Reference;
  readonly relationship: readonly CodeableConcept[];
  readonly name: readonly HumanName[];
  readonly period?: { readonly start?: string; readonly end?: string };
}

export interface Person extends Resource<'Person'> {
  readonly active: boolean;
  readonly name: readonly HumanName[];
  readonly link: readonly { readonly target: Reference; readonly assurance: `level${1 | 2 | 3 | 4}` }[];
}

export interface FamilyMemberHistory extends Resource<'FamilyMemberHistory'> {
  readonly status: 'completed';
  readonly patient: Reference;
  readonly relationship: CodeableConcept;
  readonly condition: readonly { readonly code: CodeableConcept }[];
}

export interface Device extends Resource<'Device'> {
  readonly identifier: readonly Identifier[];
  readonly status: 'active';
  readonly serialNumber: string;
  readonly type: CodeableConcept;
  readonly patient: Reference;
}

export interface Medication extends Resource<'Medication'> {
  readonly code: CodeableConcept;
  readonly status: 'active';
}

export interface MedicationDispense extends Resource<'MedicationDispense'> {
  readonly status: 'completed';
  readonly medicationReference: Reference;
  readonly subject: Reference;
  readonly authorizingPrescription: readonly Reference[];
  readonly type: CodeableConcept;
  readonly quantity: Quantity;
  readonly whenHandedOver: string;
}

/** Of these three none is made up: they are written by the authorization server. */
export interface AuditEvent extends Resource<'AuditEvent'> {
  readonly recorded: string;
  readonly entity?: readonly { readonly what?: Reference }[];
}

export interface Consent extends Resource<'Consent'> {
  readonly status: string;
  readonly patient?: Reference;
  readonly dateTime: string;
}

export interface Provenance extends Resource<'Provenance'> {
  readonly target: readonly Reference[];
  readonly recorded: string;
  readonly agent: readonly { readonly type: CodeableConcept; readonly who: Reference }[];
}

/** What US Core has beside the parts of a record that the sample apps show. */
export type CareResource =
  | AuditEvent
  | CarePlan
  | CareTeam
  | Consent
  | Coverage
  | Device
  | DiagnosticReport
  | FamilyMemberHistory
  | Goal
  | Medication
  | MedicationDispense
  | Person
  | Provenance
  | QuestionnaireResponse
  | RelatedPerson
  | ServiceRequest
  | Specimen;
