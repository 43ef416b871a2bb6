import { practitionerIdFor } from './directory.ts';
import type { CarePlan, CareResource, CareTeam, Goal } from './fhir-care.ts';
import { META, concept } from './vocabulary.ts';

/** What is planned for one patient, for what, and by whom. */
export function plansOf(patientId: string, index: number): CareResource[] {
  return [plan(patientId), team(patientId, index), goal(patientId)];
}

function plan(patientId: string): CarePlan {
  const title = 'Stay active, and come for a check-up every year';
  return {
    resourceType: 'CarePlan',
    id: `${patientId}-plan-1`,
    meta: META,
    text: { status: 'generated', div: `<div xmlns="http://www.w3.org/1999/xhtml">${title}</div>` },
    status: 'active',
    intent: 'plan',
    category: [concept('carePlanCategory', 'assess-plan', 'Assessment and plan of treatment')],
    title,
    subject: { reference: `Patient/${patientId}` },
    period: { start: '2025-10-06' },
  };
}

function team(patientId: string, index: number): CareTeam {
  return {
    resourceType: 'CareTeam',
    id: `${patientId}-team-1`,
    meta: META,
    status: 'active',
    subject: { reference: `Patient/${patientId}` },
    participant: [
      {
        role: [concept('snomed', '17561000', 'Cardiologist')],
        member: { reference: 'Practitioner/mina-sato' },
      },
      {
        role: [concept('snomed', '446050000', 'Primary care provider')],
        member: { reference: `Practitioner/${practitionerIdFor(index)}` },
      },
    ],
  };
}

function goal(patientId: string): Goal {
  return {
    resourceType: 'Goal',
    id: `${patientId}-goal-1`,
    meta: META,
    lifecycleStatus: 'active',
    description: { text: 'Walk for half an hour every day' },
    subject: { reference: `Patient/${patientId}` },
    startDate: '2025-10-06',
    target: [{ dueDate: '2026-10-06' }],
  };
}
