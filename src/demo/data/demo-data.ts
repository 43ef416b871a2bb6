import { conditionsOf } from './conditions.ts';
import { LOCATION, ORGANIZATION, PATIENTS, PRACTITIONERS, PRACTITIONER_ROLES } from './directory.ts';
import { encountersOf } from './encounters.ts';
import type { DemoResource, Encounter } from './fhir.ts';
import { GRACE_SHAW, householdOf } from './household.ts';
import { observationsOf } from './observations.ts';
import { plansOf } from './plans.ts';
import { reportsOf } from './reports.ts';
import { MEDICATIONS, suppliesOf } from './supplies.ts';
import { treatmentsOf } from './treatments.ts';

/** Everything the demo FHIR server holds. Made from tables: the same on every start, and nobody's real record. */
export const DEMO_RESOURCES: readonly DemoResource[] = [
  ORGANIZATION,
  LOCATION,
  ...PRACTITIONERS,
  ...PRACTITIONER_ROLES,
  ...PATIENTS,
  ...MEDICATIONS,
  GRACE_SHAW,
  ...PATIENTS.flatMap(({ id, birthDate }, index) => recordOf(id, birthDate, index)),
];

function recordOf(id: string, birthDate: string, index: number): DemoResource[] {
  const observations = observationsOf(id, birthDate, index);
  return [
    ...encountersOf(id, index),
    ...conditionsOf(id, index),
    ...observations,
    ...treatmentsOf(id, index),
    ...plansOf(id, index),
    ...reportsOf(id, index, observations),
    ...householdOf(id, index),
    ...suppliesOf(id, index),
  ];
}

/** What a launch page needs to know of a patient. */
export interface DemoPatient {
  readonly id: string;
  readonly name: string;
  readonly birthDate: string;
  /** Newest first. */
  readonly encounters: readonly { readonly id: string; readonly label: string }[];
}

export const DEMO_PATIENTS: readonly DemoPatient[] = PATIENTS.map(({ id, name, birthDate }, index) => ({
  id,
  name: name[0]?.text ?? id,
  birthDate,
  encounters: encountersOf(id, index)
    .reverse()
    .map((encounter) => ({ id: encounter.id, label: labelOf(encounter) })),
}));

function labelOf({ period, type, status }: Encounter): string {
  const what = type[0]?.text ?? 'Encounter';
  return `${period.start.slice(0, 10)}, ${what}${status === 'in-progress' ? ' (now)' : ''}`;
}
