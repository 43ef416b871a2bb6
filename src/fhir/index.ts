/**
 * The questions Gatehouse asks a FHIR server: which patients match, which encounters a patient has. Reads only what
 * the screens show, checks what comes back, and never passes FHIR text on as markup.
 */
export {
  FhirUnavailable,
  createFhirDirectory,
  type EncounterSummary,
  type FhirDirectory,
  type PatientPage,
  type PatientSummary,
} from './directory.ts';
