import type { EpochSeconds } from '../oauth/index.ts';
import {
  formatResourceScope,
  isResourceScope,
  parseScopeList,
  type Permission,
  type ResourceScope,
} from '../smart/index.ts';
import type { Interaction, UsageEntry, UsageRecord } from './record.ts';

/** A grant and what was done with it. */
export interface GrantInUse {
  readonly scope: string;
  readonly usage: UsageRecord;
}

/** One scope over all grants that have it. */
export interface ScopeInUse {
  readonly scope: string;
  readonly grants: number;
  /** In how many of them something was done that this scope allows. */
  readonly usedIn: number;
  /** The letters nobody used in any of them, e.g. `cud`. */
  readonly neverUsed: string;
  /** Absent: never. */
  readonly last?: EpochSeconds;
}

const LETTERS: Readonly<Record<Interaction, readonly Permission[]>> = {
  read: ['r'],
  vread: ['r'],
  'history-instance': ['r'],
  'history-type': ['s'],
  'history-system': ['s'],
  'search-type': ['s'],
  'search-system': ['s'],
  'search-compartment': ['s'],
  create: ['c'],
  update: ['u'],
  patch: ['u'],
  delete: ['d'],
  operation: ['r', 's'],
};

/**
 * Which granted scopes are used, and which never: those can be taken out of the registration (least privilege). A use counts
 * for every scope that allows it; grants of which nobody reported anything are not looked at.
 */
export function scopesInUse(grants: readonly GrantInUse[]): ScopeInUse[] {
  const found = new Map<string, ScopeInUse & { readonly letters: ReadonlySet<Permission> }>();
  for (const { scope: text, usage } of grants) {
    if (usage.entries.length === 0) continue;
    for (const scope of parseScopeList(text).scopes.filter(isResourceScope)) {
      const name = formatResourceScope(scope);
      const known = found.get(name) ?? {
        scope: name,
        grants: 0,
        usedIn: 0,
        neverUsed: '',
        letters: new Set(),
      };
      const uses = usage.entries.filter((entry) => allows(scope, entry));
      const letters = new Set([...known.letters, ...uses.flatMap(({ interaction }) => LETTERS[interaction])]);
      const last = Math.max(known.last ?? 0, ...uses.map((entry) => entry.last));
      found.set(name, {
        scope: name,
        grants: known.grants + 1,
        usedIn: known.usedIn + (uses.length > 0 ? 1 : 0),
        neverUsed: [...scope.permissions].filter((letter) => !letters.has(letter)).join(''),
        letters,
        ...(last > 0 ? { last } : {}),
      });
    }
  }
  return [...found.values()].map(({ letters: _letters, ...scope }) => scope);
}

function allows({ resourceType, permissions }: ResourceScope, entry: UsageEntry): boolean {
  const isOfType = resourceType === '*' || resourceType === entry.resourceType;
  return isOfType && LETTERS[entry.interaction].some((letter) => permissions.has(letter));
}
