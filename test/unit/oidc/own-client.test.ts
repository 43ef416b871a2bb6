import { expect, test } from '@jest/globals';

import { OWN_CLIENT } from '../../../src/oidc/index.ts';

test('[SEC-01] for its own look-ups Gatehouse may read patients and their visits, and nothing else', () => {
  expect(OWN_CLIENT.scope.split(' ').toSorted()).toEqual(['system/Encounter.rs', 'system/Patient.rs']);
  expect([OWN_CLIENT.redirect_uris, OWN_CLIENT.grant_types, OWN_CLIENT.rights]).toEqual([[], [], []]);
});
