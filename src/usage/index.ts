/**
 * What was done with a grant, as resource servers report it: how reports add up, and which granted scopes nobody used.
 * Owns the shape of a record and its bounds, and the port it is kept through; knows no HTTP and no store. Filled by
 * `POST /usage`, read by the command line.
 */
export {
  INTERACTIONS,
  addUses,
  type Interaction,
  type Use,
  type UsageEntry,
  type UsageRecord,
} from './record.ts';
export { scopesInUse, type GrantInUse, type ScopeInUse } from './scopes-in-use.ts';
export type { ReportOutcome, UsageReport, UsageStore } from './store.ts';
