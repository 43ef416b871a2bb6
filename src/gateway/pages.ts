import {
  decide,
  visibleTo,
  type AllowedRequest,
  type DecideOptions,
  type Filter,
  type Refused,
  type TokenInfo,
} from '../resource-server/index.ts';

/**
 * How FHIR servers write the links to further pages of a search. What such a parameter says is for the server behind us
 * alone: it chooses among results, and each of those is held against the token.
 */
const PAGE_PARAMETERS: ReadonlySet<string> = new Set([
  ...['_getpages', '_getpagesoffset', '_bundletype', '_page', 'page', '_cursor', '_offset', '_skip', 'ct'],
  ...['_pageToken', '_page_token', 'pageToken', '_searchId', 'searchId', 'stateid', '_continuation'],
]);
/** What else stands in a link that names a search by an id. */
const BESIDE: ReadonlySet<string> = new Set([
  '_count',
  '_format',
  '_pretty',
  '_summary',
  '_total',
  '_elements',
]);

/** A query, and what of it says which page. */
export interface PagedQuery {
  readonly decided: URLSearchParams;
  readonly page: readonly (readonly [string, string])[];
  /** Nothing but a page of a search that was decided before, on some request we do not know. */
  readonly isPageOnly: boolean;
}

/** Only what is read has pages: in anything else such a parameter is one like any other, and unknown. */
export function pagedQuery(method: string, pathBelowBase: string, query: URLSearchParams): PagedQuery {
  if (method !== 'GET' && method !== 'HEAD') return { decided: query, page: [], isPageOnly: false };
  const all = [...query];
  const page = all.filter(([name]) => PAGE_PARAMETERS.has(name));
  const rest = all.filter(([name]) => !PAGE_PARAMETERS.has(name));
  const isRoot = pathBelowBase === '' || pathBelowBase === '/';
  const isPageOnly = page.length > 0 && isRoot && rest.every(([name]) => BESIDE.has(name));
  return { decided: new URLSearchParams(rest), page, isPageOnly };
}

/**
 * May this token see a page of a search we do not know, and what of it: every resource by itself, if the token may read or
 * search its type. Somebody else's page shows nothing but what one could have found oneself.
 */
export function decidePage(token: TokenInfo, options: DecideOptions): AllowedRequest | Refused {
  const everything = decide(token, { kind: 'search-system' }, options);
  if (everything.allowed && everything.filters.some(isFree)) return page([], () => true);
  if (!token.scopes.some(({ permissions }) => permissions.has('s'))) return NO_SEARCH;
  const known = new Map<string, readonly Filter[]>();
  const filtersOn = (resourceType: string): readonly Filter[] => {
    const filters =
      known.get(resourceType) ??
      [
        decide(token, { kind: 'search-type', resourceType }, options),
        decide(token, { kind: 'read', resourceType, id: '-' }, options),
      ].flatMap((decision) => (decision.allowed ? decision.filters : []));
    known.set(resourceType, filters);
    return filters;
  };
  return page(['answer'], (resource) =>
    visibleTo(filtersOn(resource.resourceType), resource, options.fhirVersion),
  );
}

/** A search that was decided, of which an address we do not understand chooses the page: it may be one of another search. */
export function onPage(search: AllowedRequest, page_: AllowedRequest): AllowedRequest {
  if (page_.check.length === 0) return search;
  const visible: AllowedRequest['visible'] = (resource) =>
    search.visible(resource) && page_.visible(resource);
  return { ...search, check: ['answer'], exact: false, visible };
}

const NO_SEARCH: Refused = {
  allowed: false,
  status: 403,
  error: 'insufficient_scope',
  description: 'no granted scope permits a search',
};

function isFree({ patient, constraints }: Filter): boolean {
  return patient === undefined && constraints.length === 0;
}

function page(check: AllowedRequest['check'], visible: AllowedRequest['visible']): AllowedRequest {
  const interaction = { kind: 'search-system' } as const;
  const exact = check.length === 0;
  return {
    allowed: true,
    interaction,
    filters: [],
    add: [],
    exact,
    check,
    visible,
    representation: true,
    withheld: [],
  };
}
