import type { ClientId, GrantId } from '../oauth/index.ts';
import type { Use, UsageRecord } from './record.ts';

/** What one resource server says was done, by the name that it knows each grant by. */
export interface UsageReport {
  readonly by: ClientId;
  /** Only grants for these FHIR base URLs; absent: for all. */
  readonly fhirBaseUrls?: readonly string[];
  readonly uses: readonly (Use & { readonly grantRef: string })[];
}

export interface ReportOutcome {
  /** Lines that were kept. */
  readonly noted: number;
  /** Lines about no living grant, or none that this resource server may know of. */
  readonly ignored: number;
}

/** Where records are kept; `store/` implements it. */
export interface UsageStore {
  note(report: UsageReport): Promise<ReportOutcome>;
  of(grantId: GrantId): Promise<UsageRecord>;
}
