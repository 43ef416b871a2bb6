import { expect, test } from '@jest/globals';

import { AUDIT_SCOPE, OWN_CLIENT, RECORDS_SCOPE } from '../../../src/oidc/index.ts';
import { countQuestion } from '../../../src/oidc/count-question.ts';

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

test('[SEC-5] a question about the token by which the audit log is sent makes no record that would be sent with it', () => {
  const counted: object[] = [];
  const ask = (token?: { clientId: string; scope: string }): void =>
    countQuestion({ count: (asked) => void counted.push(asked) }, 'fhir-server', token);
  ask({ clientId: OWN_CLIENT.client_id, scope: AUDIT_SCOPE });
  expect(counted).toEqual([]);
  ask({ clientId: OWN_CLIENT.client_id, scope: RECORDS_SCOPE });
  ask({ clientId: 'an-auditor', scope: AUDIT_SCOPE });
  ask();
  expect(counted).toEqual([
    { resourceServer: 'fhir-server', clientId: 'gatehouse' },
    { resourceServer: 'fhir-server', clientId: 'an-auditor' },
    { resourceServer: 'fhir-server' },
  ]);
});
