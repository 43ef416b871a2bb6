import { describe, expect, test } from '@jest/globals';
import {
  RESOURCE_TYPES,
  askedAbout,
  decideGrant,
  decideOffer,
  describeDropped,
} from '../../../src/smart/index.ts';
import { bounds, times } from './many-scopes.ts';

/** Far more than each takes, and far less than it took while the work grew with the cube of what was sent. */
const SOON_MS = 5000;
const EVERY_TYPE = [...RESOURCE_TYPES].map((type) => `patient/${type}.rs`).join(' ');

describe('requests that are made to take long', () => {
  test(
    '[A037] [SCO-14] a hundred wildcards of a client with every type: two wildcards’ worth is offered',
    () => {
      const requested = times(100, (at) => `patient/*.rs?_id=${at}`);
      const { granted, dropped } = decideOffer(requested, bounds(EVERY_TYPE));
      expect(granted).toHaveLength(2 * RESOURCE_TYPES.size);
      expect(describeDropped(dropped.slice(0, 1))).toBe('patient/*.rs?_id=2 (too-many)');
      const all = new Set(askedAbout(granted).map(({ text }) => text));
      expect(decideGrant(granted, all).granted).toEqual(granted);
    },
    SOON_MS,
  );

  test(
    '[A037] a hundred scopes of one type, and as many registered',
    () => {
      const requested = times(100, (at) => `patient/Observation.rs?code=a${at}`);
      const registered = times(1000, (at) => `patient/Observation.rs?category=b${at}`);
      const { granted, dropped } = decideOffer(requested, bounds(registered));
      expect(granted).toEqual([]);
      expect(dropped.every(({ reason }) => reason === 'too-many')).toBe(true);
    },
    SOON_MS,
  );

  test(
    '[A037] a hundred wildcards, each of them within one of the scopes registered',
    () => {
      const requested = times(100, (at) => `patient/*.rs?_id=${at}`);
      const registered = `patient/Observation.rs ${times(200, (at) => `patient/Observation.rs?category=b${at}`)}`;
      const { granted } = decideOffer(requested, bounds(registered));
      expect(granted).toHaveLength(100);
    },
    SOON_MS,
  );

  test(
    '[A037] what one scope covers is found among thousands',
    () => {
      const requested = `patient/*.rs ${times(3000, (at) => `patient/Observation.rs?code=a${at}`)}`;
      const { granted } = decideOffer(requested, bounds('patient/*.rs'));
      expect(askedAbout(granted).map(({ text }) => text)).toEqual(['patient/*.rs']);
    },
    SOON_MS,
  );
});
