import { describe, expect, test } from '@jest/globals';

import { tokenFrom } from '../../../src/resource-server/index.ts';

const ACT = 'http://terminology.hl7.org/CodeSystem/v3-ActCode';
const wire = (extensions: unknown): Record<string, unknown> => ({
  ...{
    active: true,
    scope: 'patient/*.rs',
    client_id: 'app',
    exp: 2_000_000_000,
    aud: 'https://x',
    patient: 'p1',
  },
  extensions,
});
const forbid = (...codes: unknown[]): object => ({
  type: 'forbid',
  securityLabel: codes.map((code) => ({ system: ACT, code })),
});
const residual = (value: unknown): unknown => tokenFrom(wire({ ihe_pcf: { residual: value } }))?.heldBack;

describe('what a token is held back from', () => {
  test('[SEC-12] the codes of every label that is forbidden, once', () => {
    expect(residual([forbid('PSY', 'HIV'), forbid('HIV', 'ETH')])).toBe('ETH,HIV,PSY');
  });

  test.each([[undefined], [null], ['text'], [{}], [{ ihe_iua: {} }], [{ ihe_pcf: { patient_id: 'p1' } }]])(
    '[SEC-12] %j says nothing of labels',
    (extensions) => {
      const token = tokenFrom(wire(extensions));
      expect(token).toBeDefined();
      expect(token).not.toHaveProperty('heldBack');
    },
  );

  test.each([
    ['text'],
    [{}],
    [[null]],
    [['PSY']],
    [[{ type: 'permit', securityLabel: [] }]],
    [[{ type: 'forbid' }]],
    [[{ type: 'forbid', securityLabel: 'PSY' }]],
    [[{ type: 'forbid', securityLabel: [{ system: ACT }] }]],
    [[forbid(7)]],
    [[forbid('')]],
    [[forbid('PSY'), null]],
  ])('[SEC-12] [A200] a policy that cannot be read makes the token useless: %j', (value) => {
    expect(tokenFrom(wire({ ihe_pcf: { residual: value } }))).toBeUndefined();
  });
});
