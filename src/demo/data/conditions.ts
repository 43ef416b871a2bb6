import type { Condition } from './fhir.ts';
import { META, SYSTEMS, categories, concept, statusConcept } from './vocabulary.ts';

interface Finding {
  readonly code: readonly [string, string];
  readonly categories: readonly string[];
  readonly clinical: 'active' | 'resolved';
  readonly onset: string;
  /** Codes of v3 ActCode with which it is labelled as sensitive. */
  readonly sensitive?: readonly string[];
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

/** What not every app should see: labelled, so that people are asked about it apart. */
const SENSITIVE: Readonly<Record<string, readonly Finding[]>> = {
  'amy-shaw': [sensitive('35489007', 'Depressive disorder', '2023-01-16', 'PSY')],
  'ben-okafor': [sensitive('66590003', 'Alcohol dependence', '2022-08-08', 'ETH')],
};

function sensitive(code: string, name: string, onset: string, label: string): Finding {
  return {
    code: [code, name],
    categories: ['problem-list-item'],
    clinical: 'active',
    onset,
    sensitive: [label],
  };
}

/** Restricted, and for which reason. */
function labelsOf(codes: readonly string[]): { readonly system: string; readonly code: string }[] {
  const reasons = codes.map((code) => ({ system: SYSTEMS.actCode, code }));
  return [{ system: SYSTEMS.confidentiality, code: 'R' }, ...reasons];
}

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
    ...(SENSITIVE[patientId] ?? []),
  ];
  return findings.map((finding, number) => ({
    resourceType: 'Condition',
    id: `${patientId}-condition-${number + 1}`,
    meta: finding.sensitive ? { ...META, security: labelsOf(finding.sensitive) } : META,
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
