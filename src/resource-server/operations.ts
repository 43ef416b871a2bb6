import type { Permission } from '../smart/index.ts';
import type { FhirInteraction } from './interaction.ts';

export type Operation = Extract<FhirInteraction, { kind: 'operation' }>;

/**
 * How an operation is decided. SMART has no letter for operations: each takes the scopes of all it answers (SEM-24).
 *
 * - `record`: answers what there is about one resource, of many types: `rs` over every type, or over each that `_type`
 *   names; what comes back is looked at
 * - `search`: is a search of its type, with parameters of its own
 * - `bulk`: files that nobody can look at: `system/` scopes over whole types
 * - `whole`: an answer that is no list of resources: these letters over the whole type, of everybody
 */
export type OperationRule =
  | { readonly as: 'record' | 'bulk' }
  | { readonly as: 'search'; readonly parameters: ReadonlySet<string>; readonly patient?: string }
  | { readonly as: 'whole'; readonly letters: readonly Permission[]; readonly any?: boolean };

const LASTN: OperationRule = { as: 'search', parameters: new Set(['max']) };
const DOCREF: OperationRule = {
  as: 'search',
  parameters: new Set(['patient', 'start', 'end', 'type', 'on-demand', 'profile']),
  patient: 'patient',
};
const READ: OperationRule = { as: 'whole', letters: ['r'] };

/** On which type (`*` for any, nothing for the system), on an instance or not, and how it is decided. */
const RULES: ReadonlyMap<string, OperationRule> = new Map<string, OperationRule>([
  ['Patient/id/$everything', { as: 'record' }],
  ['Encounter/id/$everything', { as: 'record' }],
  ['EpisodeOfCare/id/$everything', { as: 'record' }],
  ['/$export', { as: 'bulk' }],
  ['Patient/$export', { as: 'bulk' }],
  ['Group/id/$export', { as: 'bulk' }],
  ['Observation/$lastn', LASTN],
  ['DocumentReference/$docref', DOCREF],
  // A rehearsal of a write: it tells about what was sent.
  ['*/$validate', { as: 'whole', letters: ['c', 'u'], any: true }],
  ['*/id/$validate', READ],
  ['*/id/$meta', READ],
  ['Patient/$match', { as: 'whole', letters: ['s'] }],
  ['Composition/id/$document', { as: 'whole', letters: ['r', 's'] }],
  ...['ValueSet/$expand', 'ValueSet/$validate-code', 'CodeSystem/$lookup', 'CodeSystem/$validate-code'].map(
    (name): [string, OperationRule] => [name, READ],
  ),
  ...[
    'CodeSystem/$subsumes',
    'ConceptMap/$translate',
    'ValueSet/id/$expand',
    'ValueSet/id/$validate-code',
  ].map((name): [string, OperationRule] => [name, READ]),
]);

/** Which rule an operation falls under; `undefined` for what we do not know, which is refused. */
export function ruleOf({ name, resourceType, id }: Operation): OperationRule | undefined {
  const below = `${id === undefined ? '' : 'id/'}${name}`;
  if (resourceType === undefined) return RULES.get(`/${name}`);
  return RULES.get(`${resourceType}/${below}`) ?? RULES.get(`*/${below}`);
}
