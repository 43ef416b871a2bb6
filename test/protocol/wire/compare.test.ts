import { describe, expect, test } from '@jest/globals';

import { differences, normalise } from './compare.ts';

const PLACES = { 'https://a.example/fhir': '<fhir>', 'https://a.example': '<issuer>' };

describe('the comparison that the tests beside this one lean on', () => {
  test('[rfc8259§4] the path of every difference is named, and what the other one has', () => {
    const example = { a: 1, b: { c: 'x' }, d: [{ e: true }], f: null, g: ['p'] };
    const answer = { a: '1', b: { c: 'y', extra: 0 }, d: [{}, 7], g: ['q'], f: null };
    expect(differences(example, answer).map(({ how, at, says }) => `${how} ${at}: ${says}`)).toEqual([
      'other $.a: "1" (string), the example has 1 (number)',
      'other $.b.c: "y" (string), the example has "x" (string)',
      'extra $.b.extra: 0 (number) is not in the example',
      'absent $.d[0].e: is missing',
      'extra $.d[1]: 7 (number) is not in the example',
      'absent $.g[p]: is missing',
      'extra $.g[q]: "q" (string) is not in the example',
    ]);
    expect(differences(example, structuredClone(example))).toEqual([]);
  });

  test('[rfc8259§4] what changes from run to run becomes its kind, and a value of another kind stays', () => {
    const said = {
      aud: 'https://a.example/fhir',
      iss: 'https://a.example',
      exp: 1_795_262_400,
      scope: 'b a',
    };
    expect(normalise({ ...said, access_token: 'x', token_type: 'BEARER' }, PLACES)).toEqual({
      ...{ aud: '<fhir>', iss: '<issuer>', exp: '<time>', scope: 'a b' },
      ...{ access_token: '<token>', token_type: 'bearer' },
    });
    const odd = { exp: '1795262400', iat: 1_795_262_400_000, access_token: 'a b', id_token: 'x', sub: '' };
    expect(normalise(odd, PLACES)).toEqual(odd);
  });
});
