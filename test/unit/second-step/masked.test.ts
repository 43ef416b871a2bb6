import { expect, test } from '@jest/globals';
import { masked } from '../../../src/second-step/masked.ts';

test.each([
  // address                         as it is shown
  ['amy@riverside.example', 'a•••@riverside.example'],
  ['a@riverside.example', '•••@riverside.example'],
  ['"a@b"@riverside.example', '"•••@riverside.example'],
])('[A075] %s is shown as %s', (address, shown) => {
  expect(masked(address)).toBe(shown);
});
