import { ORGANIZATION } from './directory.ts';
import type { CareResource, Coverage, FamilyMemberHistory, Person, RelatedPerson } from './fhir-care.ts';
import { META, concept, referenceTo } from './vocabulary.ts';

/** Who belongs to a patient, what runs in the family, and who pays. */
export function householdOf(patientId: string, index: number): CareResource[] {
  return [
    coverage(patientId, index),
    ...(index % 2 === 0 ? [mother(patientId), inheritance(patientId)] : []),
    ...(patientId === CARED_FOR ? [attorney(patientId)] : []),
  ];
}

const [DAUGHTER, CARED_FOR] = ['chloe-shaw', 'hakan-bronte'];
const GRACE = { use: 'official', text: 'Grace Shaw', family: 'Shaw', given: ['Grace'] } as const;

/** One human being in two of the records: the mother of a child, who also decides for an old friend. */
export const GRACE_SHAW: Person = {
  resourceType: 'Person',
  id: 'grace-shaw',
  meta: META,
  active: true,
  name: [GRACE],
  link: [`${DAUGHTER}-mother`, `${CARED_FOR}-attorney`].map((id) => ({
    target: { reference: `RelatedPerson/${id}` },
    assurance: 'level3',
  })),
};

function attorney(patientId: string): RelatedPerson {
  return {
    resourceType: 'RelatedPerson',
    id: `${patientId}-attorney`,
    meta: META,
    active: true,
    patient: { reference: `Patient/${patientId}` },
    relationship: [concept('roleCode', 'HPOWATT', 'Healthcare power of attorney')],
    name: [GRACE],
    period: { start: '2024-02-01', end: '2039-12-31' },
  };
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
    name: [
      patientId === DAUGHTER
        ? GRACE
        : { use: 'official', text: 'Rose Example', family: 'Example', given: ['Rose'] },
    ],
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
