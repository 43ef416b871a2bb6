import { resourceTypesOf, type Permission } from '../smart/index.ts';
import type { AllowedRequest } from './allowed.ts';
import { open, quoted, refuse, scopeFor, type Asker } from './asker.ts';
import { allow, openBoth, refuseControls } from './decide-read.ts';
import { decideSearch } from './decide-search.ts';
import { combine, isEverything, onlyPatient, type Filter } from './filters.ts';
import type { FhirRequest } from './interaction.ts';
import { ruleOf, type Operation, type OperationRule } from './operations.ts';
import { isAboutLabels } from './labels.ts';
import type { Refused } from './refused.ts';

/** Parameters with `_` that `$everything` and `$export` have. */
const RECORD: ReadonlySet<string> = new Set(['_count', '_format', '_pretty', '_since', '_type']);
const BULK: ReadonlySet<string> = new Set([
  ...['_elements', '_format', '_outputFormat', '_since', '_type', '_typeFilter', '_until'],
]);
const MAX_TYPE_FILTERS = 200;
const WHOLE: ReadonlySet<string> = new Set(['_format', '_pretty']);

/**
 * Decides an operation by the rule for it. Parameters in a body are not looked into: an operation that was sent with
 * POST is decided as if it asked for all it can (SEM-24).
 */
export function decideOperation(
  asker: Asker,
  operation: Operation,
  request: FhirRequest,
): AllowedRequest | Refused {
  const own = asker.options.operations;
  if (own && Object.hasOwn(own, operation.name)) {
    const letters = own[operation.name] ?? [];
    return decideWhole(asker, operation, { as: 'whole', letters }, '*', request.query);
  }
  const rule = ruleOf(operation);
  if (!rule)
    return refuse(`${quoted(operation.name)} is not an operation whose answer we can hold to scopes here`);
  switch (rule.as) {
    case 'record':
      return decideRecord(asker, operation, request);
    case 'bulk':
      return decideBulk(asker, operation, request);
    case 'search':
      return decideAsSearch(asker, operation, rule, request);
    case 'whole': {
      const type = operation.name === '$document' ? '*' : (operation.resourceType ?? '*');
      return decideWhole(asker, operation, rule, type, request.query);
    }
  }
}

/** `Patient/123/$everything`: only of the patient a token is confined to, and only what it may see of each type. */
function decideRecord(asker: Asker, operation: Operation, request: FhirRequest): AllowedRequest | Refused {
  const types = namedTypes(asker, request);
  if (!Array.isArray(types)) return types;
  const opened = types.map((type): readonly Filter[] =>
    openBoth(asker, ['r', 's'], type).filter(isUnconstrained),
  );
  const closed = opened.findIndex((filters) => filters.length === 0);
  if (closed >= 0) return refuseOperation(asker, operation, types[closed] ?? '*', ['r', 's']);
  const filters = opened.reduce(combine);
  if (filters.length === 0) return refuseOperation(asker, operation, '*', ['r', 's']);
  const patient = onlyPatient(filters);
  if (patient !== undefined && operation.resourceType === 'Patient' && operation.id !== patient)
    return refuse(`${operation.name} of another patient than the one in context`);
  const refused = refuseControls(asker, request.query, RECORD);
  if (refused) return refused;
  const of = (type: string): readonly Filter[] =>
    types.includes('*') || types.includes(type) ? openBoth(asker, ['r', 's'], type) : [];
  return allow(asker, operation, filters, of);
}

/** `$export`: nobody can look into its files, so only whole types at `system/` (SEM-26). */
function decideBulk(asker: Asker, operation: Operation, request: FhirRequest): AllowedRequest | Refused {
  const types = namedTypes(asker, request);
  if (!Array.isArray(types)) return types;
  const system: Asker = { ...asker, token: systemPartOf(asker) };
  const all = operation.resourceType === 'Group' ? [...types, 'Group'] : types;
  const closed = all.find((type) => !openBoth(system, ['r', 's'], type).some(isEverything));
  if (closed !== undefined)
    return refuse(
      `${operation.name} needs system/ scopes over all it exports, without constraint`,
      `system/${closed}.rs`,
    );
  const refused =
    refuseControls(asker, request.query, BULK) ?? refuseTypeFilters(system, operation, request.query);
  return refused ?? allow(asker, operation, [{ constraints: [] }], () => [{ constraints: [] }]);
}

const SYSTEM_PARTS = new WeakMap<Asker['token'], Asker['token']>();

/** The token as if it had its `system/` scopes alone. */
function systemPartOf({ token }: Asker): Asker['token'] {
  const part = SYSTEM_PARTS.get(token) ?? {
    ...token,
    scopes: token.scopes.filter(({ level }) => level === 'system'),
  };
  SYSTEM_PARTS.set(token, part);
  return part;
}

/** Each `_typeFilter` is a search of its own: `Observation?code=x`. Several stand between commas. */
function refuseTypeFilters(asker: Asker, operation: Operation, query: URLSearchParams): Refused | undefined {
  const filters = query.getAll('_typeFilter').flatMap((value) => value.split(','));
  if (filters.length > MAX_TYPE_FILTERS) return refuse(`_typeFilter may hold ${MAX_TYPE_FILTERS} searches`);
  for (const text of filters) {
    const mark = text.indexOf('?');
    const type = mark < 0 ? text : text.slice(0, mark);
    if (!resourceTypesOf(asker.fhirVersion).has(type)) return refuse('_typeFilter must be type?query');
    const found = decideSearch(
      asker,
      operation,
      type,
      new URLSearchParams(mark < 0 ? '' : text.slice(mark + 1)),
    );
    if (!found.allowed) return found;
  }
  return undefined;
}

/** `Observation/$lastn` and `DocumentReference/$docref`: a search with parameters of its own. */
function decideAsSearch(
  asker: Asker,
  operation: Operation,
  rule: Extract<OperationRule, { as: 'search' }>,
  request: FhirRequest,
): AllowedRequest | Refused {
  const { name, resourceType = '*' } = operation;
  if (request.method === 'POST') return refuse(`${name} can be decided when it is sent with GET`);
  const patients = request.query.getAll(rule.patient ?? '');
  const searched = [...request.query].filter(([param]) => !rule.parameters.has(param));
  const found = decideSearch(asker, operation, resourceType, new URLSearchParams(searched));
  if (!found.allowed || rule.patient === undefined || found.patient === undefined) return found;
  // A parameter of an operation is no filter: sent twice it would not mean "and".
  const [asked = ''] = patients;
  const same = patients.length === 1 && (asked === found.patient || asked === `Patient/${found.patient}`);
  return same ? { ...found, add: [] } : refuse(`${name} must name the patient in context, once`);
}

function decideWhole(
  asker: Asker,
  operation: Operation,
  rule: Extract<OperationRule, { as: 'whole' }>,
  resourceType: string,
  query: URLSearchParams,
): AllowedRequest | Refused {
  const opened = rule.letters.map((letter) => open(asker, letter, resourceType));
  const filters = rule.any === true ? opened.flat() : opened.reduce(combine, [{ constraints: [] }]);
  // Who rehearses a write learns about what was sent, and nothing about what is there.
  const enough = rule.any === true ? filters.length > 0 : filters.some(isEverything);
  if (!enough)
    return refuseOperation(asker, operation, resourceType, rule.letters, rule.any === true ? 'part' : 'all');
  const refused = refuseControls(asker, query, WHOLE);
  return refused ?? allow(asker, operation, [{ constraints: [] }], () => [{ constraints: [] }]);
}

/** By its scope; labels are looked at in each resource that is answered. */
function isUnconstrained({ constraints }: Filter): boolean {
  return constraints.every(isAboutLabels);
}

function refuseOperation(
  asker: Asker,
  { name }: Operation,
  type: string,
  letters: readonly Permission[],
  needs: 'part' | 'all' = 'part',
): Refused {
  const what = type === '*' ? 'over every resource type' : `on ${type}`;
  const needed = scopeFor(asker, letters, type, needs);
  return refuse(`no granted scope permits operation ${name} ${what}, whole`, needed);
}

/** What `_type` asks for, or every type. */
function namedTypes(asker: Asker, { method, query }: FhirRequest): string[] | Refused {
  const named = query
    .getAll('_type')
    .flatMap((value) => value.split(','))
    .filter(Boolean);
  if (method === 'POST' || named.length === 0) return ['*'];
  const unknown = named.find((type) => !resourceTypesOf(asker.fhirVersion).has(type));
  return unknown === undefined
    ? [...new Set(named)]
    : refuse(`_type names ${quoted(unknown)}, which is no FHIR resource type`);
}
