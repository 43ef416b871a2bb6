import type { EpochSeconds } from '../oauth/index.ts';
import { isFhirId, isResourceScope, parseScopeList, type ResourceScope } from '../smart/index.ts';
import type { Refused } from './refused.ts';
import { heldBackIn } from './residual.ts';

/** What a resource server knows of a live token (SEM-25). */
export interface TokenInfo {
  /** The FHIR resource scopes; scopes of other kinds say nothing about data. */
  readonly scopes: readonly ResourceScope[];
  /** The `scope` member as it came. */
  readonly scopeText: string;
  readonly clientId: string;
  readonly exp: EpochSeconds;
  readonly iat?: EpochSeconds;
  /** The FHIR base URLs the token is good for. */
  readonly aud?: string | readonly string[];
  readonly iss?: string;
  readonly sub?: string;
  /** The signed-in user as a reference, absolute or relative, e.g. `Practitioner/19`. */
  readonly fhirUser?: string;
  /** Bare id of the patient in context. */
  readonly patient?: string;
  /** Bare id of the encounter in context. */
  readonly encounter?: string;
  readonly tenant?: string;
  /** What the feed of revocations calls the grant of this token; absent where Gatehouse is too old to have one. */
  readonly grantRef?: string;
  /** Codes of security labels that hold a resource back, with commas; absent: none does. */
  readonly heldBack?: string;
}

/**
 * Reads the members of an introspection answer with `active: true`, or of a JWT access token. `undefined` when
 * `scope`, `client_id` or `exp` is missing (SMART requires them) or a member has the wrong type.
 *
 * @see SMART App Launch 2.2.0, "Token Introspection" — SEM-25
 */
export function tokenFrom(wire: Readonly<Record<string, unknown>>): TokenInfo | undefined {
  const { scope, client_id: clientId, exp, iat, aud, grant_ref: grantRef } = wire;
  if (typeof scope !== 'string' || typeof clientId !== 'string' || typeof exp !== 'number') return undefined;
  if (aud !== undefined && typeof aud !== 'string' && !isTextList(aud)) return undefined;
  const texts = readTexts(wire);
  const labels = heldBackIn(wire['extensions']);
  if (!texts || labels === undefined) return undefined;
  return {
    scopes: resourceScopesOf(scope),
    scopeText: scope,
    clientId,
    exp,
    ...(typeof iat === 'number' ? { iat } : {}),
    ...(aud === undefined ? {} : { aud }),
    ...(typeof grantRef === 'string' ? { grantRef } : {}),
    ...(labels === '' ? {} : { heldBack: labels }),
    ...texts,
  };
}

/** Tokens of one app mostly ask for the same; so many different lists are kept. */
const MOST_LISTS = 500;
const lists = new Map<string, readonly ResourceScope[]>();

function resourceScopesOf(text: string): readonly ResourceScope[] {
  const known = lists.get(text);
  if (known) return known;
  const scopes = parseScopeList(text).scopes.filter(isResourceScope);
  if (lists.size >= MOST_LISTS) lists.clear();
  lists.set(text, scopes);
  return scopes;
}

const TEXTS = ['iss', 'sub', 'fhirUser', 'patient', 'encounter', 'tenant'] as const;
type Texts = Partial<Record<(typeof TEXTS)[number], string>>;

function readTexts(wire: Readonly<Record<string, unknown>>): Texts | undefined {
  const texts: Texts = {};
  for (const name of TEXTS) {
    const value = wire[name];
    if (value === undefined || value === null) continue;
    if (typeof value !== 'string') return undefined;
    if ((name === 'patient' || name === 'encounter') && !isFhirId(value)) return undefined;
    texts[name] = value;
  }
  return texts;
}

function isTextList(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

/**
 * Is this token good here and now? Refuses what has expired (SEM-01) and what was not issued for this FHIR base URL
 * (SEM-02; one trailing slash does not matter). A token that names no audience is good nowhere.
 */
export function verifyToken(
  token: Pick<TokenInfo, 'exp' | 'aud'>,
  here: { readonly fhirBaseUrl: string; readonly now: EpochSeconds },
): Refused | undefined {
  if (token.exp <= here.now) return invalidToken('the access token has expired');
  const audiences = typeof token.aud === 'string' ? [token.aud] : (token.aud ?? []);
  if (audiences.some((audience) => withoutSlash(audience) === withoutSlash(here.fhirBaseUrl)))
    return undefined;
  return invalidToken('the access token was issued for another FHIR server');
}

function invalidToken(description: string): Refused {
  return { allowed: false, status: 401, error: 'invalid_token', description };
}

function withoutSlash(url: string): string {
  return url.endsWith('/') ? url.slice(0, -1) : url;
}
