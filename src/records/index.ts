/**
 * What people decided about apps, kept as FHIR R4 Consent and Provenance with a signature over what they saw (SEC-9, SEC-10).
 * Owns how a decision is written down, signed, read back and checked. Decides nothing, and knows no file and no clock:
 * `archive/` keeps it, the keys come from `keys/`. Called by the consent screen, the My-apps pages and `gatehouse consent`.
 */
export { bundleOf } from './bundle.ts';
export type { Decision, DecisionKind, Reason, Shown } from './decision.ts';
export { createExpiry, type DueAccess, type DueList, type ExpiryParts } from './expiry.ts';
export { historyOf, type HistoryEntry } from './history.ts';
export { inspect, type Finding, type Problem } from './inspect.ts';
export {
  createRecorder,
  publicHalf,
  type Archived,
  type DecisionRecords,
  type RecordArchive,
  type Recorder,
} from './recorder.ts';
export { fhirServerOf, isKeptRecord, type KeptRecord } from './resources.ts';
export type { RecordKey } from './seal.ts';
export { SHOWN, shownPage, type ShownPage } from './shown-text.ts';
export { coded, organizationOf, serverOf } from './words.ts';
