import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { makeCertificate, type TestCertificate } from '../../support/certificate.ts';
import { runToEnd } from '../../support/process.ts';

const MODULE = pathToFileURL(path.resolve('src/fhir/index.ts')).href;

/** Redis: test/contract/redis-users.test.ts; the mail server: test/protocol/mail. */
describe('a FHIR server behind TLS', () => {
  let folder: string;
  let server: Server;
  let pair: TestCertificate;
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'gatehouse-outgoing-'));
    pair = await makeCertificate(['localhost']);
    await writeFile(path.join(folder, 'authority.pem'), pair.authority);
    server = createServer({ cert: pair.certificate, key: pair.key }, (_request, response) => {
      response.setHeader('content-type', 'application/fhir+json');
      response.end(JSON.stringify({ resourceType: 'Patient', id: 'p1', name: [{ text: 'Amy Shaw' }] }));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterAll(async () => {
    server.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** In a process of its own: which authorities are trusted is read when one starts. */
  const ask = (host: string, env: Record<string, string>): Promise<string> => {
    const url = `https://${host}:${(server.address() as AddressInfo).port}/fhir`;
    const script =
      `const { createFhirDirectory } = await import('${MODULE}');` +
      `const directory = createFhirDirectory('${url}', async () => 'token');` +
      `const found = await directory.readPatient('p1').catch((error) => error.name);` +
      `console.log(typeof found === 'string' ? found : found.name);`;
    const args = ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', script];
    return runToEnd(process.execPath, args, env).then(({ stdout, stderr }) => stdout.trim() || stderr);
  };

  test('[SEC-6] is asked where its authority is known, and the name is that of its certificate', async () => {
    const known = { NODE_EXTRA_CA_CERTS: path.join(folder, 'authority.pem') };
    expect(await ask('localhost', known)).toBe('Amy Shaw');
    expect(await ask('localhost', {})).toBe('FhirUnavailable');
    expect(await ask('127.0.0.1', known)).toBe('FhirUnavailable');
  });
});
