import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseSearchName } from '../../../src/resource-server/search-name.ts';

test.each([
  ['code', { kind: 'plain', param: 'code' }],
  ['_id', { kind: 'plain', param: '_id' }],
  ['code:text', { kind: 'plain', param: 'code', modifier: 'text' }],
  ['subject:Patient', { kind: 'plain', param: 'subject', modifier: 'Patient' }],
  [
    'subject:Patient.name:exact',
    {
      kind: 'chain',
      param: 'subject',
      type: 'Patient',
      next: { kind: 'plain', param: 'name', modifier: 'exact' },
    },
  ],
  [
    '_has:Observation:patient:_has:AuditEvent:entity:agent',
    {
      kind: 'has',
      type: 'Observation',
      param: 'patient',
      next: { kind: 'has', type: 'AuditEvent', param: 'entity', next: { kind: 'plain', param: 'agent' } },
    },
  ],
  ['a.b.c.d.e.f', expect.objectContaining({ kind: 'chain', param: 'a' })],
  ['a.b.c.d.e.f.g', undefined],
  ['', undefined],
  ['.a', undefined],
  ['a.', undefined],
  ['a..b', undefined],
  ['a:', undefined],
  [':a', undefined],
  ['a:b:c', undefined],
  ['subject:patient.name', undefined],
  ['_has:Observation:patient', undefined],
  ['_has:observation:patient:code', undefined],
  ['_has::patient:code', undefined],
  ['patient[]', undefined],
  ['pаtient', undefined],
  ['a'.repeat(513), undefined],
])('[SEM-12] %s', (text, name) => {
  expect(parseSearchName(text)).toEqual(name);
});

test('[SEM-12] any text is read or refused, and a name of a million letters at once', () => {
  fc.assert(fc.property(fc.string(), (text) => void parseSearchName(text)));
  expect(parseSearchName('_has:A:b:'.repeat(100_000))).toBeUndefined();
});
