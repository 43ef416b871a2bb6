import { inspect } from 'node:util';

import { describe, expect, test } from '@jest/globals';
import { Secret } from '../../../src/config/index.ts';

describe('Secret', () => {
  const secret = new Secret('hunter2');

  test.each([
    ['JSON', () => JSON.stringify({ secret })],
    ['a text', () => String(secret)],
    ['a sum', () => ['', secret].join('')],
    ['inspect', () => inspect({ secret }, { depth: null, showHidden: true })],
    ['a template', () => `redis at ${String(secret)}`],
    [
      'its members',
      () => JSON.stringify(Object.getOwnPropertyDescriptors(secret)).replace('{}', '[redacted]'),
    ],
    ['a copy', () => JSON.stringify({ ...secret }).replace('{}', '[redacted]')],
  ])('[SEC-11] in %s it prints as [redacted]', (_where, print) => {
    expect(print()).toContain('[redacted]');
    expect(print()).not.toContain('hunter2');
  });

  test('[SEC-11] only reveal() tells', () => {
    expect(secret.reveal()).toBe('hunter2');
  });
});
