import { describe, expect, test } from '@jest/globals';

import { createResourceServer, type ResourceServerOptions } from '../../../src/resource-server/index.ts';

const GOOD = {
  issuer: 'https://auth.example.org',
  fhirBaseUrl: 'https://ehr.example.org/fhir',
  credentials: { clientId: 'fhir', clientSecret: 'secret' },
  cache: false,
  usage: false,
} as const;
const KEY = { kty: 'EC', crv: 'P-384', x: 'x', y: 'y', alg: 'ES384', kid: '1' };
const create = (options: unknown) => createResourceServer(options as ResourceServerOptions);

describe('what createResourceServer is told', () => {
  test.each<[string, unknown]>([
    ['options must be an object', undefined],
    ['issuer must be an http or https URL', {}],
    ['issuer must be an http or https URL', { ...GOOD, issuer: 'auth.example.org' }],
    ['fhirBaseUrl must be an http or https URL', { ...GOOD, fhirBaseUrl: 'fhir' }],
    [
      'fhirBaseUrl must be an http or https URL',
      { ...GOOD, fhirBaseUrl: 'https://ehr.example.org/fhir?a=b' },
    ],
    ['credentials must be { clientId, clientSecret } or', { ...GOOD, credentials: undefined }],
    ['credentials must be { clientId, clientSecret } or', { ...GOOD, credentials: { clientId: 'fhir' } }],
    ['credentials.clientId must be a text', { ...GOOD, credentials: { clientSecret: 'secret' } }],
    [
      'credentials.clientSecret must be a text',
      { ...GOOD, credentials: { clientId: 'a', clientSecret: undefined } },
    ],
    [
      'credentials.clientSecret must be a text',
      { ...GOOD, credentials: { clientId: 'a', clientSecret: '' } },
    ],
    [
      'credentials.privateKey must be a private JWK',
      { ...GOOD, credentials: { clientId: 'a', privateKey: KEY } },
    ],
    [
      'credentials.privateKey must be a private JWK',
      { ...GOOD, credentials: { clientId: 'a', privateKey: '-----' } },
    ],
    ['timeoutMs must be a whole number from 1', { ...GOOD, timeoutMs: 0 }],
    ['timeoutMs must be a whole number from 1', { ...GOOD, timeoutMs: '1000' }],
    ['cache.entries must be a whole number from 0', { ...GOOD, cache: { entries: -1 } }],
    ['cache.seconds must be a number from 0', { ...GOOD, cache: { seconds: Infinity } }],
    ['cache must be false or an object', { ...GOOD, cache: true }],
    ['usage.everySeconds must be a number above 0', { ...GOOD, usage: { everySeconds: 0 } }],
    ['onProblem must be a function', { ...GOOD, onProblem: 'log' }],
  ])('%s', (message, options) => {
    expect(() => create(options)).toThrow(TypeError);
    expect(() => create(options)).toThrow(`createResourceServer: ${message}`);
  });

  test('what is right is taken', async () => {
    const signed = { clientId: 'fhir', privateKey: { ...KEY, d: 'd' } };
    for (const more of [{}, { credentials: signed }, { timeoutMs: 1 }, { issuer: 'http://localhost:3000/' }])
      await create({ ...GOOD, ...more }).close();
  });
});
