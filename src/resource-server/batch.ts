import { askerOf } from './asker.ts';
import { refuseSearches } from './conditional-references.ts';
import { member } from './constraint.ts';
import { decide, type RequestDecision } from './decide.ts';
import { interactionOf, type FhirInteraction, type FhirRequest } from './interaction.ts';
import type { DecideOptions } from './options.ts';
import type { Refused } from './refused.ts';
import type { TokenInfo } from './token.ts';

/** What one entry asks for, and whether the token may do it. Do what stands in `interaction`, and nothing else. */
export interface EntryDecision {
  readonly interaction: FhirInteraction;
  readonly query: URLSearchParams;
  readonly decision: RequestDecision;
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
 * Decides a `batch` or `transaction` Bundle: each entry by its own interaction, as if it had been sent alone, with the
 * parameters in its `url`, its `ifNoneExist` and its `resource` (SEM-11). A transaction is all or nothing, so one entry
 * that is refused refuses it. `url` must be relative to the FHIR base URL.
 *
 * A reference with a condition (`Patient?identifier=1`) is a search whose answer the server writes into the record: it
 * takes search on that type, of everybody. A reference to another entry (`urn:uuid:…`) is nobody's record until the
 * server has given it an id, so what belongs to a patient must name the patient.
 *
 * ```ts
 * const decided = decideBatch(token, JSON.parse(body));
 * if (!decided.allowed) return answer(decided.status, decided.description);
 * return decided.entries.map(({ decision, interaction }) =>
 *   decision.allowed ? perform(interaction, decision) : denial(decision),
 * );
 * ```
 */
export function decideBatch(token: TokenInfo, bundle: unknown, options: DecideOptions = {}): BatchDecision {
  const malformed = (description: string): BatchDecision => ({ allowed: false, status: 400, description });
  if (!isObject(bundle) || member(bundle, 'resourceType') !== 'Bundle') return malformed('this is no Bundle');
  const type = member(bundle, 'type');
  if (type !== 'batch' && type !== 'transaction') return malformed('its type must be batch or transaction');
  const sent = member(bundle, 'entry') ?? [];
  if (!Array.isArray(sent)) return malformed('its entry must be a list');
  const entries = sent.map((entry: unknown) => decideEntry(token, entry, options));
  const refused = entries.map(({ decision }) => decision).find((decision) => !decision.allowed);
  return type === 'transaction' && refused ? refused : { allowed: true, type, entries };
}

function decideEntry(token: TokenInfo, entry: unknown, options: DecideOptions): EntryDecision {
  const request = requestOf(entry);
  const interaction = interactionOf(request, options.fhirVersion);
  const decision = decide(token, request, options);
  const refused = decision.allowed ? refuseSearches(askerOf(token, options), request.body) : undefined;
  return { interaction, query: request.query, decision: refused ?? decision };
}

/** An entry as the request it would be alone. */
function requestOf(entry: unknown): FhirRequest {
  const request = isObject(entry) ? member(entry, 'request') : undefined;
  const text = (name: string): string | undefined => {
    const value = isObject(request) ? member(request, name) : undefined;
    return typeof value === 'string' ? value : undefined;
  };
  const { path, query } = split(text('url') ?? '');
  const condition = isObject(request) && member(request, 'ifNoneExist') !== undefined;
  return {
    method: text('method') ?? '',
    pathBelowBase: path,
    query,
    body: isObject(entry) ? member(entry, 'resource') : undefined,
    ...(condition ? { ifNoneExist: text('ifNoneExist') ?? '' } : {}),
  };
}

function split(url: string): { path: string; query: URLSearchParams } {
  const mark = url.indexOf('?');
  const path = mark < 0 ? url : url.slice(0, mark);
  return { path: `/${path}`, query: new URLSearchParams(mark < 0 ? '' : url.slice(mark + 1)) };
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
