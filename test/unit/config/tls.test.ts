import { beforeAll, describe, expect, test } from '@jest/globals';

import { ConfigProblems, loadConfig } from '../../../src/config/index.ts';
import { makeCertificate } from '../../support/certificate.ts';

const YAML = `issuer: https://auth.example.org
listen:
  tls:
    certificateFile: cert.pem
    keyFile: key.pem
secrets:
  store: kX0vYpQ7mB3nZ8sT1wR6uL5hG2fD9cA4
  cookies: [pL9oK8iJ7uH6yG5tF4rD3eS2wA1qZ0xC]
fhirServers:
  - id: main
    url: https://ehr.example.org/fhir/r4
`;

describe('listen.tls', () => {
  let files: Record<string, string>;
  let stranger: string;
  beforeAll(async () => {
    const { certificate, key } = await makeCertificate(['auth.example.org']);
    files = { 'gatehouse.yaml': YAML, 'cert.pem': certificate, 'key.pem': key };
    stranger = (await makeCertificate(['auth.example.org'])).key;
  });
  const load = (changed: Record<string, string> = {}, env: Record<string, string> = {}) =>
    loadConfig({
      file: 'gatehouse.yaml',
      env,
      readFile: (name) => ({ ...files, ...changed })[name] ?? missing(name),
    });
  const missing = (name: string): never => {
    throw new Error(`ENOENT: no such file, open '${name}'`);
  };
  const problemsOf = (...given: Parameters<typeof load>): readonly string[] => {
    try {
      load(...given);
      return [];
    } catch (error) {
      if (error instanceof ConfigProblems) return error.problems;
      throw error;
    }
  };

  test('[GEN-01] a pair from files is taken, and the key is never printed', () => {
    const { listen } = load();
    expect(listen.tls?.certificate).toContain('BEGIN CERTIFICATE');
    expect(listen.tls?.key.reveal()).toContain('PRIVATE KEY');
    expect(JSON.stringify(listen)).not.toContain('PRIVATE KEY');
  });

  test('[GEN-01] the environment can name the files too', () => {
    const yaml = YAML.replace(/listen:[\s\S]*key\.pem\n/, '');
    const env = { TLS_CERTIFICATE_FILE: 'cert.pem', TLS_KEY_FILE: 'key.pem' };
    expect(load({ 'gatehouse.yaml': yaml }, env).listen.tls?.key.reveal()).toBe(files['key.pem']?.trim());
  });

  test.each([
    [
      'no certificate',
      { 'cert.pem': 'hello' },
      /^gatehouse\.yaml:4:\d+ listen\.tls\.certificate: is not a certificate in PEM form$/,
    ],
    [
      'no key',
      { 'key.pem': 'hello' },
      /listen\.tls\.key: is not a private key in PEM form, or needs a passphrase$/,
    ],
  ])('[GEN-01] [F43] %s', (_what, changed, problem) => {
    expect(problemsOf(changed)).toEqual([expect.stringMatching(problem)]);
  });

  test('[GEN-01] [F43] [F45] at the start, the key of another certificate', () => {
    expect(problemsOf({ 'key.pem': stranger })).toEqual([
      expect.stringMatching(/listen\.tls\.key: does not belong to the certificate$/),
    ]);
  });

  test('[F43] a file that is not there, and half a pair', () => {
    expect(problemsOf({ 'gatehouse.yaml': YAML.replace('key.pem', 'nowhere.pem') })).toEqual([
      expect.stringMatching(/^gatehouse\.yaml:5:5 listen\.tls\.keyFile: cannot read nowhere\.pem/),
    ]);
    expect(problemsOf({ 'gatehouse.yaml': YAML.replace(/ {4}keyFile.*\n/, '') })).toEqual([
      expect.stringMatching(/listen\.tls\.key: is missing$/),
    ]);
  });

  test('[F43] an expired certificate is refused, with its date', async () => {
    const { certificate, key } = await makeCertificate(['auth.example.org'], new Date('2020-01-01'));
    expect(problemsOf({ 'cert.pem': certificate, 'key.pem': key })).toEqual([
      expect.stringMatching(/listen\.tls\.certificate: expired on 2021-02-0\d$/),
    ]);
  });
});
