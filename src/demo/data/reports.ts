import { practitionerIdFor } from './directory.ts';
import type {
  CareResource,
  DiagnosticReport,
  QuestionnaireResponse,
  ServiceRequest,
  Specimen,
} from './fhir-care.ts';
import type { Observation } from './fhir.ts';
import { META, concept, referenceTo } from './vocabulary.ts';

const DAY = '2025-10-06';

/** The blood test of the first visit, from the order to the report, and a form that was filled in that day. */
export function reportsOf(
  patientId: string,
  index: number,
  observations: readonly Observation[],
): CareResource[] {
  const ordered = order(patientId, index);
  const drawn = blood(patientId);
  const results = observations.filter(({ category, effectiveDateTime }) => {
    const codes = category.flatMap(({ coding = [] }) => coding.map(({ code }) => code));
    return codes.includes('laboratory') && effectiveDateTime.startsWith(DAY);
  });
  return [ordered, drawn, report(ordered, drawn, results), form(patientId)];
}

function order(patientId: string, index: number): ServiceRequest {
  return {
    resourceType: 'ServiceRequest',
    id: `${patientId}-order-1`,
    meta: META,
    status: 'completed',
    intent: 'order',
    category: [concept('snomed', '108252007', 'Laboratory procedure')],
    code: concept('loinc', '11502-2', 'Laboratory report'),
    subject: { reference: `Patient/${patientId}` },
    encounter: { reference: `Encounter/${patientId}-visit-1` },
    authoredOn: `${DAY}T08:40:00Z`,
    requester: { reference: `Practitioner/${practitionerIdFor(index)}` },
  };
}

function blood(patientId: string): Specimen {
  return {
    resourceType: 'Specimen',
    id: `${patientId}-specimen-1`,
    meta: META,
    status: 'available',
    type: concept('snomed', '119297000', 'Blood specimen'),
    subject: { reference: `Patient/${patientId}` },
    collection: { collectedDateTime: `${DAY}T08:50:00Z` },
  };
}

function report(ordered: ServiceRequest, drawn: Specimen, results: readonly Observation[]): DiagnosticReport {
  return {
    resourceType: 'DiagnosticReport',
    id: ordered.id.replace('-order-', '-report-'),
    meta: META,
    status: 'final',
    basedOn: [referenceTo(ordered)],
    category: [concept('diagnosticService', 'LAB', 'Laboratory')],
    code: ordered.code,
    subject: ordered.subject,
    encounter: ordered.encounter,
    effectiveDateTime: drawn.collection.collectedDateTime,
    issued: `${DAY}T16:00:00Z`,
    performer: [ordered.requester],
    specimen: [referenceTo(drawn)],
    result: results.map(referenceTo),
  };
}

function form(patientId: string): QuestionnaireResponse {
  return {
    resourceType: 'QuestionnaireResponse',
    id: `${patientId}-form-1`,
    meta: META,
    questionnaire: 'http://loinc.org/q/71802-3',
    status: 'completed',
    subject: { reference: `Patient/${patientId}` },
    authored: `${DAY}T09:10:00Z`,
    item: [{ linkId: '1', text: 'Housing status', answer: [{ valueString: 'I have housing' }] }],
  };
}
