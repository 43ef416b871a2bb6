import { pick } from './conditions.ts';
import { practitionerIdFor } from './directory.ts';
import type { CareResource, Device, Medication, MedicationDispense, Provenance } from './fhir-care.ts';
import { DRUGS } from './treatments.ts';
import { META, concept, quantity } from './vocabulary.ts';

/** The medicines of the hospital's pharmacy; nobody's record. */
export const MEDICATIONS: readonly Medication[] = DRUGS.map(([code, name]) => ({
  resourceType: 'Medication',
  id: `rxnorm-${code}`,
  meta: META,
  code: concept('rxnorm', code, name),
  status: 'active',
}));

/** What one patient was handed: the first medicine, and to every third of them a pacemaker. */
export function suppliesOf(patientId: string, index: number): CareResource[] {
  return [
    dispense(patientId, index),
    origin(patientId, index),
    ...(index % 3 === 0 ? [device(patientId, index)] : []),
  ];
}

function dispense(patientId: string, index: number): MedicationDispense {
  const [code, name] = pick(DRUGS, index);
  return {
    resourceType: 'MedicationDispense',
    id: `${patientId}-dispense-1`,
    meta: META,
    status: 'completed',
    medicationReference: { reference: `Medication/rxnorm-${code}`, display: name },
    subject: { reference: `Patient/${patientId}` },
    authorizingPrescription: [{ reference: `MedicationRequest/${patientId}-rx-1` }],
    type: concept('actCode', 'FF', 'First Fill'),
    quantity: quantity(30, '{each}'),
    whenHandedOver: '2025-10-06T11:00:00Z',
  };
}

/** Who wrote the prescription. It names the patient too, so that it belongs to that record. */
function origin(patientId: string, index: number): Provenance {
  return {
    resourceType: 'Provenance',
    id: `${patientId}-origin-1`,
    meta: META,
    target: [{ reference: `MedicationRequest/${patientId}-rx-1` }, { reference: `Patient/${patientId}` }],
    recorded: '2025-10-06T09:30:00Z',
    agent: [
      {
        type: concept('provenanceAgent', 'author', 'Author'),
        who: { reference: `Practitioner/${practitionerIdFor(index)}` },
      },
    ],
  };
}

function device(patientId: string, index: number): Device {
  return {
    resourceType: 'Device',
    id: `${patientId}-device-1`,
    meta: META,
    identifier: [{ system: 'urn:oid:2.16.840.1.113883.19.6', value: `PM-${100 + index}` }],
    status: 'active',
    serialNumber: `PM-${100 + index}`,
    type: concept('snomed', '14106009', 'Cardiac pacemaker'),
    patient: { reference: `Patient/${patientId}` },
  };
}
