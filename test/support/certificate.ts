import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { generate } from 'selfsigned';

export interface TestCertificate {
  /** Whom to trust. */
  readonly authority: string;
  readonly certificate: string;
  readonly key: string;
}

/** A certificate for these hosts by an authority of its own: what `npm run certification` makes. */
export async function makeCertificate(
  hosts: readonly string[],
  from?: Date,
  kind?: 'ec' | 'rsa',
): Promise<TestCertificate> {
  const tool = (await import(pathToFileURL(path.resolve('tools/certificate.mjs')).href)) as {
    makeCertificate(hosts: readonly string[], from?: Date, kind?: 'ec' | 'rsa'): Promise<TestCertificate>;
  };
  return tool.makeCertificate(hosts, from, kind);
}

/** A certificate that a client shows, which is its own authority. */
export async function makeClientCertificate(name: string): Promise<Omit<TestCertificate, 'authority'>> {
  const { cert, private: key } = await generate([{ name: 'commonName', value: name }], {
    ...{ keyType: 'ec', curve: 'P-256', algorithm: 'sha256' },
    extensions: [
      { name: 'basicConstraints', cA: false },
      { name: 'keyUsage', digitalSignature: true },
      { name: 'extKeyUsage', clientAuth: true },
    ],
  });
  return { certificate: cert, key };
}
