import type { AllowedRequest } from './allowed.ts';
import type { FhirResource } from './compartment.ts';
import { isResource } from './decide-write.ts';
import { member } from './constraint.ts';
import { SHARED_TYPES } from './patient-record.ts';
import { referencesIn } from './references.ts';

interface Entry {
  readonly sent: object;
  readonly resource: FhirResource;
  readonly names: readonly string[];
  readonly refersTo: readonly string[];
  readonly isMatch: boolean;
}

/**
 * What a token may see of a Bundle that answers its search, history or `$everything`. Drops entries that are not
 * visible (a Provenance is, with what it is about); entries that came along (`_include`, or what an operation adds) and have no link to one that stays, since
 * they would tell of what was dropped; entries without a resource; and the `total`, which counts them all.
 *
 * Links stay as they are: the server that wrote them must bind its pages to the token, or decide each anew. A page may
 * come out shorter than it was asked for.
 *
 * ```ts
 * const answer = visibleBundle(decision, await response.json());
 * ```
 *
 * Time and memory are linear in the size of the Bundle. A thing that is no Bundle comes back as an empty one.
 */
export function visibleBundle(decision: AllowedRequest, bundle: unknown): object {
  if (decision.check.length === 0 && typeof bundle === 'object' && bundle !== null) return bundle;
  if (!isResource(bundle) || bundle.resourceType !== 'Bundle')
    return { resourceType: 'Bundle', type: 'searchset', entry: [] };
  const sent = member(bundle, 'entry');
  const all = (Array.isArray(sent) ? sent : []).flatMap((one: unknown) => readEntry(decision, one));
  const entries = all.filter(({ resource }) => decision.visible(resource));
  const kept = linked(entries);
  const shown = new Set([...kept].flatMap(({ names }) => names));
  const { total: _counted, ...rest } = bundle as unknown as Readonly<Record<string, unknown>>;
  const stays = (one: Entry): boolean =>
    kept.has(one) || (!one.isMatch && decision.visibleBeside?.(one.resource, shown) === true);
  return { ...rest, entry: all.filter(stays).map(({ sent: entry }) => entry) };
}

function readEntry(decision: AllowedRequest, sent: unknown): Entry[] {
  if (typeof sent !== 'object' || sent === null) return [];
  const resource = member(sent, 'resource');
  if (!isResource(resource)) return [];
  const fullUrl = member(sent, 'fullUrl');
  const { resourceType, id = '' } = resource;
  const names = [`${resourceType}/${id}`, ...(typeof fullUrl === 'string' ? [fullUrl] : [])];
  return [
    {
      sent,
      resource,
      names,
      refersTo: referencesIn(resource),
      isMatch: isMatch(decision, sent, resourceType),
    },
  ];
}

/** Is an entry there for its own sake? In what an operation answers, all that belongs to the patient is. */
function isMatch({ interaction }: AllowedRequest, entry: object, resourceType: string): boolean {
  const search = member(entry, 'search');
  const mode = typeof search === 'object' && search !== null ? member(search, 'mode') : undefined;
  if (interaction.kind === 'operation') return !SHARED_TYPES.has(resourceType);
  return mode !== 'include';
}

/** Everything of one patient refers to these, so that is no link to a match, unless they are the match. */
const IN_EVERYTHING: ReadonlySet<string> = new Set([...SHARED_TYPES, 'Patient']);

/** The matches, and whatever a chain of references ties to one of them, in either direction. */
function linked(entries: readonly Entry[]): ReadonlySet<Entry> {
  const named = groupBy(entries, ({ names }) => names);
  const referring = groupBy(entries, ({ refersTo }) => refersTo);
  const kept = new Set(entries.filter(({ isMatch: own }) => own));
  // A Set is walked in the order of insertion, and what is added on the way is walked too.
  for (const entry of kept) {
    for (const name of entry.refersTo) for (const other of named.get(name) ?? []) kept.add(other);
    for (const name of entry.refersTo) named.delete(name);
    if (!entry.isMatch && IN_EVERYTHING.has(entry.resource.resourceType)) continue;
    for (const name of entry.names) for (const other of referring.get(name) ?? []) kept.add(other);
    for (const name of entry.names) referring.delete(name);
  }
  return kept;
}

function groupBy(
  entries: readonly Entry[],
  keysOf: (entry: Entry) => readonly string[],
): Map<string, Entry[]> {
  const groups = new Map<string, Entry[]>();
  for (const entry of entries) {
    for (const key of new Set(keysOf(entry))) {
      const group = groups.get(key);
      if (group) group.push(entry);
      else groups.set(key, [entry]);
    }
  }
  return groups;
}
