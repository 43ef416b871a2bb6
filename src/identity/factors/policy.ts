import type { EpochSeconds } from '../../oauth/index.ts';
import type { MfaRule } from '../mfa-rule.ts';
import type { Factors, Passkey } from './record.ts';

/**
 * What somebody has shown. A passkey says whether it may be on several devices; `vouched`: somebody else has signed them in
 * and says who they are, by what we do not know; `vouched-several`: and says that it was by several factors.
 */
export type Method =
  | 'password'
  | 'vouched'
  | 'vouched-several'
  | 'totp'
  | 'recovery-code'
  | 'mailed-code'
  | 'passkey'
  | 'synced-passkey';

/**
 * How sure we are who it is, as `acr` says it: one factor and several in the names of REFEDS, which federations know, and a
 * passkey in that of OpenID's EAP (`phr`: cannot be given away on a false page). Each includes those before it.
 */
export const ACR_VALUES = [
  'https://refeds.org/profile/sfa',
  'https://refeds.org/profile/mfa',
  'phr',
] as const;
export type Acr = (typeof ACR_VALUES)[number];
const [ONE, SEVERAL, PASSKEY] = ACR_VALUES;

/** RFC 8176 §2. A code that is typed is `otp`, wherever it is from; a passkey is a key with its owner beside it. */
const AMR: Readonly<Record<Method, readonly string[]>> = {
  password: ['pwd'],
  vouched: [],
  'vouched-several': ['mfa'],
  totp: ['otp'],
  'recovery-code': ['otp'],
  'mailed-code': ['otp'],
  passkey: ['hwk', 'user', 'mfa'],
  'synced-passkey': ['swk', 'user', 'mfa'],
};

export function methodOf({ isSynced }: Pick<Passkey, 'isSynced'>): 'passkey' | 'synced-passkey' {
  return isSynced ? 'synced-passkey' : 'passkey';
}

/** What was shown, as far as it counts, from the `amr` of a session. */
export function methodsSaid(amr: readonly string[] = []): readonly Method[] {
  if (amr.includes('hwk')) return ['passkey'];
  if (amr.includes('swk')) return ['synced-passkey'];
  const first = amr.includes('pwd') ? 'password' : 'vouched';
  if (first === 'vouched' && amr.includes('mfa') && !amr.includes('otp')) return ['vouched-several'];
  return amr.includes('otp') ? [first, 'totp'] : [first];
}

/** The `amr` of an id token. */
export function amrOf(methods: readonly Method[]): string[] {
  const said = methods.flatMap((method) => AMR[method]);
  return [...new Set([...said, ...(acrOf(methods) === SEVERAL ? ['mfa'] : [])])];
}

/** The most that these show. A code alone shows nothing but that somebody has a telephone. */
export function acrOf(methods: readonly Method[]): Acr {
  if (methods.some(isPasskey)) return PASSKEY;
  if (methods.includes('vouched-several')) return SEVERAL;
  return methods.some(isFirst) && methods.length > 1 ? SEVERAL : ONE;
}

function isFirst(method: Method): boolean {
  return method === 'password' || method === 'vouched';
}

function isPasskey(method: Method): boolean {
  return method === 'passkey' || method === 'synced-passkey';
}

/** Does what was reached include what was asked for? */
function reaches(reached: Acr, asked: Acr): boolean {
  return ACR_VALUES.indexOf(reached) >= ACR_VALUES.indexOf(asked);
}

/** What the app is told: the first it asked for that was reached, else what was reached. */
export function acrToSay(reached: Acr, requested: readonly string[]): Acr {
  return known(requested).find((asked) => reaches(reached, asked)) ?? reached;
}

export interface FactorsAsked {
  /** Of the role of the person. */
  readonly rule: MfaRule;
  /** The app is registered with `require_mfa`. */
  readonly isRequiredByClient: boolean;
  /** `acr_values`, in the order of the app. A wish: who cannot, goes on without. */
  readonly requestedAcr: readonly string[];
  /** `max_age` in seconds. */
  readonly maxAge?: number;
}

/** What the person has shown, in this session or on the way to it. */
export interface FactorsShown {
  readonly methods: readonly Method[];
  /** When they showed the first of it. */
  readonly at: EpochSeconds;
}

/** What the person could show. */
export interface FactorsOwned extends Pick<Factors, 'totp' | 'passkeys' | 'recoveryCodes'> {
  /** A code can be mailed to an address of theirs, and the operator lets that count. */
  readonly mayMail: boolean;
}

export type Second = 'passkey' | 'totp' | 'recovery-code' | 'mailed-code';

export type FactorsNeeded =
  | { readonly need: 'nothing'; readonly acr: Acr }
  /** Nobody is there yet, or too long ago: a password or a passkey. */
  | { readonly need: 'first' }
  /** One of these, the best first. */
  | { readonly need: 'second'; readonly of: readonly Second[] }
  /** They must have another factor, and have none: one is set up before they go on. */
  | { readonly need: 'enrol' };

/**
 * What somebody still has to show before an app gets anything: the one place that decides it. Who must have several factors
 * never goes on with one, whatever the app asks for.
 */
export function factorsNeeded(
  asked: FactorsAsked,
  owned: FactorsOwned,
  shown: FactorsShown | undefined,
  now: EpochSeconds,
): FactorsNeeded {
  if (!shown || shown.methods.length === 0 || isTooOld(shown, asked, now)) return { need: 'first' };
  const reached = acrOf(shown.methods);
  const must = asked.rule === 'required' || asked.isRequiredByClient ? SEVERAL : ONE;
  const of = secondsOf(owned);
  const wanted = highest([must, ...usual(asked, owned), ...wished(asked, owned)]);
  if (reaches(reached, wanted)) return { need: 'nothing', acr: reached };
  if (wanted === PASSKEY) return { need: 'second', of: ['passkey'] };
  return of.length > 0 ? { need: 'second', of } : { need: 'enrol' };
}

/** One more factor than a password, shown anew, whatever was shown before. */
export function stepUp(owned: FactorsOwned, shown: readonly Method[], now: EpochSeconds): FactorsNeeded {
  const asked = { rule: 'required', isRequiredByClient: false, requestedAcr: [] } as const;
  const seconds = shown.filter((method) => !isFirst(method) && method !== 'vouched-several');
  return factorsNeeded(asked, owned, { methods: ['password', ...seconds], at: now }, now);
}

/** RFC: OpenID Connect Core §3.1.2.1; 0 is "now". */
function isTooOld({ at }: FactorsShown, { maxAge }: FactorsAsked, now: EpochSeconds): boolean {
  return maxAge !== undefined && now - at > maxAge;
}

/** Whoever has a second factor is asked for it, except where nobody is. */
function usual({ rule }: FactorsAsked, { totp, passkeys }: FactorsOwned): readonly Acr[] {
  return rule !== 'off' && (totp !== undefined || passkeys.length > 0) ? [SEVERAL] : [];
}

/** Of what the app would like, the first that this person can show. */
function wished({ requestedAcr }: FactorsAsked, owned: FactorsOwned): readonly Acr[] {
  const can = owned.passkeys.length > 0 ? PASSKEY : secondsOf(owned).length > 0 ? SEVERAL : ONE;
  return known(requestedAcr)
    .filter((wish) => reaches(can, wish))
    .slice(0, 1);
}

function secondsOf({ passkeys, totp, recoveryCodes = [], mayMail }: FactorsOwned): readonly Second[] {
  return [
    ...(passkeys.length > 0 ? (['passkey'] as const) : []),
    ...(totp ? (['totp'] as const) : []),
    ...(recoveryCodes.length > 0 ? (['recovery-code'] as const) : []),
    ...(mayMail ? (['mailed-code'] as const) : []),
  ];
}

function known(values: readonly string[]): readonly Acr[] {
  return values.flatMap((value) => ACR_VALUES.find((one) => one === value) ?? []);
}

function highest(values: readonly Acr[]): Acr {
  return ACR_VALUES.findLast((one) => values.includes(one)) ?? ONE;
}
