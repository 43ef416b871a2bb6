import { describe, expect, test } from '@jest/globals';
import { decide, visibleTo } from '../../../src/resource-server/index.ts';
import {
  US_CORE_CATEGORIES,
  categoryScope,
  decideGrant,
  decideOffer,
  formatResourceScope,
  formatScopeList,
  usCoreScopes,
} from '../../../src/smart/index.ts';
import { EDITION_ROWS, OBSERVATION_CATEGORY, SCOPE_LEVELS } from '../../support/us-core-editions.ts';
import { tokenOf } from '../resource-server/token-of.ts';
import { resourceScope } from './arbitraries.ts';

describe('the scopes US Core requires', () => {
  test.each(EDITION_ROWS)(
    '[USC-05] [USC-06] %s at %s/: each is read, and written back as it was',
    (_edition, level, scopes) => {
      for (const text of scopes) {
        const scope = resourceScope(text);
        expect(scope).toMatchObject({ level, text, spelling: 'v2' });
        expect(formatResourceScope(scope)).toBe(text);
      }
    },
  );

  test.each(EDITION_ROWS)(
    '[USC-05] [USC-06] %s at %s/: all are granted together, and each lets its type be read and searched',
    (_edition, level, scopes) => {
      const { granted, dropped } = decideOffer(scopes.join(' '), {
        registered: `${level}/*.rs`,
        flow: level === 'system' ? 'system' : 'user',
        mayRefresh: true,
        hasLaunch: false,
        hasFhirUser: true,
      });
      expect(dropped).toEqual([]);
      expect(formatScopeList(granted)).toBe(scopes.join(' '));
      for (const scope of scopes) {
        const token = tokenOf(scope, { patient: 'p1' });
        const { resourceType } = resourceScope(scope);
        expect(decide(token, { kind: 'read', resourceType, id: '1' }).allowed).toBe(true);
        expect(decide(token, { kind: 'search-type', resourceType }).allowed).toBe(true);
        expect(decide(token, { kind: 'update', resourceType, id: '1' }).allowed).toBe(false);
        expect(decide(token, { kind: 'read', resourceType: 'Basic', id: '1' }).allowed).toBe(false);
      }
    },
  );

  test('[USC-07] [USC-08] no type is listed that no edition names', () => {
    const named = new Set(EDITION_ROWS.flatMap(([, , scopes]) => scopes));
    expect(usCoreScopes(SCOPE_LEVELS).filter((scope) => !named.has(scope))).toEqual([]);
  });

  test('[USC-06] a level that is not supported is not listed', () => {
    expect(usCoreScopes(['user']).filter((scope) => !scope.startsWith('user/'))).toEqual([]);
    expect(usCoreScopes([])).toEqual([]);
  });
});

describe('granular scopes', () => {
  const OTHER = { system: 'http://example.org/categories', code: 'other' };
  const resource = (resourceType: string, ...codings: readonly object[]): { resourceType: string } => ({
    resourceType,
    ...{ id: '1', category: codings.map((coding) => ({ coding: [coding] })) },
  });

  test.each(US_CORE_CATEGORIES.map((category) => [category.resourceType, category.code, category] as const))(
    '[USC-15] %s of %s is reached whatever other categories it has, and not without this one',
    (resourceType, _code, category) => {
      const decision = decide(tokenOf(categoryScope('user', category)), {
        kind: 'search-type',
        resourceType,
      });
      const sees = (...codings: readonly object[]): boolean =>
        decision.allowed && visibleTo(decision.filters, resource(resourceType, ...codings));
      const { system, code } = category;
      expect([sees({ system, code }), sees({ system, code }, OTHER), sees(OTHER, { system, code })]).toEqual([
        true,
        true,
        true,
      ]);
      expect([sees(), sees(OTHER), sees({ code }), sees({ ...OTHER, code })]).toEqual([
        false,
        false,
        false,
        false,
      ]);
    },
  );

  const MISSPELT = 'http://terminology.hl7.org//CodeSystem-observation-category|social-history';

  test('[USC-12] the misspelt system is granted to who is registered for the right one, and the other way round', () => {
    const right = `patient/Observation.rs?category=${OBSERVATION_CATEGORY}|social-history`;
    const wrong = `patient/Observation.rs?category=${MISSPELT}`;
    const bounds = { flow: 'user', mayRefresh: false, hasLaunch: false, hasFhirUser: false } as const;
    const granted = (requested: string, registered: string): string =>
      formatScopeList(decideOffer(requested, { ...bounds, registered }).granted);
    expect(granted(wrong, right)).toBe(wrong);
    expect(granted(right, wrong)).toBe(right);
  });

  test.each([
    MISSPELT,
    `${OBSERVATION_CATEGORY}|survey,${MISSPELT}`,
    `${MISSPELT},${MISSPELT.replace('social-history', 'survey')}`,
  ])('[USC-12] %s reaches what carries the system as it is really spelled', (value) => {
    const token = tokenOf(`user/Observation.rs?category=${value}`);
    const decision = decide(token, { kind: 'read', resourceType: 'Observation', id: '1' });
    const sees = (code: string): boolean =>
      decision.allowed &&
      visibleTo(decision.filters, resource('Observation', { system: OBSERVATION_CATEGORY, code }));
    expect(sees('social-history')).toBe(true);
    expect(sees('survey')).toBe(value.includes('survey'));
    expect(sees('laboratory')).toBe(false);
  });

  test('[USC-14] of what was asked for a person may take one part, and gets no more than the registration', () => {
    const { granted: offer } = decideOffer('patient/Observation.cruds patient/Goal.rs', {
      ...{ flow: 'user', mayRefresh: false, hasLaunch: false, hasFhirUser: false },
      registered: 'patient/Observation.rs',
    });
    expect(formatScopeList(offer)).toBe('patient/Observation.rs');
    const part = `patient/Observation.rs?category=${OBSERVATION_CATEGORY}|survey`;
    const { granted } = decideGrant(offer, new Set([part, 'patient/Goal.rs', 'patient/Observation.cruds']));
    expect(formatScopeList(granted)).toBe(part);
  });
});
