import { z } from 'zod';

import { SIGNING_ALGORITHMS } from '../keys/index.ts';
import { LATEST_SMART_VERSION, SENSITIVE_KINDS, SMART_VERSIONS, type SensitiveKind } from '../smart/index.ts';
import { representatives } from './representatives.ts';
import { secureUrl } from './secure-url.ts';

/** Whatever else is labelled as more than normal can always be ticked, too. */
const sensitiveKinds = z
  .array(z.enum(SENSITIVE_KINDS))
  .transform((kinds): SensitiveKind[] =>
    kinds.length === 0 ? [] : [...new Set([...kinds, 'other' as const])],
  )
  .default([])
  .describe(
    'kinds of data, by the security labels of its records, that patients tick to share; none: labels are not heeded',
  );

/** Without it, labels hold nothing back from clinicians: the FHIR server's own rules stand. */
const breakGlass = z
  .strictObject({
    minutes: z
      .number()
      .int()
      .min(1)
      .max(15)
      .default(15)
      .describe('how long restricted records of one patient stay open'),
    notify: z.email('must be an e-mail address').describe('who is told at once, such as the privacy office'),
  })
  .describe('clinicians see sensitiveKinds only with a second factor and a reason, in an emergency');

/** One FHIR server whose records are shared. */
export const fhirServer = z.strictObject({
  id: z
    .string()
    .regex(/^[a-z0-9-]{1,40}$/, 'use lower-case letters, digits and -')
    .describe('names this FHIR server in paths and logs'),
  name: z.string().min(1).max(100).default('FHIR server').describe('what people read on the consent screen'),
  url: secureUrl.describe('the FHIR base URL: what apps send as aud, and what iss is at an EHR launch'),
  smartVersion: z
    .enum(SMART_VERSIONS)
    .default(LATEST_SMART_VERSION)
    .describe('the SMART App Launch version its discovery document and launch context are written in'),
  accessTokenFormat: z
    .enum(['opaque', 'jwt'])
    .default('opaque')
    .describe('what its access tokens look like: a reference only we can read, or a signed JWT (RFC 9068)'),
  accessTokenAlgorithm: z
    .enum(SIGNING_ALGORITHMS)
    .default('ES256')
    .describe('what signs its access tokens where they are JWTs; RS256 for software that knows nothing else'),
  localPasswords: z
    .enum(['allowed', 'off'])
    .default('allowed')
    .describe('off: people sign in through a provider of signIn.providers, and with no password of ours'),
  representatives: representatives.optional(),
  sensitiveKinds,
  breakGlass: breakGlass.optional(),
});

/** Nothing would be held back, or nobody would be told. */
export function checkBreakGlass(
  {
    fhirServers,
    mail: sender,
  }: {
    readonly fhirServers: readonly {
      readonly breakGlass?: object | undefined;
      readonly sensitiveKinds: readonly string[];
    }[];
    readonly mail?: object | undefined;
  },
  check: z.RefinementCtx,
): void {
  for (const [at, { breakGlass, sensitiveKinds }] of fhirServers.entries()) {
    if (!breakGlass) continue;
    const refuse = (message: string): void =>
      check.addIssue({ code: 'custom', path: ['fhirServers', at, 'breakGlass'], message });
    if (sensitiveKinds.length === 0) refuse('needs sensitiveKinds: without them nothing is held back');
    if (!sender) refuse('needs mail: whom it names is told by mail');
  }
}
