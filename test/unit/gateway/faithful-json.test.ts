import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { parseFaithfully } from '../../../src/gateway/faithful-json.ts';

describe('numbers on their way through', () => {
  test.each([
    '6.30',
    '1.00',
    '0.0',
    '-0',
    '-0.0',
    '1e3',
    '1.50E-2',
    '9007199254740993',
    '0.1234567890123456789',
    '100',
    '6.3',
    '-12',
  ])('%s stays as it was', (number) => {
    for (const text of [`{"value":${number}}`, `[${number},${number}]`, `{"a":[{"b":${number} }]}`])
      expect(JSON.stringify(parseFaithfully(text))).toBe(text.replace(' }', '}'));
  });

  test('everything else is what it is, also texts that look like numbers', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value);
        expect(JSON.stringify(parseFaithfully(text))).toBe(text);
      }),
    );
    expect(parseFaithfully('{"a":"6.30","b":[1,2.5,null,true]}')).toEqual({
      a: '6.30',
      b: [1, 2.5, null, true],
    });
    expect(() => parseFaithfully('{"a":6.30')).toThrow(SyntaxError);
  });
});
