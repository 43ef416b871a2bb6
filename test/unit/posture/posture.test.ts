import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';

import { configSchema, type ConfigInput } from '../../../src/config/index.ts';
import { inWords, judge, postureSchema, type Facts } from '../../../src/posture/index.ts';
import { schemaProblems } from '../../support/json-schema.ts';

const SECRET = 'dGhpcyBpcyBub3QgdGhlIHNlY3JldCBvZiBhbnlib2R5IGF0IGFsbA';
const GOOD: ConfigInput = {
  issuer: 'https://auth.riverside.example',
  trustProxy: true,
  trustedProxies: ['10.0.0.0/8'],
  secrets: { store: SECRET, cookies: [`${SECRET}2`] },
  fhirServers: [{ id: 'main', url: 'https://ehr.riverside.example/fhir', sensitiveKinds: ['hiv'] }],
  signIn: {
    mfa: { patient: 'required', practitioner: 'required', representative: 'required' },
    breachedPasswordsUrl: 'https://api.pwnedpasswords.com/range',
  },
  mail: { host: 'mail.riverside.example', from: 'gate@riverside.example' },
  time: { servers: ['ntp.riverside.example'] },
  records: { policyUrl: 'https://riverside.example/policy/3' },
  audit: { delivery: [{ id: 'siem', host: 'siem.riverside.example' }] },
};
const FACTS: Facts = {
  at: '2026-11-26T10:00:00.000Z',
  runtime: { node: '24.1.0', openssl: '3.5.1', isFips: false },
  storeConcerns: [],
  keys: [{ purpose: 'tokens', kid: 'k1', alg: 'ES256', ageDays: 20 }],
  clients: [{ id: 'app', authentication: 'private_key_jwt', consent: 'always' }],
  clock: { source: 'ntp', offsetMs: 3.2 },
  audit: { chains: 1, records: 20, unsigned: 2 },
  receivers: [{ id: 'siem', aside: 0 }],
  disk: { free: 0.5 },
};

const postureWith = (config: Partial<ConfigInput> = {}, facts: Partial<Facts> = {}) =>
  judge({ config: configSchema.parse({ ...GOOD, ...config }), facts: { ...FACTS, ...facts } });
const gradeOf = (id: string, ...changed: Parameters<typeof postureWith>) => {
  const posture = postureWith(...changed);
  return [posture.status, posture.checks.find((check) => check.id === id)?.grade];
};

describe('[SEC-1] posture', () => {
  test('where all is set and found well, it passes', () => {
    expect(postureWith().checks.filter(({ grade }) => grade !== 'pass')).toEqual([]);
    expect(postureWith().status).toBe('pass');
  });

  test.each<[string, Partial<ConfigInput>, Partial<Facts>?]>([
    ['transport.issuer', { issuer: 'http://localhost:3000' }],
    ['transport.listener', { trustProxy: false, trustedProxies: [], listen: { host: '0.0.0.0' } }],
    ['transport.fips', { fips: 'required' }],
    ['transport.fips', { fips: 'prefer' }],
    ['transport.proxy', { trustedProxies: [] }],
    ['access.private-keys-urls', { clientKeys: { allowPrivate: ['10.0.0.0/8'] } }],
    ['log.level', { log: { level: 'trace' } }],
    ['audit.delivery', {}, { receivers: [{ id: 'siem', aside: 0, awaySince: FACTS.at }] }],
    ['audit.space', {}, { disk: { free: 0.01 } }],
    ['people.mfa.practitioner', { signIn: { ...GOOD.signIn, mfa: { practitioner: 'off' } } }],
    ['people.mfa.patient', { signIn: { ...GOOD.signIn, mfa: { patient: 'off' } } }],
    ['people.idle', { signIn: { ...GOOD.signIn, idleSeconds: 7200 } }],
    ['people.session', { tokens: { sessionSeconds: 86_400 } }],
    ['access.accessTokenSeconds', { tokens: { accessTokenSeconds: 7200 } }],
    ['access.backendTokenSeconds', { tokens: { backendTokenSeconds: 3600 } }],
    ['access.codeSeconds', { tokens: { codeSeconds: 600 } }],
    ['access.refreshGraceSeconds', { tokens: { refreshGraceSeconds: 300 } }],
    ['access.limits.tokensPerClient', { limits: { tokensPerClient: 0 } }],
    ['access.limits.launchesPerEhr', { limits: { launchesPerEhr: 0 } }],
    ['access.limits.authorizationsPerAddress', { limits: { authorizationsPerAddress: 0 } }],
    ['access.limits.failuresPerAddress', { limits: { failuresPerAddress: 0 } }],
    ['store.volatile', { store: { driver: 'redis', redisUrl: 'redis://localhost', allowVolatile: true } }],
    ['store.safe', {}, { storeConcerns: ['maxmemory-policy is allkeys-lru'] }],
    ['time.source', {}, { clock: { source: 'ntp', wrong: 'the clock is 2000 ms ahead' } }],
    ['audit.log', {}, { audit: { ...FACTS.audit, fault: 'the audit log was changed: chain x' } }],
  ])('%s fails where it is weakened', (id, config, facts = {}) => {
    expect(gradeOf(id, config, facts)).toEqual(['fail', 'fail']);
  });

  test.each<[string, Partial<ConfigInput>, Partial<Facts>?]>([
    ['transport.frames', { frames: { ancestors: ['https://ehr.riverside.example'] } }],
    ['audit.delivery', {}, { receivers: [{ id: 'siem', aside: 2 }] }],
    ['audit.space', {}, { disk: { free: 0.05 } }],
    ['transport.management', { management: { host: '0.0.0.0' } }],
    ['transport.mail', { mail: { host: 'localhost', from: 'gate@riverside.example', security: 'none' } }],
    ['people.mfa.patient', { signIn: { ...GOOD.signIn, mfa: { ...GOOD.signIn?.mfa, patient: 'optional' } } }],
    ['people.mailed-codes', { signIn: { ...GOOD.signIn, mailedCodes: true } }],
    ['people.sessions', { signIn: { ...GOOD.signIn, maxSessions: 0 } }],
    ['people.breached', { signIn: { mfa: GOOD.signIn!.mfa } }],
    ['people.sensitive', { fhirServers: [{ id: 'main', url: 'https://ehr.riverside.example/fhir' }] }],
    ['people.notices', { notices: { grants: false } }],
    [
      'access.client-authentication',
      {},
      { clients: [{ id: 'a', authentication: 'client_secret_basic', consent: 'always' }] },
    ],
    ['access.unasked', {}, { clients: [{ id: 'a', authentication: 'private_key_jwt', consent: 'skip' }] }],
    ['store.secret', { secrets: { ...GOOD.secrets, storePrevious: [`${SECRET}3`] } }],
    ['keys.age', {}, { keys: [{ purpose: 'audit', kid: 'k', alg: 'ES256', ageDays: 401 }] }],
    ['time.source', { time: {} }, { clock: { source: 'system' } }],
    ['records.policy', { records: {} }],
    ['audit.delivery', { audit: {} }],
  ])('%s is something to look at', (id, config, facts = {}) => {
    expect(gradeOf(id, config, facts)).toEqual(['warn', 'warn']);
  });

  test('says it to programs in one form, and to people with the worst first; no secret in either', () => {
    const posture = postureWith({
      limits: { tokensPerClient: 0 },
      frames: { ancestors: ['https://ehr.example'] },
    });
    const text = JSON.stringify(posture);
    expect(postureSchema.parse(JSON.parse(text))).toEqual(posture);
    expect(schemaProblems(z.toJSONSchema(postureSchema), JSON.parse(text))).toEqual([]);
    const lines = inWords(posture).split('\n');
    expect(lines.slice(0, 4).join('\n')).toBe(
      [
        'FAIL  access.limits.tokensPerClient: no limit',
        '      → set limits.tokensPerClient',
        'WARN  transport.frames: may be framed by https://ehr.example',
        '      → keep frames.ancestors to the EHRs that need it',
      ].join('\n'),
    );
    expect(lines.at(-2)).toBe(
      'https://auth.riverside.example, 2026-11-26T10:00:00.000Z: FAIL (1 weaken it, 1 to look at, 36 good)',
    );
    expect(text + lines.join('\n')).not.toContain(SECRET);
  });

  test('each row names its controls', () => {
    for (const { id, controls } of postureWith().checks) {
      expect({ id, controls }).toEqual({ id, controls: expect.arrayContaining([expect.any(String)]) });
      expect(controls.filter((name) => !/^[A-Z]{2}-\d+(\(\d+\))?$/.test(name))).toEqual([]);
    }
  });
});
