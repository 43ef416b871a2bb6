import { decide, type Decision } from './decide.ts';
import { interactionOf, type FhirInteraction } from './interaction.ts';
import { member } from './constraint.ts';
import type { Refused } from './refused.ts';
import type { TokenInfo } from './token.ts';

/** What one entry asks for, and whether the token may do it. Do what stands in `interaction`, and nothing else. */
export interface EntryDecision {
  readonly interaction: FhirInteraction;
  readonly query: URLSearchParams;
  readonly decision: Decision;
}

export type BatchDecision =
  | {
      readonly allowed: true;
      readonly type: 'batch' | 'transaction';
      /** In the order of the entries. Of a batch some may be refused: answer those with their own status. */
      readonly entries: readonly EntryDecision[];
    }
  | Refused
  /** Not a Bundle to carry out; 400. */
  | { readonly allowed: false; readonly status: 400; readonly description: string };

/**
 * Decides a `batch` or `transaction` Bundle: each entry by its own interaction, as if it had been sent alone (SEM-11).
 * A transaction is all or nothing, so one entry that is refused refuses it. `url` must be relative to the FHIR base URL.
 *
 * ```ts
 * const decided = decideBatch(token, JSON.parse(body));
 * if (!decided.allowed) return answer(decided.status, decided.description);
 * return decided.entries.map(({ decision, interaction }) =>
 *   decision.allowed ? perform(interaction, decision.filters) : refusal(decision),
 * );
 * ```
 */
export function decideBatch(token: TokenInfo, bundle: unknown): BatchDecision {
  const malformed = (description: string): BatchDecision => ({ allowed: false, status: 400, description });
  if (!isObject(bundle) || member(bundle, 'resourceType') !== 'Bundle') return malformed('this is no Bundle');
  const type = member(bundle, 'type');
  if (type !== 'batch' && type !== 'transaction') return malformed('its type must be batch or transaction');
  const sent = member(bundle, 'entry') ?? [];
  if (!Array.isArray(sent)) return malformed('its entry must be a list');
  const entries = sent.map((entry: unknown) => decideEntry(token, entry));
  const refused = entries.map(({ decision }) => decision).find((decision) => !decision.allowed);
  return type === 'transaction' && refused ? refused : { allowed: true, type, entries };
}

function decideEntry(token: TokenInfo, entry: unknown): EntryDecision {
  const request = isObject(entry) ? member(entry, 'request') : undefined;
  const of = (name: string): unknown => (isObject(request) ? member(request, name) : undefined);
  const [method, url] = [of('method'), of('url')];
  const { path, query } = split(typeof url === 'string' ? url : '');
  const interaction = interactionOf({
    method: typeof method === 'string' ? method : '',
    pathBelowBase: path,
    query,
  });
  const decision = decide(token, interaction);
  // A create on a condition also tells whether something matches, which is a search.
  const condition = interaction.kind === 'create' && of('ifNoneExist') !== undefined;
  if (!condition || !decision.allowed) return { interaction, query, decision };
  const { resourceType } = interaction;
  const search = decide(token, { kind: 'search-type', resourceType });
  return { interaction, query, decision: search.allowed ? decision : search };
}

function split(url: string): { path: string; query: URLSearchParams } {
  const mark = url.indexOf('?');
  const path = mark < 0 ? url : url.slice(0, mark);
  return { path: `/${path}`, query: new URLSearchParams(mark < 0 ? '' : url.slice(mark + 1)) };
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
