import { describe, expect, test } from '@jest/globals';
import { PROPERTIES } from '../../fuzz/properties.ts';

/** Enough to notice a mistake; `npm run fuzz` tries the same on a million inputs. */
const RUNS = 300;

describe('for whatever is sent', () => {
  test.each(PROPERTIES.map((property) => [property.requirements, property.promise, property] as const))(
    '%s %s',
    (_requirements, _promise, { check }) => {
      expect(check({ runs: RUNS })?.message).toBeUndefined();
    },
  );
});
