import { z } from 'zod';

import { DURATIONS } from '../consent/index.ts';
import { addressRange, clientRegistration, isLoopback, privateHost } from '../clients/index.ts';
import { LANGUAGES } from '../language/index.ts';
import { checkBreakGlass, fhirServer } from './fhir-server.ts';
import { limits } from './limits.ts';
import { audit } from './audit.ts';
import { listen, management } from './listen.ts';
import { records } from './records.ts';
import { mail } from './mail.ts';
import { Secret } from './secret.ts';
import { secureUrl } from './secure-url.ts';
import { checkSignIn, signIn } from './sign-in.ts';
import { store } from './store.ts';
import { time, timeZone } from './time.ts';

const DAY = 24 * 3600;

/** Secrets people forget to change. Also anything of one repeated character. */
const DEFAULT_SECRETS = /^(change[-_ ]?me.*|secret.*|default.*|example.*|password.*|(.)\2+)$/i;
const MIN_SECRET_LENGTH = 32;

const secret = z
  .string()
  .min(
    MIN_SECRET_LENGTH,
    `needs ${MIN_SECRET_LENGTH} characters or more; make one with: openssl rand -base64 48`,
  )
  .refine(
    (text) => !DEFAULT_SECRETS.test(text),
    'is a default secret; make one with: openssl rand -base64 48',
  )
  .transform((text) => new Secret(text));

/** An origin as browsers know it. */
const frameAncestor = z.string().refine((text) => {
  const url = URL.parse(text);
  const isProtected = url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback(url.hostname));
  return isProtected && url?.origin === text;
}, 'must be an origin such as https://ehr.example: no path, no last slash');

/** Two entries of one name: one of them would never be found. */
function refuseRepeats<Item, Name extends keyof Item & string>(
  items: readonly Item[],
  name: Name,
  check: z.RefinementCtx,
): void {
  for (const [at, item] of items.entries()) {
    if (items.findIndex((other) => other[name] === item[name]) < at) {
      check.addIssue({ code: 'custom', path: [at, name], message: 'is there twice' });
    }
  }
}

/** The whole configuration: one schema, read once. Every default is the safe one. */
export const configSchema = z
  .strictObject({
    issuer: secureUrl
      .refine(
        (text) => (URL.parse(text)?.pathname ?? '/') === '/',
        'must have no path; give Gatehouse a host name of its own',
      )
      .describe('our public URL; must be what browsers and apps use'),
    name: z
      .string()
      .min(1)
      .max(60)
      .default('Gatehouse')
      .describe('the organisation, as people read it on our pages'),
    listen,
    management,
    fips: z
      .enum(['off', 'prefer', 'required'])
      .default('off')
      .describe('FIPS 140-3: prefer uses it where OpenSSL has it, required does not start without'),
    trustProxy: z
      .stringbool()
      .or(z.boolean())
      .default(false)
      .describe('believe X-Forwarded-* of the proxy in front'),
    trustedProxies: z
      .array(addressRange)
      .default([])
      .describe('with trustProxy: from which addresses; none: whoever can connect'),
    store,
    secrets: z.strictObject({
      store: secret.describe('seals what the store holds; losing it loses every grant'),
      storePrevious: z
        .array(secret)
        .default([])
        .describe('what `secrets.store` was before; accepted until `gatehouse store rewrap`'),
      cookies: z
        .array(secret)
        .min(1)
        .describe('signs cookies: the first signs, all are accepted, so that they can be changed one by one'),
    }),
    fhirServers: z
      .array(fhirServer)
      .min(1, 'name at least one FHIR server')
      .superRefine((servers, check) => {
        refuseRepeats(servers, 'id', check);
        refuseRepeats(servers, 'url', check);
      }),
    clients: z
      .array(clientRegistration)
      .superRefine((clients, check) => refuseRepeats(clients, 'client_id', check))
      .default([])
      .describe('read-only registrations; more with `gatehouse client add`'),
    clientKeys: z
      .strictObject({
        allowPrivate: z
          .array(privateHost)
          .default([])
          .describe(
            'host names and address ranges inside where clients may keep their jwks_uri and backchannel_logout_uri',
          ),
      })
      .prefault({}),
    tokens: z
      .strictObject({
        accessTokenSeconds: z.number().int().min(60).max(DAY).default(3600),
        backendTokenSeconds: z
          .number()
          .int()
          .min(30)
          .max(3600)
          .default(300)
          .describe('SMART advises 300 at most'),
        codeSeconds: z.number().int().min(10).max(600).default(60),
        refreshTokenSeconds: z
          .number()
          .int()
          .min(3600)
          .max(400 * DAY)
          .default(100 * DAY)
          .describe('how long an unused refresh token lives; certification asks for three months'),
        refreshGraceSeconds: z
          .number()
          .int()
          .min(0)
          .max(300)
          .default(30)
          .describe('how long a refresh whose answer got lost can be repeated, for the same answer'),
        sessionSeconds: z
          .number()
          .int()
          .min(60)
          .max(30 * DAY)
          .default(8 * 3600),
        revokeAccessToken: z
          .enum(['token', 'grant'])
          .default('token')
          .describe('what revoking an access token ends: that token, or the whole grant'),
      })
      .prefault({}),
    signIn,
    mail,
    consent: z
      .strictObject({
        durations: z
          .array(z.enum(DURATIONS))
          .min(1)
          .default([...DURATIONS])
          .describe('what people may choose where an app may keep coming back'),
        preselected: z.enum(DURATIONS).default('until-stopped').describe('what is chosen until they choose'),
      })
      .refine(({ durations, preselected }) => durations.includes(preselected), {
        path: ['preselected'],
        message: 'must be one of consent.durations',
      })
      .prefault({}),
    frames: z
      .strictObject({
        ancestors: z
          .array(frameAncestor)
          .default([])
          .describe(
            'origins of EHRs that may show sign-in and consent in a frame; without any, framing is blocked',
          ),
      })
      .prefault({}),
    records,
    audit,
    notices: z
      .strictObject({
        grants: z
          .boolean()
          .default(true)
          .describe(
            'mail to who allows an app that may come back; needs mail, and an address known to be theirs',
          ),
        remindEveryDays: z
          .number()
          .int()
          .min(0)
          .max(3650)
          .default(365)
          .describe('mail to who allowed apps so long ago: which still have access; 0: never'),
      })
      .prefault({}),
    theme: z
      .strictObject({
        directory: z
          .string()
          .optional()
          .describe('own templates, colours, logo and words in place of ours; see views/README.md'),
      })
      .prefault({}),
    timeZone,
    languages: z
      .strictObject({
        offered: z
          .array(
            z.string().regex(/^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$/, 'use a language tag such as es or pt-BR'),
          )
          .min(1)
          .default([...LANGUAGES])
          .describe('what people may choose at the foot of each page'),
        preferred: z.string().default('en').describe('for browsers that ask for none of them'),
      })
      .refine(({ offered, preferred }) => offered.includes(preferred), {
        path: ['preferred'],
        message: 'must be one of languages.offered',
      })
      .prefault({}),
    limits,
    time,
    introspection: z
      .strictObject({
        cacheMegabytes: z
          .number()
          .int()
          .min(0)
          .max(64)
          .default(32)
          .describe(
            'memory for values that were opened; one that is the same to the byte is not opened again',
          ),
      })
      .prefault({}),
    log: z
      .strictObject({ level: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']).default('info') })
      .prefault({}),
  })
  .refine(({ trustProxy, trustedProxies }) => trustProxy || trustedProxies.length === 0, {
    path: ['trustedProxies'],
    message: 'belongs with trustProxy: true',
  })
  .superRefine(refuseUnknownServers)
  .superRefine(checkBreakGlass)
  .superRefine(checkSignIn);

interface NamingServers {
  readonly fhirServers: readonly { id: string }[];
  readonly clients: readonly { fhir_servers?: string[] | undefined }[];
  readonly records: { readonly push: readonly string[] };
  readonly audit: { readonly delivery: readonly { readonly fhirServer?: string | undefined }[] };
}

/** A client that names a FHIR server we do not have could use none; records for one would go nowhere. */
function refuseUnknownServers(
  { fhirServers, clients, records: { push }, audit: { delivery } }: NamingServers,
  check: z.RefinementCtx,
): void {
  const refuse = (path: PropertyKey[], ids: readonly string[] = []): void => {
    const unknown = ids.find((id) => !fhirServers.some((server) => server.id === id));
    if (unknown === undefined) return;
    check.addIssue({ code: 'custom', path, message: `${unknown} is not the id of a FHIR server` });
  };
  for (const [at, client] of clients.entries()) refuse(['clients', at, 'fhir_servers'], client.fhir_servers);
  refuse(['records', 'push'], push);
  for (const [at, { fhirServer }] of delivery.entries())
    if (fhirServer !== undefined) refuse(['audit', 'delivery', at, 'fhirServer'], [fhirServer]);
}

export type ConfigInput = z.input<typeof configSchema>;
export type Config = z.output<typeof configSchema>;
export type IdentityProviderConfig = Config['signIn']['providers'][number];
export type FhirServerConfig = Config['fhirServers'][number];
export type AuditReceiverConfig = Config['audit']['delivery'][number];
