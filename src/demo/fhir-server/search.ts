import type { DemoResource } from '../data/fhir.ts';
import { dateOf } from './dates.ts';
import { foldText, nameOf } from './names.ts';
import { SEARCH_PARAMETERS, type Matcher } from './search-parameters.ts';

/** A search as it was understood. */
export interface Search {
  readonly resourceType: string;
  readonly matchers: readonly Matcher[];
  readonly order: Order | undefined;
  readonly count: number;
  readonly offset: number;
  /** The parameters as they came, without the page: what the links repeat. */
  readonly params: URLSearchParams;
}

export type ParsedSearch =
  { readonly ok: true; readonly search: Search } | { readonly ok: false; readonly description: string };

type Order = (one: DemoResource, other: DemoResource) => number;

const DEFAULT_COUNT = 20;
const MAX_COUNT = 100;
const CONTROLS: ReadonlySet<string> = new Set(['_count', '_sort', '_page', '_format']);
const JSON_FORMATS: ReadonlySet<string> = new Set([
  'json',
  'application/json',
  'application/fhir+json',
  'fhir+json',
]);

const when = (resource: DemoResource): number => dateOf(resource)?.low ?? 0;
const ORDERS: ReadonlyMap<string, Order> = new Map([
  ['date', (one: DemoResource, other: DemoResource) => when(one) - when(other)],
  ['-date', (one: DemoResource, other: DemoResource) => when(other) - when(one)],
  [
    'name',
    (one: DemoResource, other: DemoResource) => (foldText(nameOf(one)) < foldText(nameOf(other)) ? -1 : 1),
  ],
]);

/** Reads the parameters of a search on one type. What it does not know it refuses, rather than answer too much. */
export function parseSearch(resourceType: string, sent: URLSearchParams, fhirBaseUrl: string): ParsedSearch {
  const refuse = (description: string): ParsedSearch => ({ ok: false, description });
  const matchers: Matcher[] = [];
  for (const [name, value] of sent) {
    if (CONTROLS.has(name)) continue;
    const known = Object.hasOwn(SEARCH_PARAMETERS, name) ? SEARCH_PARAMETERS[name] : undefined;
    if (!known?.types.some((type) => type === resourceType)) {
      return refuse(`${resourceType} cannot be searched by ${JSON.stringify(name.slice(0, 60))}`);
    }
    // FHIR has empty parameters ignored. An empty patient or code is refused all the same: it would show too much.
    if (value === '' && known.kind === 'string') continue;
    const alternatives = value
      .split(/(?<!\\),/)
      .map((part) => (part ? known.read(part, fhirBaseUrl) : undefined));
    if (!alternatives.every((matcher) => matcher !== undefined))
      return refuse(`the value of ${name} is not understood`);
    matchers.push((resource) => alternatives.some((matches) => matches(resource)));
  }
  const controls = parseControls(sent);
  if (typeof controls === 'string') return refuse(controls);
  const params = new URLSearchParams([...sent].filter(([name]) => name !== '_page'));
  return { ok: true, search: { resourceType, matchers, ...controls, params } };
}

function parseControls(sent: URLSearchParams): Pick<Search, 'order' | 'count' | 'offset'> | string {
  const format = sent.get('_format');
  if (format !== null && !JSON_FORMATS.has(format)) return 'this server speaks only JSON';
  const count = sent.get('_count') ?? String(DEFAULT_COUNT);
  if (!/^\d{1,6}$/.test(count)) return '_count must be a whole number';
  const sort = sent.get('_sort');
  const order = sort === null ? undefined : ORDERS.get(sort);
  if (sort !== null && !order) return '_sort must be date, -date or name';
  const offset = readPage(sent.get('_page'));
  if (offset === undefined) return '_page is not one of our links';
  return { order, count: Math.min(Number(count), MAX_COUNT), offset };
}

const writePage = (offset: number): string => Buffer.from(`from ${offset}`).toString('base64url');

function readPage(page: string | null): number | undefined {
  if (page === null) return 0;
  const [, offset] = /^from (\d{1,9})$/.exec(Buffer.from(page, 'base64url').toString()) ?? [];
  return offset === undefined ? undefined : Number(offset);
}

/**
 * A page of a search among what may be seen: neither `total` nor a link counts anything else (SEM-16).
 */
export function runSearch(search: Search, visible: readonly DemoResource[], fhirBaseUrl: string): object {
  const found = visible
    .filter(({ resourceType }) => resourceType === search.resourceType)
    .filter((resource) => search.matchers.every((matches) => matches(resource)));
  if (search.order) found.sort(search.order);
  const page = found.slice(search.offset, search.offset + search.count);
  return {
    resourceType: 'Bundle',
    type: 'searchset',
    total: found.length,
    link: links(search, found.length, fhirBaseUrl),
    entry: page.map((resource) => ({
      fullUrl: `${fhirBaseUrl}/${resource.resourceType}/${resource.id}`,
      resource,
      search: { mode: 'match' },
    })),
  };
}

function links(
  { resourceType, params, offset, count }: Search,
  total: number,
  fhirBaseUrl: string,
): object[] {
  const to = (relation: string, from: number) => {
    const all = new URLSearchParams(params);
    if (from > 0) all.set('_page', writePage(from));
    return { relation, url: `${fhirBaseUrl}/${resourceType}${all.size > 0 ? `?${all.toString()}` : ''}` };
  };
  return [
    to('self', offset),
    ...(count > 0 && offset + count < total ? [to('next', offset + count)] : []),
    ...(count > 0 && offset > 0 ? [to('previous', Math.max(0, offset - count))] : []),
  ];
}
