import type { AuditEvent, AuditRecord } from '../../src/audit/index.ts';

const SEEN = { reference: 'K7QF-2M9X', address: '203.0.113.7' };
const WHO = { clientId: 'growth-app', accountId: 'acc-1' };
const ABOUT = { fhirServer: 'https://fhir.example.org/r4', patient: 'p1', scope: 'patient/Observation.rs' };
const ALL = { ...SEEN, ...WHO, ...ABOUT };
const SINCE = '2026-11-26T10:00:00.000Z';
const HASH = 'hash-of-a-token';

/** One or more of each event that there is, as the server says them. A new type without one does not compile. */
const SAMPLES: { readonly [Type in AuditEvent['type']]: readonly Extract<AuditEvent, { type: Type }>[] } = {
  'server.start': [
    { type: 'server.start', outcome: 'success', store: 'redis', issuer: 'https://as.example.org' },
  ],
  'server.stop': [{ type: 'server.stop', outcome: 'success' }],
  'config.changed': [{ type: 'config.changed', outcome: 'success', sections: 'limits signIn' }],
  'clock.wrong': [{ type: 'clock.wrong', outcome: 'failure', reason: 'skew', skewMs: 1500 }],
  'clock.right': [{ type: 'clock.right', outcome: 'success', skewMs: 3 }],
  'clock.holdover': [{ type: 'clock.holdover', outcome: 'success' }],
  'sign-in': [
    { type: 'sign-in', outcome: 'success', method: 'totp', ...SEEN, ...WHO },
    { type: 'sign-in', outcome: 'refused', reason: 'wrong-credentials', usernameHash: 'h', ...SEEN },
    { type: 'sign-in', outcome: 'refused', reason: 'disabled', accountId: 'acc-1', ...SEEN },
    { type: 'sign-in', outcome: 'denied', reason: 'denied', provider: 'hospital', ...SEEN },
  ],
  'sign-out': [{ type: 'sign-out', outcome: 'success', accountId: 'acc-1', ...SEEN }],
  'sign-out.told': [{ type: 'sign-out.told', outcome: 'failure', reason: 'it answered 500', ...WHO }],
  'launch.created': [
    { type: 'launch.created', outcome: 'success', launchHash: 'l', ehrClientId: 'ehr', ...SEEN, ...ABOUT },
  ],
  'launch.used': [{ type: 'launch.used', outcome: 'success', launchHash: 'l', ...ALL }],
  authorize: [
    { type: 'authorize', outcome: 'success', ...SEEN, ...WHO },
    { type: 'authorize', outcome: 'refused', reason: 'invalid_scope', ...SEEN, clientId: 'growth-app' },
  ],
  consent: [
    { type: 'consent', outcome: 'success', basis: 'asked', dropped: '', ...ALL },
    { type: 'consent', outcome: 'success', basis: 'remembered', ...ALL },
    { type: 'consent', outcome: 'denied', ...ALL },
    { type: 'consent', outcome: 'refused', reason: 'other-patient', ...ALL },
    { type: 'consent', outcome: 'success', basis: 'asked', ...SEEN, ...WHO, scope: 'user/Patient.rs' },
    { type: 'consent', outcome: 'failure', reason: 'the launch was used already', ...ALL },
  ],
  'break-glass': [
    { type: 'break-glass', outcome: 'success', why: 'She was brought in unconscious', until: SINCE, ...ALL },
    { type: 'break-glass', outcome: 'refused', reason: 'no-second-factor', ...SEEN, ...WHO },
  ],
  'break-glass.ended': [{ type: 'break-glass.ended', outcome: 'success', ...ALL }],
  'consent.narrowed': [
    { type: 'consent.narrowed', outcome: 'success', dropped: 'patient/Condition.rs', consent: 'A-1', ...ALL },
    { type: 'consent.narrowed', outcome: 'success', dropped: 'user/Condition.rs', ...SEEN, ...WHO },
  ],
  'record.failed': [{ type: 'record.failed', outcome: 'failure', decision: 'granted', ...ALL }],
  'token.issued': [
    { type: 'token.issued', outcome: 'success', grantType: 'authorization_code', tokenHash: HASH, ...ALL },
    {
      ...{ type: 'token.issued', outcome: 'success', grantType: 'client_credentials', tokenHash: HASH },
      ...{ ...SEEN, clientId: 'backend', scope: 'system/*.rs' },
    },
  ],
  'token.withdrawn': [
    {
      type: 'token.withdrawn',
      outcome: 'failure',
      grantType: 'refresh_token',
      reason: 'it was redeemed',
      ...ALL,
    },
  ],
  'token.repeated': [{ type: 'token.repeated', outcome: 'success', ...SEEN, ...WHO }],
  'token.refused': [
    {
      type: 'token.refused',
      outcome: 'refused',
      reason: 'invalid_grant: grant not found',
      grantType: 'x',
      ...SEEN,
    },
  ],
  'request.refused': [
    {
      ...{ type: 'request.refused', outcome: 'refused', what: 'introspection' },
      ...{ reason: 'invalid_client: client authentication failed', ...SEEN, clientId: 'growth-app' },
    },
    { type: 'request.refused', outcome: 'refused', what: 'page', reason: 'expired', ...SEEN },
  ],
  'token.introspected': [
    {
      type: 'token.introspected',
      outcome: 'success',
      active: true,
      resourceServer: 'fhir',
      tokenHash: HASH,
      ...ALL,
    },
    {
      type: 'token.introspected',
      outcome: 'success',
      active: true,
      resourceServer: 'fhir',
      count: 7,
      since: SINCE,
    },
  ],
  'revocations.opened': [{ type: 'revocations.opened', outcome: 'success', resourceServer: 'fhir' }],
  'revocations.closed': [{ type: 'revocations.closed', outcome: 'success', resourceServer: 'fhir' }],
  'fhir.access': [
    {
      ...{
        type: 'fhir.access',
        outcome: 'refused',
        reason: 'scope',
        interaction: 'read',
        resourceType: 'Patient',
      },
      ...{ count: 3, since: SINCE, ...WHO, ...ABOUT },
    },
  ],
  'token.revoked': [
    { type: 'token.revoked', outcome: 'success', what: 'token', tokenHash: HASH, ...ALL },
    { type: 'token.revoked', outcome: 'success', what: 'grant', consent: 'A-1', ...ALL },
  ],
  'token.reuse': [
    { type: 'token.reuse', outcome: 'refused', what: 'code-or-refresh-token', ...SEEN, ...WHO },
  ],
  'client.changed': [{ type: 'client.changed', outcome: 'success', change: 'added', clientId: 'growth-app' }],
  'account.changed': [
    {
      type: 'account.changed',
      outcome: 'success',
      change: 'factors',
      what: 'totp',
      accountId: 'acc-1',
      ...SEEN,
    },
  ],
  'audit.read': [
    {
      type: 'audit.read',
      outcome: 'success',
      what: 'report',
      operator: 'root',
      patient: 'p1',
      from: '2026-11-01',
    },
  ],
  'audit.resumed': [{ type: 'audit.resumed', outcome: 'success', since: SINCE, held: 3, lost: 0 }],
  'store.adopted': [{ type: 'store.adopted', outcome: 'success', epoch: 'e1' }],
  'store.seal-broken': [{ type: 'store.seal-broken', outcome: 'failure', key: 'gh:x' }],
  'store.keys-rotated': [{ type: 'store.keys-rotated', outcome: 'success', dataKey: 2 }],
  'store.rewrapped': [{ type: 'store.rewrapped', outcome: 'success' }],
  'store.exported': [{ type: 'store.exported', outcome: 'success', rows: 9, final: true }],
  'store.imported': [{ type: 'store.imported', outcome: 'success', rows: 9, epoch: 'e1' }],
  'keys.rotated': [{ type: 'keys.rotated', outcome: 'success', set: 'tokens', active: 'k1', next: 'k2' }],
};

export const SAMPLE_RECORDS: readonly AuditRecord[] = Object.values(SAMPLES)
  .flat()
  .map((event) => ({ ...event, recorded: '2026-11-26T10:15:00.123Z', timeSource: 'system' }));
