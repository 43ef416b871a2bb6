import type { FhirResource } from './compartment.ts';
import type { Filter } from './filters.ts';
import type { FhirInteraction } from './interaction.ts';
import type { Parameter } from './narrow.ts';

export interface Allowed {
  readonly allowed: true;
  /**
   * What may be seen, or for a write, what the old and the new content must both be (SEM-19). Empty for
   * `capabilities`, which shows no resource of its own.
   */
  readonly filters: readonly Filter[];
  /** Set when every alternative is confined to this one patient: a server may narrow its query with it. */
  readonly patient?: string;
}

/**
 * What has to be held against `visible`: each resource of the `answer`; the stored content `before` a write (where there
 * is none yet, there is nothing to hold); the content `after` it.
 */
export type Check = 'answer' | 'before' | 'after';

/** What a whole request may do, and within which bounds. */
export interface AllowedRequest extends Allowed {
  readonly interaction: FhirInteraction;
  /**
   * To add to the query before it is carried out; of a create with `If-None-Exist`, to that condition. Empty where
   * nothing is to be added, or nothing a query can say.
   */
  readonly add: readonly Parameter[];
  /**
   * Does `add` say all that may be seen? Then a server known to understand those parameters returns nothing else, and
   * may count. A server that ignores parameters it does not know may not be trusted with this. False where includes bring
   * what has to be looked at.
   */
  readonly exact: boolean;
  /** Empty: pass the answer on as it is. */
  readonly check: readonly Check[];
  /** May this resource be in the answer; before and after a write: may it be so written? */
  readonly visible: (resource: FhirResource) => boolean;
  /**
   * May this resource, which names no patient, be shown beside others (`Observation/1`, …) that are? So a Provenance
   * comes with what it is about, which is all that says whose it is. Absent: nothing is shown for that reason.
   */
  readonly visibleBeside?: (resource: FhirResource, shown: ReadonlySet<string>) => boolean;
  /**
   * May the answer to a write hold the resource (`Prefer: return=representation`)? Writing does not let read (SEM-13).
   * True of everything that is no write.
   */
  readonly representation: boolean;
  /** What the answer will lack and why, in sentences for the app's developer: worth an OperationOutcome entry. */
  readonly withheld: readonly string[];
}
