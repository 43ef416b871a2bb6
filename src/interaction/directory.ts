/** A patient as the screens show one. */
export interface PatientSummary {
  readonly id: string;
  readonly name: string;
  readonly birthDate?: string;
  readonly mrn?: string;
  readonly sex?: string;
}

export interface EncounterSummary {
  readonly id: string;
  readonly label: string;
  readonly start?: string;
  readonly status: string;
}

/** Look-ups on the FHIR server; `fhir/` implements it and rejects when the server is away. */
export interface Directory {
  searchPatients(
    query: string,
    page?: string,
  ): Promise<{ readonly patients: readonly PatientSummary[]; readonly next?: string }>;
  readPatient(id: string): Promise<PatientSummary | undefined>;
  encountersOf(patientId: string): Promise<readonly EncounterSummary[]>;
}
