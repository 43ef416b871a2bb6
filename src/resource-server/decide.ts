import { assertNever } from '../oauth/index.ts';
import type { Constraint, Level, Permission, ResourceScope } from '../smart/index.ts';
import type { FhirInteraction } from './interaction.ts';
import type { Refused } from './refused.ts';
import type { TokenInfo } from './token.ts';

/**
 * One alternative of what may be seen: resources of this patient (absent: of anybody) that meet every constraint.
 * A resource is visible when any alternative matches it.
 */
export interface Filter {
  readonly patient?: string;
  readonly constraints: readonly Constraint[];
}

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

export type Decision = Allowed | Refused;

/** What an interaction needs: every letter, over this type (`*`: over every type). */
interface Need {
  readonly letters: readonly Permission[];
  readonly resourceType: string;
}

/**
 * May this token do this interaction, and to which resources? Scopes add up (SEM-10); letters are those of SMART v2
 * (`r` read and instance history, `s` search and type history, SEM-12; writing never implies reading, SEM-13).
 * `patient/` is confined to the patient in context and gives nothing without one (SEM-05, SEM-22); `user/` and
 * `system/` reach everybody (SEM-07, SEM-08), except that `user/` of a signed-in Patient reaches only that patient.
 * Granular constraints come back as filters (SEM-14 … SEM-18).
 *
 * A batch is refused here: `decideBatch` decides its entries (SEM-11).
 *
 * Operations have no letter of their own: they need `rs` over every type, without constraint (SEM-24).
 */
export function decide(token: TokenInfo, interaction: FhirInteraction): Decision {
  const need = needOf(interaction);
  if (need === 'nothing') return { allowed: true, filters: [] };
  if (need === 'by entry') return refuse('a batch has no scope of its own: each of its entries is decided');
  if (need === 'impossible') return refuse('this request is not a FHIR interaction a scope can allow');
  const filters = need.letters
    .map((letter) => filtersFor(token, letter, need.resourceType))
    .reduce((one, other) => combine(one, other));
  const usable =
    interaction.kind === 'operation' ? filters.filter(({ constraints }) => !constraints.length) : filters;
  if (usable.length === 0) return refuse(describe(interaction, need), neededScope(token, need));
  const patient = onlyPatient(usable);
  return { allowed: true, filters: usable, ...(patient === undefined ? {} : { patient }) };
}

function needOf(interaction: FhirInteraction): Need | 'nothing' | 'by entry' | 'impossible' {
  switch (interaction.kind) {
    case 'capabilities':
      return 'nothing';
    case 'batch':
      return 'by entry';
    case 'unknown':
      return 'impossible';
    case 'read':
    case 'vread':
    case 'history-instance':
      return { letters: ['r'], resourceType: interaction.resourceType };
    case 'search-type':
    case 'history-type':
      return { letters: ['s'], resourceType: interaction.resourceType };
    case 'search-system':
    case 'history-system':
      return { letters: ['s'], resourceType: '*' };
    case 'create':
      return { letters: ['c'], resourceType: interaction.resourceType };
    case 'update':
    case 'patch':
      return { letters: writeLetters('u', interaction.id), resourceType: interaction.resourceType };
    case 'delete':
      return { letters: writeLetters('d', interaction.id), resourceType: interaction.resourceType };
    case 'operation':
      return { letters: ['r', 's'], resourceType: '*' };
    default:
      return assertNever(interaction);
  }
}

/** A conditional write also tells whether something matches, which is a search. */
function writeLetters(letter: Permission, id: string | undefined): Permission[] {
  return id === undefined ? [letter, 's'] : [letter];
}

function filtersFor(token: TokenInfo, letter: Permission, resourceType: string): Filter[] {
  return token.scopes
    .filter((scope) => scope.resourceType === '*' || scope.resourceType === resourceType)
    .filter((scope) => scope.permissions.has(letter))
    .flatMap((scope) => filterOf(token, scope));
}

function filterOf(token: TokenInfo, { level, constraints }: ResourceScope): Filter[] {
  const reach = reachOf(token, level);
  if (reach === 'nobody') return [];
  return [reach === 'everybody' ? { constraints } : { patient: reach.patient, constraints }];
}

function reachOf(token: TokenInfo, level: Level): 'everybody' | 'nobody' | { readonly patient: string } {
  switch (level) {
    case 'patient':
      return token.patient === undefined ? 'nobody' : { patient: token.patient };
    case 'user': {
      const [, patient] = /(?:^|\/)Patient\/([A-Za-z0-9.-]{1,64})$/.exec(token.fhirUser ?? '') ?? [];
      return patient === undefined ? 'everybody' : { patient };
    }
    case 'system':
      return 'everybody';
    default:
      return assertNever(level);
  }
}

/** Where two letters are needed, a resource must be reachable by both: every pair of alternatives that can meet. */
function combine(one: readonly Filter[], other: readonly Filter[]): Filter[] {
  return one.flatMap((a) =>
    other.flatMap((b) => {
      const patient = a.patient ?? b.patient;
      if (b.patient !== undefined && b.patient !== patient) return [];
      const constraints = [...a.constraints, ...b.constraints];
      return [patient === undefined ? { constraints } : { patient, constraints }];
    }),
  );
}

function onlyPatient(filters: readonly Filter[]): string | undefined {
  const [first, ...others] = new Set(filters.map(({ patient }) => patient));
  return others.length === 0 ? first : undefined;
}

function describe(interaction: FhirInteraction, { resourceType }: Need): string {
  const what = resourceType === '*' ? 'over every resource type' : `on ${resourceType}`;
  return `no granted scope permits ${interaction.kind} ${what}`;
}

/** Reading and searching are asked for together, as apps do. */
function neededScope(token: TokenInfo, { letters, resourceType }: Need): string {
  const suffix = letters.map((letter) => (letter === 'r' || letter === 's' ? 'rs' : letter));
  return `${levelOf(token)}/${resourceType}.${[...new Set(suffix)].join('')}`;
}

function levelOf({ scopes, patient }: TokenInfo): Level {
  const levels = new Set(scopes.map(({ level }) => level));
  if (levels.has('patient') || (levels.size === 0 && patient !== undefined)) return 'patient';
  return levels.has('system') ? 'system' : 'user';
}

function refuse(description: string, scope?: string): Refused {
  const needed = scope === undefined ? {} : { neededScope: scope };
  return { allowed: false, status: 403, error: 'insufficient_scope', description, ...needed };
}
