import type { Permission } from '../smart/index.ts';
import type { AllowedRequest, Check } from './allowed.ts';
import { mayEverything, open, quoted, refuse, scopeFor, type Asker } from './asker.ts';
import { visibleTo, type FhirResource } from './compartment.ts';
import { refuseSearches, refuseSubscription } from './conditional-references.ts';
import { member } from './constraint.ts';
import { decideSearch, hasCriterion, refuseType } from './decide-search.ts';
import { combine, isEverything, isWithin, onlyPatient, type Filter } from './filters.ts';
import { isInclude } from './includes.ts';
import type { FhirInteraction, FhirRequest } from './interaction.ts';
import { RIGHTS_OF_OTHERS, SHARED_TYPES } from './patient-record.ts';
import type { Refused } from './refused.ts';

type Write = Extract<FhirInteraction, { kind: 'create' | 'update' | 'patch' | 'delete' }>;

const LETTERS: Readonly<Record<Write['kind'], Permission>> = {
  create: 'c',
  update: 'u',
  patch: 'u',
  delete: 'd',
};
const CHECKS: Readonly<Record<Write['kind'], readonly Check[]>> = {
  create: ['after'],
  update: ['before', 'after'],
  patch: ['before', 'after'],
  delete: ['before'],
};
/** All that may stand in the address of a write that is no condition: who knows what `hardDelete` does here. */
const CONTROLS: ReadonlySet<string> = new Set(['_format', '_pretty']);
/** Of a condition these would be taken for what is searched; servers take them for how to delete. */
const HARD_DELETE = /^_?(hard-?delete|cascade|expunge|purge)/i;

/**
 * Decides a write: what stands there before and what stands there after must both be within the scope (SEM-19). Content
 * that was sent along is judged here. A write on a condition is a search too, and tells whether something matches: its
 * condition is narrowed, and refused where a query cannot say that narrowly enough. `u` lets a server create what is
 * not there yet, as SMART says it may.
 */
export function decideWrite(
  asker: Asker,
  interaction: Write,
  request: FhirRequest,
): AllowedRequest | Refused {
  const { kind, resourceType } = interaction;
  const filters = open(asker, LETTERS[kind], resourceType);
  if (filters.length === 0) return refuseWrite(asker, interaction);
  const condition = conditionOf(interaction, request);
  const refused = condition === request.query ? undefined : refuseUnknown(asker, request.query);
  if (refused) return refused;
  const search = condition && decideCondition(asker, interaction, condition);
  if (search && !search.allowed) return search;
  const both = search ? combine(filters, search.filters) : filters;
  const judged = request.body !== undefined && kind !== 'patch';
  return (
    refuseSearches(asker, request.body) ??
    judgeSubscription(asker, interaction, request) ??
    judgeContent(asker, interaction, both, request) ??
    allowWrite(asker, interaction, both, { add: search?.add ?? [], judged })
  );
}

/** A Subscription is good for what it sends out, so its content has to be seen: here, or by whoever carries it out. */
function isSubscription(asker: Asker, { kind, resourceType }: Write): boolean {
  return resourceType === 'Subscription' && kind !== 'delete' && !mayEverything(asker);
}

function judgeSubscription(asker: Asker, write: Write, { body }: FhirRequest): Refused | undefined {
  const isHere = body !== undefined && write.kind !== 'patch';
  return isHere && isSubscription(asker, write) ? refuseSubscription(asker, body) : undefined;
}

function refuseUnknown({ options }: Asker, query: URLSearchParams): Refused | undefined {
  const unknown = [...query.keys()].find((name) => !CONTROLS.has(name) && !options.parameters?.has(name));
  return unknown === undefined
    ? undefined
    : refuse(`${quoted(unknown)} is not a parameter of a write that we know here`);
}

/** The condition of a conditional write: its query, or `If-None-Exist`, which may begin with a question mark. */
function conditionOf(interaction: Write, { query, ifNoneExist }: FhirRequest): URLSearchParams | undefined {
  if (interaction.kind === 'create')
    return ifNoneExist === undefined ? undefined : new URLSearchParams(ifNoneExist);
  return interaction.id === undefined ? query : undefined;
}

function decideCondition(
  asker: Asker,
  interaction: Write,
  condition: URLSearchParams,
): AllowedRequest | Refused {
  const { kind, resourceType } = interaction;
  if ([...condition.keys()].some(isInclude))
    return refuse(
      `the condition of this ${kind} may not include other resources: some servers would ${kind} them`,
    );
  const hard = [...condition.keys()].find(
    (name) => HARD_DELETE.test(name) && !asker.options.parameters?.has(name),
  );
  if (hard !== undefined) return refuse(`${quoted(hard)} is not a parameter of a write that we know here`);
  const search = decideSearch(asker, interaction, resourceType, condition);
  if (!search.allowed) {
    const needed = scopeFor(asker, [LETTERS[kind], 's'], resourceType);
    return open(asker, 's', resourceType).length > 0
      ? search
      : refuse(`no granted scope permits the search a conditional ${kind} on ${resourceType} is`, needed);
  }
  if ((condition.size > 0 || kind === 'create') && !hasCriterion(condition))
    return refuse(`the condition of this ${kind} asks for nothing in particular`);
  if (search.exact) return search;
  return refuse(
    `the condition of this ${kind} would look at resources this token may not see`,
    scopeFor(asker, ['s'], resourceType),
  );
}

function refuseWrite(asker: Asker, { kind, resourceType }: Write): Refused {
  const letter = LETTERS[kind];
  const confined = asker.token.scopes.some(
    (scope) =>
      scope.level === 'patient' &&
      scope.permissions.has(letter) &&
      (scope.resourceType === '*' || scope.resourceType === resourceType),
  );
  if (confined && SHARED_TYPES.has(resourceType))
    return refuse(
      `a patient/ scope does not let ${resourceType} be written: everybody shares it`,
      `user/${resourceType}.${letter}`,
    );
  if (confined && resourceType === RIGHTS_OF_OTHERS)
    return refuse(
      `a patient/ scope does not let ${resourceType} be written: it says who may act for the patient`,
      `user/${resourceType}.${letter}`,
    );
  const read = refuseType(asker, resourceType, 's', kind);
  const reason = confined && read.neededScope?.startsWith('user/') ? read.description : undefined;
  return refuse(
    reason ?? `no granted scope permits ${kind} on ${resourceType}`,
    scopeFor(asker, [letter], resourceType),
  );
}

/** Is what was sent the resource the path names, and within the scope? */
function judgeContent(
  asker: Asker,
  interaction: Write,
  filters: readonly Filter[],
  { body }: FhirRequest,
): Refused | undefined {
  const { kind, resourceType } = interaction;
  if (body === undefined || kind === 'patch' || kind === 'delete') return undefined;
  if (!isResource(body) || body.resourceType !== resourceType)
    return refuse(`the content of this ${kind} is no ${resourceType}`);
  if (kind === 'update' && interaction.id !== undefined && member(body, 'id') !== interaction.id)
    return refuse('the content of this update has another id than its address');
  return visibleTo(filters, body, asker.fhirVersion)
    ? undefined
    : refuse(`the content of this ${kind} lies outside of what the granted scopes permit`);
}

export function isResource(value: unknown): value is FhirResource {
  return typeof value === 'object' && value !== null && typeof member(value, 'resourceType') === 'string';
}

function allowWrite(
  asker: Asker,
  interaction: Write,
  filters: readonly Filter[],
  { add, judged }: Pick<AllowedRequest, 'add'> & { readonly judged: boolean },
): AllowedRequest {
  const isSent = isSubscription(asker, interaction);
  const free = filters.some(isEverything) && (!isSent || judged);
  const patient = onlyPatient(filters);
  const { resourceType } = interaction;
  const check = CHECKS[interaction.kind].filter((one) => !(judged && one === 'after'));
  return {
    allowed: true,
    interaction,
    filters,
    ...(patient === undefined ? {} : { patient }),
    add,
    exact: free,
    check: free ? [] : check,
    visible: (resource) =>
      resource.resourceType === resourceType &&
      visibleTo(filters, resource, asker.fhirVersion) &&
      !(isSent && refuseSubscription(asker, resource)),
    representation: isWithin(filters, open(asker, 'r', resourceType)),
    withheld: [],
  };
}
