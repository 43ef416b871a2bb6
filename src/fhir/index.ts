/**
 * What Gatehouse asks of a FHIR server: which patients match, which encounters a patient has, who belongs to whom, and, where
 * it is switched on, to keep records of decisions and of the audit log. Reads only what it needs, checks what comes back, and never passes FHIR
 * text on as markup.
 */
export { createAuditOutlet } from './audit-outlet.ts';
export { FhirUnavailable } from './client.ts';
export {
  createFhirDirectory,
  type EncounterSummary,
  type FhirDirectory,
  type PatientPage,
  type PatientSummary,
} from './directory.ts';
export { createRecordOutlet } from './record-outlet.ts';
