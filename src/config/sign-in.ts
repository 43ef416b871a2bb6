import { z } from 'zod';

import { MFA_RULES, ROLES, type Role } from '../identity/index.ts';
import { Secret } from './secret.ts';
import { secureAddress, secureUrl } from './secure-url.ts';

const HOUR = 3600;
const DAY = 24 * HOUR;

const mfaRule = z.enum(MFA_RULES).default('optional');

const text = z.string().min(1).max(200);
const given = z
  .string()
  .min(1)
  .transform((value) => new Secret(value));

const claims = z
  .strictObject({
    username: text.default('preferred_username').describe('the user name of an account that is made'),
    name: text.default('name').describe('the name, as others read it'),
    fhirUser: text
      .default('fhirUser')
      .describe('the person in FHIR, as Practitioner/77 or below our FHIR server'),
    role: z
      .strictObject({
        claim: text,
        values: z
          .record(z.string(), z.enum(ROLES))
          .describe('what its values make of a person; the first that is there counts'),
      })
      .optional()
      .describe('what a person is; else as fhirUser or the account says'),
    identifier: z
      .strictObject({ claim: text, system: text })
      .optional()
      .describe('a number under which the FHIR server finds the person, where no fhirUser is said'),
  })
  .prefault({});

const provider = z
  .strictObject({
    id: z
      .string()
      .regex(/^[a-z0-9-]{1,40}$/, 'use lower-case letters, digits and -')
      .describe('names it in redirect URIs and in links of accounts: never changed later'),
    name: text.describe('as people read it on the button'),
    issuer: secureAddress.describe('its issuer, to the letter'),
    clientId: text,
    clientSecret: given.optional(),
    clientKey: given
      .optional()
      .describe('instead of a secret: a private key (PKCS#8, PEM) for private_key_jwt'),
    clientKeyId: text.optional().describe('the kid of clientKey'),
    scopes: z
      .array(z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]+$/))
      .refine((all) => all.includes('openid'), 'must have openid')
      .default(['openid', 'profile', 'email']),
    fhirServers: z.array(z.string()).min(1).optional().describe('ids of those it is for; all where absent'),
    emailDomains: z
      .array(
        z
          .string()
          .toLowerCase()
          .regex(/^[a-z0-9.-]+$/, 'write it as hospital.example'),
      )
      .default([])
      .describe('who types an address of these as user name is sent there'),
    claims,
    createAccounts: z.boolean().default(false).describe('make an account for who comes for the first time'),
    signOut: z.boolean().default(true).describe('sign out there, too, whoever signs out here'),
    silent: z
      .boolean()
      .default(false)
      .describe('at an EHR launch ask it first whether somebody is signed in there'),
    trustMfa: z.boolean().default(false).describe('believe how it says that it recognised people (amr, acr)'),
  })
  .refine(({ clientSecret, clientKey }) => (clientSecret === undefined) !== (clientKey === undefined), {
    path: ['clientSecret'],
    message: 'give it a clientSecret or a clientKey, and not both',
  });

/** How people show who they are, and for how long that counts. */
export const signIn = z
  .strictObject({
    providers: z.array(provider).default([]).describe('OpenID providers that sign people in for us'),
    mfa: z
      .strictObject({
        patient: mfaRule,
        practitioner: mfaRule,
        representative: mfaRule,
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
    maxSessions: z
      .number()
      .int()
      .min(0)
      .max(1000)
      .default(10)
      .describe('so many browsers one person may be signed in to; one more ends the oldest; 0: any number'),
    breachedPasswordsUrl: secureUrl
      .optional()
      .describe(
        'asked whether a new password was stolen somewhere, by the first five digits of its SHA-1 hash, as api.pwnedpasswords.com/range answers; default: nobody is asked',
      ),
  })
  .prefault({});

interface Checked {
  readonly fhirServers: readonly { readonly id: string; readonly localPasswords: 'allowed' | 'off' }[];
  readonly signIn: z.output<typeof signIn>;
}

/** What the parts say together: no name twice, no server unknown, and a way in to each of them. */
export function checkSignIn({ fhirServers, signIn: { providers } }: Checked, check: z.RefinementCtx): void {
  const issue = (path: (string | number)[], message: string): void =>
    check.addIssue({ code: 'custom', path, message });
  const ids = fhirServers.map(({ id }) => id);
  for (const [at, { id, fhirServers: named = [], emailDomains }] of providers.entries()) {
    const place = ['signIn', 'providers', at];
    const before = providers.slice(0, at);
    if (before.some((other) => other.id === id)) issue([...place, 'id'], 'is there twice');
    const unknown = named.find((server) => !ids.includes(server));
    if (unknown !== undefined) issue([...place, 'fhirServers'], `${unknown} is not the id of a FHIR server`);
    if (before.some((other) => emailDomains.some((domain) => other.emailDomains.includes(domain))))
      issue([...place, 'emailDomains'], 'another provider has one of them');
  }
  for (const [at, { id, localPasswords }] of fhirServers.entries()) {
    const entered = providers.some(({ fhirServers: named }) => named?.includes(id) ?? true);
    if (localPasswords === 'off' && !entered)
      issue(
        ['fhirServers', at, 'localPasswords'],
        'would let nobody in: no provider is for this FHIR server',
      );
  }
}
