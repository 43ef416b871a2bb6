import { quoted, refuse, scopeFor, type Asker } from './asker.ts';
import { decideSearch } from './decide-search.ts';
import { interactionOf } from './interaction.ts';
import { referencesIn } from './references.ts';
import type { Refused } from './refused.ts';

/**
 * Why something in what is written would search where the token may not. A reference with a condition (`Patient?identifier=1`)
 * is a search whose answer the server writes into the record, in a transaction or wherever it takes such; the criteria of a
 * Subscription are one whose answers it sends out. Both take search on that type, of everybody.
 */
export function refuseSearches(asker: Asker, body: unknown): Refused | undefined {
  for (const reference of referencesIn(body)) {
    if (!reference.includes('?') || mayAsk(asker, reference)) continue;
    const type = typeOf(reference);
    return refuse(
      `a reference with a condition searches every ${type}, which no granted scope permits`,
      scopeFor(asker, ['s'], type, 'all'),
    );
  }
  return undefined;
}

/** Nothing a token may write sends out what it may not search. */
export function refuseSubscription(asker: Asker, body: unknown): Refused | undefined {
  const criteria =
    typeof body === 'object' && body !== null ? (Reflect.get(body, 'criteria') as unknown) : undefined;
  if (typeof criteria !== 'string')
    return refuse('what a Subscription sends out cannot be told from its topic, so no scope permits it');
  if (mayAsk(asker, criteria.includes('?') ? criteria : `${criteria}?`)) return undefined;
  const type = typeOf(criteria);
  return refuse(
    `this Subscription sends out every ${type}, which no granted scope permits`,
    scopeFor(asker, ['s'], type, 'all'),
  );
}

/** May it do this search, relative to the FHIR base URL, and see all that comes of it? */
function mayAsk(asker: Asker, search: string): boolean {
  const mark = search.indexOf('?');
  const query = new URLSearchParams(search.slice(mark + 1));
  const request = { method: 'GET', pathBelowBase: `/${search.slice(0, mark)}`, query };
  const interaction = interactionOf(request, asker.fhirVersion);
  if (interaction.kind !== 'search-type') return false;
  const found = decideSearch(asker, interaction, interaction.resourceType, query);
  return found.allowed && found.check.length === 0;
}

function typeOf(search: string): string {
  return quoted(search.split('?')[0] ?? '');
}
