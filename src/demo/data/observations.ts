import { practitionerIdFor } from './directory.ts';
import type { CodeableConcept, Quantity } from './fhir-elements.ts';
import type { Observation } from './fhir.ts';
import { measurementsOf } from './growth.ts';
import { META, categories, concept, quantity } from './vocabulary.ts';

/** What differs from one observation to the next. */
interface Draft {
  readonly categories: readonly string[];
  readonly code: CodeableConcept;
  readonly date: string;
  readonly status?: Observation['status'];
  readonly encounter?: number;
  readonly value: Pick<Observation, 'valueQuantity' | 'valueCodeableConcept' | 'component'>;
}

const MMHG = 'mm[Hg]';
const LABS: readonly (readonly [string, string, number, string])[] = [
  ['2345-7', 'Glucose', 88, 'mg/dL'],
  ['4548-4', 'Hemoglobin A1c', 5.4, '%'],
  ['718-7', 'Hemoglobin', 13.6, 'g/dL'],
  ['2093-3', 'Cholesterol', 172, 'mg/dL'],
];

/** All observations of one patient: vital signs over time, laboratory, and the US Core questionnaires. */
export function observationsOf(patientId: string, birthDate: string, index: number): Observation[] {
  const drafts = [...vitalSigns(birthDate, index), ...laboratory(index), ...circumstances(index)];
  return drafts.map((draft, number) => ({
    resourceType: 'Observation',
    id: `${patientId}-obs-${number + 1}`,
    meta: META,
    status: draft.status ?? 'final',
    category: categories(...draft.categories),
    code: draft.code,
    subject: { reference: `Patient/${patientId}` },
    ...(draft.encounter === undefined
      ? {}
      : { encounter: { reference: `Encounter/${patientId}-visit-${draft.encounter}` } }),
    effectiveDateTime: draft.date,
    performer: [{ reference: `Practitioner/${practitionerIdFor(index)}` }],
    ...draft.value,
  }));
}

function vitalSigns(birthDate: string, index: number): Draft[] {
  const measured = measurementsOf(birthDate, index).flatMap(
    ({ date, ageYears, heightCm, weightKg }): Draft[] => [
      vital(date, concept('loinc', '8302-2', 'Body height'), { valueQuantity: quantity(heightCm, 'cm') }),
      vital(date, concept('loinc', '29463-7', 'Body weight'), { valueQuantity: quantity(weightKg, 'kg') }),
      vital(date, concept('loinc', '8867-4', 'Heart rate'), { valueQuantity: heartRate(ageYears, index) }),
      vital(date, concept('loinc', '85354-9', 'Blood pressure panel'), bloodPressure(ageYears, index)),
    ],
  );
  const oxygen = concept('loinc', '2708-6', 'Oxygen saturation in arterial blood');
  const value = { valueQuantity: quantity(96 + (index % 4), '%') };
  // A blood gas is a vital sign and a laboratory result at once: it must be visible under either scope (SEM-14).
  return [
    ...measured,
    {
      categories: ['vital-signs', 'laboratory'],
      code: oxygen,
      date: '2026-04-18T20:05:00Z',
      encounter: 2,
      value,
    },
  ];
}

function vital(day: string, code: CodeableConcept, value: Draft['value']): Draft {
  return { categories: ['vital-signs'], code, date: `${day}T09:05:00Z`, value };
}

function heartRate(ageYears: number, index: number): Quantity {
  return quantity(Math.round(Math.max(66, 130 - ageYears * 4)) + (index % 6), '/min');
}

function bloodPressure(ageYears: number, index: number): Draft['value'] {
  const systolic = Math.round(Math.min(142, 85 + ageYears * 1.4)) + (index % 5);
  return {
    component: [
      {
        code: concept('loinc', '8480-6', 'Systolic blood pressure'),
        valueQuantity: quantity(systolic, 'mmHg', MMHG),
      },
      {
        code: concept('loinc', '8462-4', 'Diastolic blood pressure'),
        valueQuantity: quantity(Math.round(systolic * 0.65), 'mmHg', MMHG),
      },
    ],
  };
}

function laboratory(index: number): Draft[] {
  return LABS.flatMap(([code, name, base, unit], number) =>
    ['2025-10-06T08:50:00Z', '2026-04-18T20:00:00Z'].map((date, visit): Draft => ({
      categories: ['laboratory'],
      code: concept('loinc', code, name),
      date,
      encounter: visit + 1,
      status: visit === 1 && number === 3 ? 'preliminary' : 'final',
      value: { valueQuantity: quantity(base * (1 + ((index * 3 + visit) % 7) / 20), unit) },
    })),
  );
}

function circumstances(index: number): Draft[] {
  const smoker = index % 4 === 3;
  return [
    answer(
      '72166-2',
      'Tobacco smoking status',
      ['social-history'],
      smoker ? 'Former smoker' : 'Never smoker',
    ),
    answer('11341-5', 'History of occupation', ['social-history'], 'See health concerns'),
    answer(
      '69737-5',
      'PHQ-9 quick depression assessment panel',
      ['survey'],
      index % 3 === 0 ? 'Mild' : 'None',
    ),
    answer('71802-3', 'Housing status', ['survey', 'sdoh'], 'I have housing'),
    answer('88122-7', 'Worried that food would run out', ['sdoh', 'survey', 'social-history'], 'Never true'),
  ];
}

function answer(code: string, name: string, names: readonly string[], text: string): Draft {
  const value = { valueCodeableConcept: { text } };
  return {
    categories: names,
    code: concept('loinc', code, name),
    date: '2025-10-06T09:10:00Z',
    encounter: 1,
    value,
  };
}
