import { describe, expect, test } from '@jest/globals';

import { US_CORE_TYPES } from '../../../src/smart/index.ts';
import { PUBLIC_APP } from '../../support/clients.ts';
import { authorize, redeem } from '../../support/flow.ts';
import { DRIVERS } from '../../support/gatehouse.ts';
import { gatehouseOn } from '../../support/suite.ts';

describe.each(DRIVERS)('many scopes at once, on %s', (driver) => {
  const suite = gatehouseOn(driver, () => ({ clients: [PUBLIC_APP] }));

  test('[G10-07] [CONS-09] [AUTHZ-22] a scope for each type of US Core: all can be allowed, or some', async () => {
    const { issuer } = suite.server;
    const types = US_CORE_TYPES.map((type) => `patient/${type}.rs`);
    expect(types.length).toBeGreaterThan(20);
    const scope = ['openid', 'launch/patient', 'offline_access', ...types].join(' ');
    const all = await redeem(issuer, await authorize(issuer, { scope }));
    expect(new Set(all.body.scope.split(' '))).toEqual(new Set(scope.split(' ')));
    const few = types.slice(3, 28);
    const some = await redeem(
      issuer,
      await authorize(issuer, { scope, consent: () => ['launch/patient', ...few] }),
    );
    expect(new Set(some.body.scope.split(' '))).toEqual(new Set(['launch/patient', ...few]));
  });
});
