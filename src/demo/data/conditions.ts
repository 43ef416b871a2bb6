import type { Condition } from './fhir.ts';
import { META, categories, concept, statusConcept } from './vocabulary.ts';

interface Finding {
  readonly code: readonly [string, string];
  readonly categories: readonly string[];
  readonly clinical: 'active' | 'resolved';
  readonly onset: string;
}

const PROBLEMS: readonly (readonly [string, string])[] = [
  ['195967001', 'Asthma'],
  ['38341003', 'Hypertensive disorder'],
  ['44054006', 'Diabetes mellitus type 2'],
  ['37796009', 'Migraine'],
  ['24079001', 'Atopic dermatitis'],
];

const DIAGNOSES: readonly (readonly [string, string])[] = [
  ['444814009', 'Viral sinusitis'],
  ['65363002', 'Otitis media'],
  ['44465007', 'Sprain of ankle'],
];

const CONCERNS: readonly (readonly [string, string])[] = [
  ['73595000', 'Stress'],
  ['160903007', 'Full-time employment'],
  ['733423003', 'Food insecurity'],
];

/** One condition in each US Core category, and one that carries two of them. */
export function conditionsOf(patientId: string, index: number): Condition[] {
  const findings: readonly Finding[] = [
    {
      code: pick(PROBLEMS, index),
      categories: ['problem-list-item'],
      clinical: 'active',
      onset: '2021-02-11',
    },
    {
      code: pick(DIAGNOSES, index),
      categories: ['encounter-diagnosis'],
      clinical: 'resolved',
      onset: '2026-04-18',
    },
    { code: pick(CONCERNS, index), categories: ['health-concern'], clinical: 'active', onset: '2024-09-01' },
    {
      code: pick(PROBLEMS, index + 2),
      categories: ['problem-list-item', 'health-concern'],
      clinical: index % 3 === 0 ? 'resolved' : 'active',
      onset: '2019-06-30',
    },
  ];
  return findings.map((finding, number) => ({
    resourceType: 'Condition',
    id: `${patientId}-condition-${number + 1}`,
    meta: META,
    clinicalStatus: statusConcept('conditionClinical', finding.clinical),
    verificationStatus: statusConcept('conditionVerification', 'confirmed'),
    category: categories(...finding.categories),
    code: concept('snomed', ...finding.code),
    subject: { reference: `Patient/${patientId}` },
    ...(finding.categories.includes('encounter-diagnosis')
      ? { encounter: { reference: `Encounter/${patientId}-visit-2` } }
      : {}),
    onsetDateTime: finding.onset,
  }));
}

/** The row of a table for this patient, going round. */
export function pick<Row>(rows: readonly Row[], index: number): Row {
  const row = rows[index % rows.length];
  if (row === undefined) throw new TypeError('an empty table has no rows to pick');
  return row;
}
