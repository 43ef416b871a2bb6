import { pick } from './conditions.ts';
import { practitionerIdFor } from './directory.ts';
import type {
  AllergyIntolerance,
  DemoResource,
  DocumentReference,
  Immunization,
  MedicationRequest,
  Procedure,
} from './fhir.ts';
import { META, categories, concept, statusConcept } from './vocabulary.ts';

const ALLERGENS: readonly (readonly [string, string, string])[] = [
  ['7980', 'Penicillin G', 'medication'],
  ['2670', 'Codeine', 'medication'],
  ['256349002', 'Peanut', 'food'],
];
export const DRUGS: readonly (readonly [string, string, string])[] = [
  ['745679', 'Albuterol 90 MCG inhaler', 'Two puffs when short of breath'],
  ['314076', 'Lisinopril 10 MG oral tablet', 'One tablet in the morning'],
  ['860975', 'Metformin 500 MG oral tablet', 'One tablet with the evening meal'],
  ['313782', 'Acetaminophen 325 MG oral tablet', 'Two tablets up to four times a day'],
];
const VACCINES: readonly (readonly [string, string])[] = [
  ['140', 'Influenza, seasonal, injectable'],
  ['115', 'Tdap'],
  ['03', 'MMR'],
];
const PROCEDURES: readonly (readonly [string, string])[] = [
  ['29303009', 'Electrocardiographic procedure'],
  ['399208008', 'Plain chest X-ray'],
];

/** Allergies, medicines, immunizations, procedures and notes of one patient. */
export function treatmentsOf(patientId: string, index: number): DemoResource[] {
  return [
    ...(index % 2 === 0 ? [allergy(patientId, index)] : []),
    medication(patientId, index, 1, 'active'),
    ...(index % 3 === 0 ? [medication(patientId, index + 1, 2, 'completed')] : []),
    immunization(patientId, index, 1, '2024-10-15'),
    immunization(patientId, index + 1, 2, '2025-10-06'),
    ...(index % 2 === 1 ? [procedure(patientId, index)] : []),
    note(patientId, index),
  ];
}

function allergy(patientId: string, index: number): AllergyIntolerance {
  const [code, name, category] = pick(ALLERGENS, index);
  return {
    resourceType: 'AllergyIntolerance',
    id: `${patientId}-allergy-1`,
    meta: META,
    clinicalStatus: statusConcept('allergyClinical', 'active'),
    verificationStatus: statusConcept('allergyVerification', 'confirmed'),
    category: [category],
    code: concept(category === 'food' ? 'snomed' : 'rxnorm', code, name),
    patient: { reference: `Patient/${patientId}` },
  };
}

function medication(
  patientId: string,
  index: number,
  number: number,
  status: MedicationRequest['status'],
): MedicationRequest {
  const [code, name, dosage] = pick(DRUGS, index);
  return {
    resourceType: 'MedicationRequest',
    id: `${patientId}-rx-${number}`,
    meta: META,
    status,
    intent: 'order',
    medicationCodeableConcept: concept('rxnorm', code, name),
    subject: { reference: `Patient/${patientId}` },
    encounter: { reference: `Encounter/${patientId}-visit-1` },
    authoredOn: '2025-10-06',
    requester: { reference: `Practitioner/${practitionerIdFor(index)}` },
    dosageInstruction: [{ text: dosage }],
  };
}

function immunization(patientId: string, index: number, number: number, date: string): Immunization {
  return {
    resourceType: 'Immunization',
    id: `${patientId}-imm-${number}`,
    meta: META,
    status: 'completed',
    vaccineCode: concept('cvx', ...pick(VACCINES, index)),
    patient: { reference: `Patient/${patientId}` },
    occurrenceDateTime: date,
    primarySource: true,
  };
}

function procedure(patientId: string, index: number): Procedure {
  return {
    resourceType: 'Procedure',
    id: `${patientId}-procedure-1`,
    meta: META,
    status: 'completed',
    code: concept('snomed', ...pick(PROCEDURES, (index - 1) / 2)),
    subject: { reference: `Patient/${patientId}` },
    encounter: { reference: `Encounter/${patientId}-visit-2` },
    performedDateTime: '2026-04-18T21:00:00Z',
  };
}

function note(patientId: string, index: number): DocumentReference {
  const text = 'Seen in clinic. Feels well. Plan: continue as before, review in one year.\n';
  return {
    resourceType: 'DocumentReference',
    id: `${patientId}-note-1`,
    meta: META,
    status: 'current',
    type: concept('loinc', '11506-3', 'Progress note'),
    category: categories('clinical-note'),
    subject: { reference: `Patient/${patientId}` },
    date: '2025-10-06T09:40:00Z',
    author: [{ reference: `Practitioner/${practitionerIdFor(index)}` }],
    content: [
      {
        attachment: {
          contentType: 'text/plain; charset=utf-8',
          data: Buffer.from(text).toString('base64'),
          title: 'Clinic note',
        },
      },
    ],
    context: { encounter: [{ reference: `Encounter/${patientId}-visit-1` }] },
  };
}
