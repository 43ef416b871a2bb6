import { CONSENT_POLICIES } from '../consent/index.ts';
import { z } from 'zod';

import { parseScopeList } from '../smart/index.ts';

/** Characters that read alike raw and form-encoded, so that HTTP Basic cannot be misread (CLI-03). */
const CLIENT_ID = /^[A-Za-z0-9._~-]{1,128}$/;
/** Ours, with which we ask FHIR servers for patients to choose from; nobody else may be called so. */
export const OWN_CLIENT_ID = 'gatehouse';
const SECRET = /^[A-Za-z0-9._~-]{16,256}$/;
/** A scheme with a dot in it, the reversed domain name of a native app (RFC 8252 §7.1). */
const PRIVATE_SCHEME = /^[a-z][a-z0-9+-]*\.[a-z0-9.+-]*:/i;
const REFUSED_SCHEMES = /^(javascript|data|file|blob|vbscript|about|ftp):/i;

const redirectUri = z
  .string()
  .max(2048)
  .superRefine((text, check) => {
    const problem = redirectUriProblem(text);
    if (problem) check.addIssue({ code: 'custom', message: problem });
  });

/** What is wrong with a redirect URI, in a sentence; `undefined` when nothing is (attack rows A010–A017). */
function redirectUriProblem(text: string): string | undefined {
  const url = URL.parse(text);
  if (!url) return 'must be an absolute URL';
  if (REFUSED_SCHEMES.test(text)) return `must not use the ${url.protocol} scheme`;
  if (text.includes('#')) return 'must not have a fragment';
  if (text.includes('*')) return 'must not contain a wildcard';
  if (url.username || url.password) return 'must not contain a user name or password';
  if (url.searchParams.has('code') || url.searchParams.has('state'))
    return 'must not carry code or state itself';
  if (url.protocol === 'http:' && !isLoopback(url.hostname)) return 'must use https, except on localhost';
  if (!/^https?:$/.test(url.protocol) && !url.protocol.includes('.')) {
    return 'must use https or a private scheme with a dot in it, such as com.example.app:';
  }
  return undefined;
}

export function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '127.0.0.1' || hostname === '[::1]';
}

const scopeList = z.string().superRefine((text, check) => {
  const [problem] = parseScopeList(text).problems;
  if (problem)
    check.addIssue({ code: 'custom', message: `${problem.scope} is not a scope (${problem.code})` });
});

/** Members only a private key has (RFC 7518 §6.2.2, §6.3.2). */
export const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth'];

/** A public key as a client may have it, registered or at its URL (CRG-06). */
export const jwk = z
  .looseObject({ kty: z.enum(['RSA', 'EC']), kid: z.string().min(1) })
  .superRefine((key, check) => {
    if (PRIVATE_MEMBERS.some((member) => member in key)) {
      check.addIssue({ code: 'custom', message: 'holds a private key; register the public half only' });
    }
    const needed = key.kty === 'RSA' ? ['n', 'e'] : ['crv', 'x', 'y'];
    const missing = needed.filter((member) => typeof key[member] !== 'string');
    if (missing.length > 0) check.addIssue({ code: 'custom', message: `lacks ${missing.join(', ')}` });
  });

const jwks = z.strictObject({ keys: z.array(jwk).min(1).max(50) }).superRefine(({ keys }, check) => {
  if (new Set(keys.map(({ kid }) => kid)).size !== keys.length) {
    check.addIssue({ code: 'custom', message: 'each key needs a kid of its own' });
  }
});

/** Keys fetched in the clear are anybody's keys (CRG-07). */
const jwksUri = z.string().refine(isProtected, 'must be an https URL; http is accepted on localhost only');

function isProtected(text: string): boolean {
  const url = URL.parse(text);
  return url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback(url.hostname));
}

/** What is said about a user in the clear is anybody's. */
const signInUri = z
  .string()
  .refine(isProtected, 'must be an https URL; http is accepted on localhost only')
  .refine((text) => URL.parse(text)?.hash === '', 'must have no fragment');

/** Where a client is told that somebody has signed out (OpenID Connect Back-Channel Logout 1.0 §2.2). */
const logoutUri = signInUri.refine((text) => {
  const { username, password } = URL.parse(text) ?? {};
  return !username && !password;
}, 'must not contain a user name or password');

/**
 * An origin as browsers send it, letter by letter. `null` is what every sandboxed frame and local file sends, and nothing
 * else would ever be sent.
 */
function isBrowserOrigin(text: string): boolean {
  const url = URL.parse(text);
  return url?.origin === text && /^https?:$/.test(url.protocol);
}

const browserOrigin = z
  .string()
  .refine(
    isBrowserOrigin,
    'must be an origin as browsers send it, such as https://app.example: http or https, no path and no last slash',
  );

/** What a client may do beyond signing people in. */
const CLIENT_RIGHTS = ['introspect', 'launch'] as const;
export type ClientRight = (typeof CLIENT_RIGHTS)[number];

const GRANT_TYPES = ['authorization_code', 'refresh_token', 'client_credentials'] as const;

/**
 * A client registration, in the names of RFC 7591 with ours beside them. The same shape in configuration files, on the
 * command line and in the store.
 */
export const clientRegistration = z
  .strictObject({
    client_id: z
      .string()
      .regex(CLIENT_ID, 'use 1 to 128 letters, digits, ., _, ~ or -')
      .refine((id) => id !== OWN_CLIENT_ID, 'is what Gatehouse calls itself; choose another'),
    client_name: z.string().min(1).max(100),
    client_uri: z.url({ protocol: /^https?$/ }).optional(),
    redirect_uris: z.array(redirectUri).max(20).default([]),
    /** With `launch`: where this EHR says who is signed in to it, in the browser that was sent there. */
    sign_in_uri: signInUri.optional(),
    /** With `launch`: the apps it may launch; default: any. */
    launch_apps: z.array(z.string()).min(1).optional(),
    /** Where an EHR may launch the app (LCH-01). */
    launch_uris: z.array(redirectUri).max(20).default([]),
    token_endpoint_auth_method: z.enum(['none', 'client_secret_basic', 'private_key_jwt']).default('none'),
    client_secret: z.string().regex(SECRET, 'use 16 to 256 letters, digits, ., _, ~ or -').optional(),
    jwks: jwks.optional(),
    jwks_uri: jwksUri.optional(),
    grant_types: z.array(z.enum(GRANT_TYPES)).default(['authorization_code', 'refresh_token']),
    /** The most the app may ever ask for. */
    scope: scopeList.default(''),
    application_type: z.enum(['web', 'native']).default('web'),
    /** Browser origins that may call the token endpoint; default: those of the redirect URIs (CORS-03). */
    allowed_origins: z.array(browserOrigin).optional(),
    /** Somebody at the organisation has looked who is behind it; else people read that nobody has. */
    verified: z.boolean().optional(),
    /** What the organisation says about it on the consent screen, by language tag. */
    about: z
      .record(z.string().regex(/^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$/), z.string().min(1).max(500))
      .optional(),
    /** How long a person may let it keep coming back at most, in days; default: until they stop it. */
    max_access_days: z
      .number()
      .int()
      .min(1)
      .max(10 * 365)
      .optional(),
    /**
     * Whether people are asked each time, only about what they did not decide before (`remember`), or never (`skip`: for the
     * organisation's own apps). Of a public client anybody can take the name, so that they are always asked (A094).
     */
    consent: z.enum(CONSENT_POLICIES).default('always'),
    /** People sign in to it with more than a password, whatever their role needs. */
    require_mfa: z.boolean().optional(),
    /** Where it is told that somebody whom it knows by an id token has signed out here. */
    backchannel_logout_uri: logoutUri.optional(),
    /** Its id tokens, and what it is told, name the session (`sid`); default: the person alone. */
    backchannel_logout_session_required: z.boolean().optional(),
    rights: z.array(z.enum(CLIENT_RIGHTS)).default([]),
    /** Ids of the FHIR servers it may use, or, with `introspect`, ask for; default: all of them. */
    fhir_servers: z.array(z.string()).min(1).optional(),
    /** With `launch`: the `tenant` values it may launch apps for; default: any. Of one alone, each launch carries it. */
    tenants: z.array(z.string().min(1).max(1024)).min(1).optional(),
  })
  .superRefine((client, check) => {
    for (const message of contradictions(client)) check.addIssue({ code: 'custom', message });
  });

export type ClientRegistrationInput = z.input<typeof clientRegistration>;
export type ClientRegistration = z.output<typeof clientRegistration>;

interface Parts {
  readonly token_endpoint_auth_method: string;
  readonly client_secret?: string | undefined;
  readonly jwks?: unknown;
  readonly jwks_uri?: string | undefined;
  readonly grant_types: readonly string[];
  readonly redirect_uris: readonly string[];
  readonly application_type: 'web' | 'native';
  readonly rights: readonly ClientRight[];
  readonly tenants?: readonly string[] | undefined;
  readonly sign_in_uri?: string | undefined;
  readonly launch_apps?: readonly string[] | undefined;
  readonly consent: (typeof CONSENT_POLICIES)[number];
  readonly scope: string;
  readonly backchannel_logout_uri?: string | undefined;
  readonly backchannel_logout_session_required?: boolean | undefined;
}

function contradictions(client: Parts): string[] {
  const method = client.token_endpoint_auth_method;
  const uses = (grantType: string): boolean => client.grant_types.includes(grantType);
  const rules: readonly (readonly [boolean, string])[] = [
    [method === 'client_secret_basic' && !client.client_secret, 'client_secret_basic needs a client_secret'],
    [method !== 'client_secret_basic' && !!client.client_secret, `${method} takes no client_secret`],
    [
      method === 'private_key_jwt' && !client.jwks && !client.jwks_uri,
      'private_key_jwt needs jwks or jwks_uri',
    ],
    [!!client.jwks && !!client.jwks_uri, 'give jwks or jwks_uri, not both'],
    [
      uses('client_credentials') && method !== 'private_key_jwt',
      'client_credentials is for private_key_jwt clients only (SMART Backend Services)',
    ],
    [
      uses('authorization_code') && client.redirect_uris.length === 0,
      'authorization_code needs a redirect_uri',
    ],
    [
      client.application_type === 'web' && client.redirect_uris.some((uri) => PRIVATE_SCHEME.test(uri)),
      'a redirect_uri with a private scheme needs application_type native',
    ],
    [
      method === 'none' && client.consent !== 'always',
      `consent ${client.consent} is for clients that prove who they are`,
    ],
    [
      !!client.sign_in_uri && method !== 'private_key_jwt',
      'sign_in_uri needs private_key_jwt: what it says is signed',
    ],
    [
      !!client.sign_in_uri && !client.rights.includes('launch'),
      'sign_in_uri is for clients with the launch right',
    ],
    [
      !!client.launch_apps && !client.rights.includes('launch'),
      'launch_apps is for clients with the launch right',
    ],
    [!!client.tenants && !client.rights.includes('launch'), 'tenants is for clients with the launch right'],
    [
      client.backchannel_logout_session_required !== undefined && !client.backchannel_logout_uri,
      'backchannel_logout_session_required needs a backchannel_logout_uri',
    ],
    [
      !!client.backchannel_logout_uri &&
        !(uses('authorization_code') && client.scope.split(' ').includes('openid')),
      'backchannel_logout_uri is for clients that get id tokens: authorization_code, and openid in scope',
    ],
    [
      uses('refresh_token') && !uses('authorization_code'),
      'refresh_token needs authorization_code beside it',
    ],
  ];
  return rules.filter(([broken]) => broken).map(([, message]) => message);
}

/** Is this text of the shape of a client id? Anything else cannot be registered and need not be looked up. */
export function isClientId(text: string): boolean {
  return CLIENT_ID.test(text);
}

/**
 * Origins whose scripts may call the token endpoint for this client (CORS-02, CORS-03); of those that were stored before
 * they were looked at, the ones that are origins.
 */
export function browserOrigins(
  client: Pick<ClientRegistration, 'allowed_origins' | 'redirect_uris'>,
): string[] {
  if (client.allowed_origins) return client.allowed_origins.filter(isBrowserOrigin);
  const origins = client.redirect_uris
    .map((uri) => new URL(uri).origin)
    .filter((origin) => origin !== 'null');
  return [...new Set(origins)];
}
