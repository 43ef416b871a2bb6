import type { ClientId, EpochSeconds } from '../oauth/index.ts';

/** What can be reported: the interactions of FHIR's RESTful API that a scope can allow. */
export const INTERACTIONS = [
  ...(['read', 'vread', 'history-instance', 'history-type', 'history-system'] as const),
  ...([
    'search-type',
    'search-system',
    'search-compartment',
    'create',
    'update',
    'patch',
    'delete',
    'operation',
  ] as const),
] as const;
export type Interaction = (typeof INTERACTIONS)[number];

/** One line of a report, about one grant. */
export interface Use {
  /** `*`: over every type. */
  readonly resourceType: string;
  readonly interaction: Interaction;
  readonly count: number;
  readonly last: EpochSeconds;
}

/** The same, added up since the first. */
export interface UsageEntry extends Use {
  /** The resource server that reported it. */
  readonly by: ClientId;
  readonly first: EpochSeconds;
}

/** What was done with a grant. */
export interface UsageRecord {
  readonly entries: readonly UsageEntry[];
  /** How often something was done that there was no room for. */
  readonly other: number;
}

/** So many kinds of use are told apart; a grant has hardly more. */
const MOST_ENTRIES = 100;

/** Adds a report. What is later than now, by somebody's clock, is now. */
export function addUses(
  { entries, other }: UsageRecord,
  uses: readonly Use[],
  by: ClientId,
  now: EpochSeconds,
): UsageRecord {
  const all = new Map(entries.map((entry) => [nameOf(entry), entry]));
  let left = other;
  for (const use of uses) {
    const last = Math.min(use.last, now);
    const name = nameOf({ ...use, by });
    const known = all.get(name);
    if (!known && all.size >= MOST_ENTRIES) left += use.count;
    else
      all.set(name, {
        ...{ by, resourceType: use.resourceType, interaction: use.interaction },
        count: use.count + (known?.count ?? 0),
        first: Math.min(known?.first ?? last, last),
        last: Math.max(known?.last ?? 0, last),
      });
  }
  return { entries: [...all.values()], other: left };
}

function nameOf({ by, resourceType, interaction }: Omit<UsageEntry, 'count' | 'first' | 'last'>): string {
  return `${by} ${resourceType} ${interaction}`;
}
