import { isFhirId, resourceTypesOf, type FhirVersion } from '../smart/index.ts';

/**
 * One FHIR RESTful interaction ("RESTful API"). `update`, `patch` and `delete` without an id are the conditional ones;
 * `search-compartment` is `Patient/1/Observation`, or `Patient/1/*` with `resourceType: '*'`. `unknown` is whatever we
 * cannot name; it is never allowed.
 */
export type FhirInteraction =
  | { readonly kind: 'capabilities' | 'batch' | 'search-system' | 'history-system' }
  | { readonly kind: 'search-type' | 'history-type'; readonly resourceType: string }
  | { readonly kind: 'create'; readonly resourceType: string; readonly id?: never }
  | { readonly kind: 'read' | 'history-instance'; readonly resourceType: string; readonly id: string }
  | {
      readonly kind: 'search-compartment';
      /** What is searched: a type, or `*` for all of them. */
      readonly resourceType: string;
      /** Whose compartment: `Patient`, `Encounter`, `Practitioner`, `RelatedPerson` or `Device`. */
      readonly compartment: string;
      readonly id: string;
    }
  | { readonly kind: 'vread'; readonly resourceType: string; readonly id: string; readonly versionId: string }
  | { readonly kind: 'update' | 'patch' | 'delete'; readonly resourceType: string; readonly id?: string }
  | {
      readonly kind: 'operation';
      readonly name: string;
      readonly resourceType?: string;
      readonly id?: string;
    }
  | { readonly kind: 'unknown' };

export interface FhirRequest {
  readonly method: string;
  /** What follows the FHIR base URL, still percent-encoded: `/Patient/1`. */
  readonly pathBelowBase: string;
  readonly query: URLSearchParams;
  readonly contentType?: string | undefined;
  /** The body of a search that was sent as a form. */
  readonly form?: URLSearchParams | undefined;
  /** The body of a write as parsed JSON: then what is written is judged too. */
  readonly body?: unknown;
  /** The header `If-None-Exist` of a create. */
  readonly ifNoneExist?: string | undefined;
}

/** Compartments of FHIR R4 and R5. */
const COMPARTMENTS: ReadonlySet<string> = new Set([
  'Device',
  'Encounter',
  'Patient',
  'Practitioner',
  'RelatedPerson',
]);

const UNKNOWN: FhirInteraction = { kind: 'unknown' };
/** Ids by FHIR’s grammar that lead elsewhere in a path. */
const DOTS = /^\.+$/;
const OPERATION = /^\$[A-Za-z][A-Za-z0-9-]*$/;
const FORM = 'application/x-www-form-urlencoded';

/**
 * Names the interaction of a request. Strict: a type that this version of FHIR has not, an id that is not a FHIR id
 * (or would lead elsewhere, as `..` does), or a path of a shape we do not know is `unknown`, so that nothing is decided
 * about one thing and then done to another.
 *
 * @param fhirVersion of the server, default R4
 * @see SEM-12, SEM-13, SEM-24
 */
export function interactionOf(request: FhirRequest, fhirVersion: FhirVersion = '4.0.1'): FhirInteraction {
  const method = request.method === 'HEAD' ? 'GET' : request.method;
  const segments = request.pathBelowBase.replace(/^\//, '').replace(/\/$/, '').split('/');
  const [first = '', ...below] = segments;
  if (first === '') return below.length === 0 ? systemLevel(method, request) : UNKNOWN;
  const types = resourceTypesOf(fhirVersion);
  if (types.has(first)) return typeLevel(method, first, below, request, types);
  if (below.length > 0) return UNKNOWN;
  if (first === 'metadata') return method === 'GET' ? { kind: 'capabilities' } : UNKNOWN;
  if (first === '_history') return method === 'GET' ? { kind: 'history-system' } : UNKNOWN;
  if (first === '_search') return isFormPost(method, request) ? { kind: 'search-system' } : UNKNOWN;
  return operation(method, first, {});
}

function systemLevel(method: string, request: FhirRequest): FhirInteraction {
  if (method === 'POST') return { kind: 'batch' };
  return method === 'GET' && request.query.size > 0 ? { kind: 'search-system' } : UNKNOWN;
}

function typeLevel(
  method: string,
  resourceType: string,
  below: string[],
  request: FhirRequest,
  types: ReadonlySet<string>,
): FhirInteraction {
  const [id, ...rest] = below;
  if (id === undefined) return wholeType(method, resourceType, request);
  if (id === '_history') {
    return method === 'GET' && rest.length === 0 ? { kind: 'history-type', resourceType } : UNKNOWN;
  }
  if (id === '_search') {
    return isFormPost(method, request) && rest.length === 0 ? { kind: 'search-type', resourceType } : UNKNOWN;
  }
  if (id.startsWith('$')) return rest.length === 0 ? operation(method, id, { resourceType }) : UNKNOWN;
  if (!isFhirId(id) || DOTS.test(id)) return UNKNOWN;
  const [next = ''] = rest;
  if (next === '*' || types.has(next))
    return compartment(method, { compartment: resourceType, id }, rest, request);
  return instanceLevel(method, resourceType, id, rest);
}

function compartment(
  method: string,
  of: { compartment: string; id: string },
  [resourceType = '', search, ...more]: string[],
  request: FhirRequest,
): FhirInteraction {
  if (!COMPARTMENTS.has(of.compartment) || more.length > 0) return UNKNOWN;
  const asForm = search === '_search' && isFormPost(method, request);
  const asGet = search === undefined && method === 'GET';
  return asForm || asGet ? { kind: 'search-compartment', resourceType, ...of } : UNKNOWN;
}

function wholeType(method: string, resourceType: string, request: FhirRequest): FhirInteraction {
  if (method === 'GET') return { kind: 'search-type', resourceType };
  if (method === 'POST') return { kind: 'create', resourceType };
  const kind = CHANGES.get(method);
  return kind && request.query.size > 0 ? { kind, resourceType } : UNKNOWN;
}

const CHANGES = new Map<string, 'update' | 'patch' | 'delete'>([
  ['PUT', 'update'],
  ['PATCH', 'patch'],
  ['DELETE', 'delete'],
]);

function instanceLevel(method: string, resourceType: string, id: string, rest: string[]): FhirInteraction {
  const [next, versionId, ...more] = rest;
  if (next === undefined) {
    const kind = method === 'GET' ? 'read' : CHANGES.get(method);
    return kind ? { kind, resourceType, id } : UNKNOWN;
  }
  if (next.startsWith('$'))
    return versionId === undefined ? operation(method, next, { resourceType, id }) : UNKNOWN;
  if (method !== 'GET' || next !== '_history' || more.length > 0) return UNKNOWN;
  if (versionId === undefined) return { kind: 'history-instance', resourceType, id };
  return isFhirId(versionId) && !DOTS.test(versionId)
    ? { kind: 'vread', resourceType, id, versionId }
    : UNKNOWN;
}

function operation(
  method: string,
  name: string,
  on: { resourceType?: string; id?: string },
): FhirInteraction {
  if (!OPERATION.test(name) || (method !== 'GET' && method !== 'POST')) return UNKNOWN;
  return { kind: 'operation', name, ...on };
}

function isFormPost(method: string, { contentType }: FhirRequest): boolean {
  return method === 'POST' && contentType?.split(';')[0]?.trim().toLowerCase() === FORM;
}
