import type { FhirVersion, Permission } from '../smart/index.ts';

/** What `decide` has to know of the FHIR server that asks. */
export interface DecideOptions {
  /** Default `4.0.1` (R4). It says which types there are and which of their elements name the patient. */
  readonly fhirVersion?: FhirVersion;
  /**
   * Parameters of this server's own that begin with `_` and bring no further data, such as the cursor in its links.
   * Others of that kind are refused: on some servers they delete, expunge, or go on with somebody else's search. Of a write
   * every parameter that is not named here, with `_` or without.
   */
  readonly parameters?: ReadonlySet<string>;
  /**
   * Operations of this server's own, by name (`$report`), and the letters each needs over every type, without
   * constraint. What is neither here nor in our table is refused.
   */
  readonly operations?: Readonly<Record<string, readonly Permission[]>>;
}
