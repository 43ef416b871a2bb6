import { describe, expect, test } from '@jest/globals';

import { ConfigProblems, configSchema, loadConfig } from '../../../src/config/index.ts';
import {
  providerOfAddress,
  providersFor,
  sessionCounts,
  takesPasswords,
} from '../../../src/upstream/index.ts';

const base = {
  issuer: 'https://auth.example.org',
  secrets: { store: 'x'.repeat(20) + 'y'.repeat(20), cookies: ['z'.repeat(20) + 'y'.repeat(20)] },
  fhirServers: [
    { id: 'main', url: 'https://ehr.example.org/fhir', localPasswords: 'off' as const },
    { id: 'other', url: 'https://other.example.org/fhir' },
  ],
};
const provider = (id: string, more: object = {}) => ({
  ...{ id, name: id, issuer: `https://${id}.example.org/`, clientId: 'g', clientSecret: 's' },
  ...more,
});
const config = configSchema.parse({
  ...base,
  signIn: {
    providers: [
      provider('hospital', { fhirServers: ['main'], emailDomains: ['Hospital.example'] }),
      provider('national'),
    ],
  },
});
const ids = (server?: string) => providersFor(config, server).map(({ id }) => id);

test('a provider is for the FHIR servers it names, or for all', () => {
  expect([ids('main'), ids('other'), ids()]).toEqual([
    ['hospital', 'national'],
    ['national'],
    ['hospital', 'national'],
  ]);
});

test.each([
  ['main', undefined, false],
  ['main', 'hospital', true],
  ['main', 'national', true],
  ['main', 'gone', false],
  ['other', undefined, true],
  ['other', 'hospital', false],
])('a session for %s by %s counts: %s', (server, by, counts) => {
  expect(sessionCounts(config, server, by)).toBe(counts);
});

test('passwords open what is not closed to them', () => {
  expect([undefined, 'main', 'other'].map((id) => takesPasswords(config, id))).toEqual([true, false, true]);
});

test.each([
  ['dana@hospital.example', 'hospital'],
  ['Dana@HOSPITAL.example', 'hospital'],
  ['dana@hospital.example@else.example', undefined],
  ['dana@sub.hospital.example', undefined],
  ['hospital.example', undefined],
])('the address %s is of %s', (typed, id) => {
  expect(providerOfAddress(providersFor(config, undefined), typed)?.id).toBe(id);
});

describe('what cannot be meant', () => {
  const problemsOf = (signIn: object, fhirServers: object = base.fhirServers): readonly string[] => {
    const file = JSON.stringify({ ...base, fhirServers, signIn });
    try {
      loadConfig({ file: 'c.yaml', env: {}, readFile: () => file });
    } catch (error) {
      if (error instanceof ConfigProblems) return error.problems;
      throw error;
    }
    return [];
  };

  test.each([
    ['http elsewhere', [provider('a', { issuer: 'http://a.example.org' })], /issuer: must use https/],
    ['two of one id', [provider('a'), provider('a')], /providers\.1\.id: is there twice/],
    ['an unknown server', [provider('a', { fhirServers: ['x'] })], /x is not the id of a FHIR server/],
    ['no secret', [provider('a', { clientSecret: undefined })], /give it a clientSecret or a clientKey/],
    ['secret and key', [provider('a', { clientKey: 'k' })], /and not both/],
    ['no openid', [provider('a', { scopes: ['email'] })], /must have openid/],
    [
      'a domain of two',
      [provider('a', { emailDomains: ['x.org'] }), provider('b', { emailDomains: ['X.org'] })],
      /another provider has one of them/,
    ],
    ['nobody let in', [provider('a', { fhirServers: ['other'] })], /localPasswords: would let nobody in/],
  ])('%s', (_what, providers, problem) => {
    expect(problemsOf({ providers }).join('\n')).toMatch(problem);
  });

  test('a secret may lie in a file, and is never printed', () => {
    const text = JSON.stringify({
      ...base,
      signIn: { providers: [provider('a', { clientSecret: undefined, clientSecretFile: '/run/s' })] },
    });
    const read = (file: string): string => (file === '/run/s' ? 'of-the-hospital\n' : text);
    const loaded = loadConfig({ file: 'c.yaml', env: {}, readFile: read });
    expect(loaded.signIn.providers[0]?.clientSecret?.reveal()).toBe('of-the-hospital');
    expect(JSON.stringify(loaded.signIn)).not.toContain('of-the-hospital');
  });
});
