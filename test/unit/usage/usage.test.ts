import { describe, expect, test } from '@jest/globals';

import type { FhirInteraction } from '../../../src/resource-server/index.ts';
import { INTERACTIONS, addUses, scopesInUse, type Use, type UsageRecord } from '../../../src/usage/index.ts';

const NOTHING: UsageRecord = { entries: [], other: 0 };
const NOW = 1_800_000_000;
const use = (change: Partial<Use> = {}): Use => ({
  ...{ resourceType: 'Observation', interaction: 'read', count: 1, last: NOW - 60 },
  ...change,
});

describe('what was done with a grant', () => {
  test('[SEC-2] reports add up by resource server, type and interaction', () => {
    const first = addUses(NOTHING, [use(), use({ count: 4, last: NOW - 10 })], 'one', NOW);
    const second = addUses(first, [use({ last: NOW - 90 }), use({ interaction: 'search-type' })], 'one', NOW);
    expect(addUses(second, [use()], 'two', NOW).entries).toEqual([
      {
        by: 'one',
        resourceType: 'Observation',
        interaction: 'read',
        count: 6,
        first: NOW - 90,
        last: NOW - 10,
      },
      {
        ...{ by: 'one', resourceType: 'Observation', interaction: 'search-type', count: 1 },
        ...{ first: NOW - 60, last: NOW - 60 },
      },
      {
        by: 'two',
        resourceType: 'Observation',
        interaction: 'read',
        count: 1,
        first: NOW - 60,
        last: NOW - 60,
      },
    ]);
  });

  test('[SEC-2] a clock that is ahead says now, and there is room for so many kinds', () => {
    const [entry] = addUses(NOTHING, [use({ last: NOW + 9999 })], 'one', NOW).entries;
    expect(entry).toMatchObject({ first: NOW, last: NOW });
    const many = Array.from({ length: 150 }, (_, at) => use({ resourceType: `Type${at}`, count: 2 }));
    const full = addUses(NOTHING, many, 'one', NOW);
    expect([full.entries.length, full.other]).toEqual([100, 100]);
    expect(addUses(full, [use({ resourceType: 'Type3' })], 'one', NOW).entries[3]?.count).toBe(3);
  });

  test('[SEC-2] a scope is in use where something was done that it allows', () => {
    const usage = addUses(NOTHING, [use(), use({ interaction: 'search-type', last: NOW })], 'one', NOW);
    const grants = [
      { scope: 'openid patient/Observation.cruds patient/Patient.r', usage },
      { scope: 'patient/Observation.cruds patient/*.rs', usage: addUses(NOTHING, [use()], 'one', NOW) },
      // Nobody reported anything: it says nothing about its scopes.
      { scope: 'patient/Condition.rs', usage: NOTHING },
    ];
    expect(scopesInUse(grants)).toEqual([
      { scope: 'patient/Observation.cruds', grants: 2, usedIn: 2, neverUsed: 'cud', last: NOW },
      { scope: 'patient/Patient.r', grants: 1, usedIn: 0, neverUsed: 'r' },
      { scope: 'patient/*.rs', grants: 1, usedIn: 1, neverUsed: 's', last: NOW - 60 },
    ]);
  });
});

/** Whatever the kit lets through with a token; a batch is noted entry by entry. */
const NOTED: Readonly<Record<Exclude<FhirInteraction['kind'], 'capabilities' | 'batch' | 'unknown'>, true>> =
  {
    ...{ read: true, vread: true, create: true, update: true, patch: true, delete: true, operation: true },
    ...{ 'search-type': true, 'search-system': true, 'search-compartment': true },
    ...{ 'history-instance': true, 'history-type': true, 'history-system': true },
  };

test('[SEC-2] everything that the kit lets through can be reported', () => {
  expect([...INTERACTIONS].sort()).toEqual(Object.keys(NOTED).sort());
});
