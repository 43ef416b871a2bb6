import { createPrivateKey, X509Certificate } from 'node:crypto';
import { z } from 'zod';

import { TLS_POLICIES } from '../algorithms/index.ts';
import { Secret } from './secret.ts';

/** A certificate chain and its key, both as PEM text. Each may stand in a file: `certificateFile`, `keyFile`. */
export const tls = z
  .strictObject({
    certificate: z.string().describe('the certificate, followed by those that lead to its root, as PEM'),
    key: z.string().describe('its private key, as PEM'),
    policy: z
      .enum(TLS_POLICIES)
      .default('compatible')
      .describe('modern: TLS 1.3 only; compatible: 1.2 too; fips: both, with approved algorithms only'),
  })
  .superRefine((pair, check) => {
    const problem = problemOf(pair);
    if (problem) check.addIssue({ code: 'custom', ...problem });
  })
  .transform(({ key, ...others }) => ({ ...others, key: new Secret(key) }));

function problemOf(pair: {
  readonly certificate: string;
  readonly key: string;
}): { path: string[]; message: string } | undefined {
  const certificate = attempt(() => new X509Certificate(pair.certificate));
  if (!certificate) return { path: ['certificate'], message: 'is not a certificate in PEM form' };
  const key = attempt(() => createPrivateKey(pair.key));
  if (!key) return { path: ['key'], message: 'is not a private key in PEM form, or needs a passphrase' };
  if (!certificate.checkPrivateKey(key))
    return { path: ['key'], message: 'does not belong to the certificate' };
  if (certificate.validToDate < new Date())
    return {
      path: ['certificate'],
      message: `expired on ${certificate.validToDate.toISOString().slice(0, 10)}`,
    };
  return undefined;
}

function attempt<Value>(make: () => Value): Value | undefined {
  try {
    return make();
  } catch {
    return undefined;
  }
}
