import { z } from 'zod';

import { MFA_RULES, type Role } from '../identity/index.ts';
import { secureUrl } from './secure-url.ts';

const HOUR = 3600;
const DAY = 24 * HOUR;

const mfaRule = z.enum(MFA_RULES).default('optional');

/** How people show who they are, and for how long that counts. */
export const signIn = z
  .strictObject({
    mfa: z
      .strictObject({
        patient: mfaRule,
        practitioner: mfaRule,
      } satisfies Record<Role, typeof mfaRule>)
      .prefault({})
      .describe('a second factor beside the password: off, optional (whoever has one is asked) or required'),
    mailedCodes: z
      .boolean()
      .default(false)
      .describe(
        'a code by mail counts as a second factor; NIST SP 800-63B-4 does not count it, as a mailbox often needs no more than a password',
      ),
    idleSeconds: z
      .number()
      .int()
      .min(60)
      .max(30 * DAY)
      .default(HOUR)
      .describe('so long without a visit, a person has to sign in again; NIST SP 800-63B-4 advises an hour'),
    breachedPasswordsUrl: secureUrl
      .optional()
      .describe(
        'asked whether a new password was stolen somewhere, by the first five digits of its SHA-1 hash, as api.pwnedpasswords.com/range answers; default: nobody is asked',
      ),
  })
  .prefault({});
