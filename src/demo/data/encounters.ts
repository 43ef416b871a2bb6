import { LOCATION, ORGANIZATION, practitionerIdFor } from './directory.ts';
import type { Encounter } from './fhir.ts';
import { META, SYSTEMS, concept, referenceTo } from './vocabulary.ts';

interface Visit {
  readonly status: Encounter['status'];
  readonly class: readonly [string, string];
  readonly type: readonly [string, string];
  readonly start: string;
  readonly end?: string;
}

/** Everybody has had the first two; every second patient is being seen now. */
const VISITS: readonly Visit[] = [
  {
    status: 'finished',
    class: ['AMB', 'ambulatory'],
    type: ['185349003', 'Encounter for check up'],
    start: '2025-10-06T09:00:00Z',
    end: '2025-10-06T09:30:00Z',
  },
  {
    status: 'finished',
    class: ['EMER', 'emergency'],
    type: ['50849002', 'Emergency department visit'],
    start: '2026-04-18T19:40:00Z',
    end: '2026-04-18T23:10:00Z',
  },
  {
    status: 'in-progress',
    class: ['AMB', 'ambulatory'],
    type: ['390906007', 'Follow-up encounter'],
    start: '2026-11-02T10:15:00Z',
  },
];

/** The two or three visits of one patient, oldest first. */
export function encountersOf(patientId: string, index: number): Encounter[] {
  return VISITS.slice(0, index % 2 === 0 ? 3 : 2).map((visit, number) => ({
    resourceType: 'Encounter',
    id: `${patientId}-visit-${number + 1}`,
    meta: META,
    status: visit.status,
    class: { system: SYSTEMS.actCode, code: visit.class[0], display: visit.class[1] },
    type: [concept('snomed', ...visit.type)],
    subject: { reference: `Patient/${patientId}` },
    participant: [{ individual: { reference: `Practitioner/${practitionerIdFor(index)}` } }],
    period: { start: visit.start, ...(visit.end === undefined ? {} : { end: visit.end }) },
    location: [{ location: referenceTo(LOCATION) }],
    serviceProvider: referenceTo(ORGANIZATION),
  }));
}
