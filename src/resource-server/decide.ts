import { assertNever } from '../oauth/index.ts';
import type { Allowed, AllowedRequest } from './allowed.ts';
import { askerOf, refuse, type Asker } from './asker.ts';
import { decideOperation } from './decide-operation.ts';
import { decideRead } from './decide-read.ts';
import { decideSearch } from './decide-search.ts';
import { decideWrite } from './decide-write.ts';
import { interactionOf, type FhirInteraction, type FhirRequest } from './interaction.ts';
import type { DecideOptions } from './options.ts';
import type { Refused } from './refused.ts';
import type { TokenInfo } from './token.ts';

export type Decision = Allowed | Refused;
export type RequestDecision = AllowedRequest | Refused;

const NO_QUERY = new URLSearchParams();

/**
 * May this token do this, and to which resources? Scopes add up (SEM-10); letters are those of SMART v2 (`r` read and
 * instance history, `s` search and type history, SEM-12; writing never implies reading, SEM-13). `patient/` is confined
 * to the patient in context and gives nothing without one (SEM-05, SEM-22); `user/` and `system/` reach everybody
 * (SEM-07, SEM-08), except that `user/` of a signed-in Patient reaches only that patient. Granular constraints come back
 * as filters (SEM-14 … SEM-18).
 *
 * Of a request everything counts: its parameters, the form of a search, the content of a write, its condition. What would
 * tell of resources the token may not see is narrowed or refused, and what cannot be decided safely is refused; both say
 * why. A batch is refused here: `decideBatch` decides its entries (SEM-11).
 *
 * ```ts
 * const decision = decide(token, { method: 'GET', pathBelowBase: '/Observation', query });
 * if (!decision.allowed) return answer(denial(decision));
 * for (const [name, value] of decision.add) query.append(name, value);
 * const bundle = visibleBundle(decision, await search(query));
 * ```
 *
 * Of an interaction alone only what its name says is decided: use that where nothing else was sent.
 */
export function decide(token: TokenInfo, request: FhirRequest, options?: DecideOptions): RequestDecision;
export function decide(token: TokenInfo, interaction: FhirInteraction, options?: DecideOptions): Decision;
export function decide(
  token: TokenInfo,
  asked: FhirRequest | FhirInteraction,
  options: DecideOptions = {},
): RequestDecision | Decision {
  const asker = askerOf(token, options);
  if ('method' in asked) return decideAll(asker, interactionOf(asked, asker.fhirVersion), asked);
  const decision = decideAll(asker, asked, { method: 'GET', pathBelowBase: '', query: NO_QUERY });
  if (!decision.allowed) return decision;
  const { filters, patient } = decision;
  return { allowed: true, filters, ...(patient === undefined ? {} : { patient }) };
}

function decideAll(asker: Asker, interaction: FhirInteraction, request: FhirRequest): RequestDecision {
  switch (interaction.kind) {
    case 'capabilities':
      return metadata(interaction);
    case 'batch':
      return refuse('a batch has no scope of its own: each of its entries is decided');
    case 'unknown':
      return refuse('this request is not a FHIR interaction a scope can allow');
    case 'read':
    case 'vread':
    case 'history-instance':
      return decideRead(asker, interaction, 'r', interaction.resourceType, request.query);
    case 'history-type':
      return decideRead(asker, interaction, 's', interaction.resourceType, request.query);
    case 'history-system':
      return decideRead(asker, interaction, 's', '*', request.query);
    case 'search-type':
    case 'search-compartment':
      return decideForm(asker, interaction, interaction.resourceType, request);
    case 'search-system':
      return decideForm(asker, interaction, '*', request);
    case 'create':
    case 'update':
    case 'patch':
    case 'delete':
      return decideWrite(asker, interaction, request);
    case 'operation':
      return decideOperation(asker, interaction, request);
    default:
      return assertNever(interaction);
  }
}

/** A search with what stands in its address and in its form. A form nobody read could ask for anything. */
function decideForm(
  asker: Asker,
  interaction: FhirInteraction,
  resourceType: string,
  { method, query, form }: FhirRequest,
): RequestDecision {
  if (method === 'POST' && !form) return refuse('the form of this search was not read');
  const all = form ? new URLSearchParams([...query, ...form]) : query;
  return decideSearch(asker, interaction, resourceType, all);
}

function metadata(interaction: FhirInteraction): AllowedRequest {
  return {
    allowed: true,
    interaction,
    filters: [],
    add: [],
    exact: true,
    check: [],
    visible: () => true,
    representation: true,
    withheld: [],
  };
}
