/**
 * The questions Gatehouse asks a FHIR server: which patients match, which encounters a patient has, who belongs to whom.
 * Reads only what the screens show or a rule needs, checks what comes back, and never passes FHIR text on as markup.
 */
export { FhirUnavailable } from './client.ts';
export {
  createFhirDirectory,
  type EncounterSummary,
  type FhirDirectory,
  type PatientPage,
  type PatientSummary,
} from './directory.ts';
