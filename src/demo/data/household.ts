import { ORGANIZATION } from './directory.ts';
import type { CareResource, Coverage, FamilyMemberHistory, RelatedPerson } from './fhir-care.ts';
import { META, concept, referenceTo } from './vocabulary.ts';

/** Who belongs to a patient, what runs in the family, and who pays. */
export function householdOf(patientId: string, index: number): CareResource[] {
  return [
    coverage(patientId, index),
    ...(index % 2 === 0 ? [mother(patientId), inheritance(patientId)] : []),
  ];
}

function coverage(patientId: string, index: number): Coverage {
  return {
    resourceType: 'Coverage',
    id: `${patientId}-coverage-1`,
    meta: META,
    status: 'active',
    type: concept('actCode', 'EHCPOL', 'Extended healthcare'),
    subscriberId: `S-${500_001 + index}`,
    beneficiary: { reference: `Patient/${patientId}` },
    relationship: concept('subscriber', 'self', 'Self'),
    period: { start: '2025-01-01' },
    payor: [referenceTo(ORGANIZATION)],
  };
}

function mother(patientId: string): RelatedPerson {
  return {
    resourceType: 'RelatedPerson',
    id: `${patientId}-mother`,
    meta: META,
    active: true,
    patient: { reference: `Patient/${patientId}` },
    relationship: [concept('roleCode', 'MTH', 'Mother')],
    name: [{ use: 'official', text: 'Rose Example', family: 'Example', given: ['Rose'] }],
  };
}

function inheritance(patientId: string): FamilyMemberHistory {
  return {
    resourceType: 'FamilyMemberHistory',
    id: `${patientId}-family-1`,
    meta: META,
    status: 'completed',
    patient: { reference: `Patient/${patientId}` },
    relationship: concept('roleCode', 'MTH', 'Mother'),
    condition: [{ code: concept('snomed', '38341003', 'Hypertensive disorder') }],
  };
}
