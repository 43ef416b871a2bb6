import { expect, test } from '@jest/globals';

import { OWN_CLIENT, RECORDS_SCOPE } from '../../../src/oidc/index.ts';

test('[SEC-01] for its own look-ups Gatehouse may read patients, their visits, practitioners and who acts for whom, and nothing else', () => {
  expect(OWN_CLIENT.scope.split(' ').toSorted()).toEqual([
    'system/Encounter.rs',
    'system/Patient.rs',
    'system/Person.rs',
    'system/Practitioner.rs',
    'system/RelatedPerson.rs',
  ]);
  expect(RECORDS_SCOPE).toBe('system/Consent.cru system/Provenance.cu');
  expect([OWN_CLIENT.redirect_uris, OWN_CLIENT.grant_types, OWN_CLIENT.rights]).toEqual([[], [], []]);
});
