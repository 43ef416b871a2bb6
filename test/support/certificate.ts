import path from 'node:path';
import { pathToFileURL } from 'node:url';

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
