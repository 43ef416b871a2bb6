import type { Config, IdentityProviderConfig } from '../config/index.ts';
import type { Account } from '../identity/index.ts';
import type { AccountId, Clock, EpochSeconds } from '../oauth/index.ts';
import { accountOf, type AccountParts } from './account.ts';
import { ATTEMPT_SECONDS, type Began, type SignInAttempt, type SignInAttempts } from './attempt.ts';
import type { SignInProblem } from './problems.ts';
import type { Claims, Question, RelyingParty } from './relying-party.ts';
import type { CarriedSignIn } from './session.ts';

const TOLERANCE_SECONDS = 10;

export interface UpstreamSignInParts extends AccountParts {
  readonly config: Pick<Config, 'fhirServers' | 'signIn'>;
  readonly relyingParty: RelyingParty;
  readonly attempts: SignInAttempts;
  readonly clock: Clock;
  readonly newState: () => string;
}

/** What became of a sign-in elsewhere. */
export interface Arrived {
  readonly from: Began;
  readonly silent: boolean;
  readonly result:
    | {
        readonly ok: true;
        readonly account: Account;
        readonly carried: CarriedSignIn;
        readonly change?: 'added' | 'updated';
        readonly fields: readonly string[];
      }
    | {
        readonly ok: false;
        readonly problem: SignInProblem;
        /** For the log. */
        readonly detail?: string;
        readonly accountId?: AccountId;
      };
}

/**
 *     begin ──▶ (the provider) ──▶ end
 *                 10 minutes         once, in the browser it began in, at the address of that provider
 */
export interface UpstreamSignIn {
  /** @throws Error when the provider is away */
  begin(provider: IdentityProviderConfig, from: Began, browser: string, question: Question): Promise<string>;
  /** `undefined`: it began in another browser, with another provider, too long ago, or has ended already. */
  end(provider: IdentityProviderConfig, url: URL, browser: string | undefined): Promise<Arrived | undefined>;
}

export function createUpstreamSignIn(parts: UpstreamSignInParts): UpstreamSignIn {
  const { relyingParty, attempts, clock, newState } = parts;
  return {
    async begin(provider, from, browser, question) {
      const state = newState();
      const { url, nonce, verifier } = await relyingParty.ask(provider, question, state);
      const { prompt, maxAge } = question;
      const attempt = {
        ...{ provider: provider.id, browser, from, nonce, verifier, startedAt: clock() },
        ...{ fresh: prompt === 'login', silent: prompt === 'none' },
        ...(maxAge === undefined ? {} : { maxAge }),
      };
      await attempts.put(state, attempt, ATTEMPT_SECONDS);
      return url;
    },
    async end(provider, url, browser) {
      const state = url.searchParams.get('state') ?? '';
      const isOurs = (attempt: SignInAttempt | undefined): attempt is SignInAttempt =>
        attempt !== undefined && attempt.browser === browser && attempt.provider === provider.id;
      // Looked at before it is taken: somebody else's browser spoils nothing.
      if (state === '' || !isOurs(await attempts.peek(state))) return undefined;
      const attempt = await attempts.take(state);
      if (!isOurs(attempt)) return undefined;
      const { from, silent } = attempt;
      return { from, silent, result: await resultOf(provider, url, { ...attempt, state }, parts) };
    },
  };
}

async function resultOf(
  provider: IdentityProviderConfig,
  url: URL,
  attempt: SignInAttempt & { readonly state: string },
  parts: UpstreamSignInParts,
): Promise<Arrived['result']> {
  const heard = await parts.relyingParty.hear(provider, url, attempt);
  if (!heard.ok) return heard;
  const { claims, idToken } = heard;
  if (attempt.fresh && wasBefore(claims, attempt)) return { ok: false, problem: 'not-fresh' };
  const { fhirServers } = parts.config;
  const bases = fhirServers.filter(({ id }) => provider.fhirServers?.includes(id) ?? true);
  const found = await accountOf(
    provider,
    claims,
    bases.map(({ url: base }) => base),
    parts,
  );
  return found.ok ? { ...found, carried: carriedFrom(provider, claims, idToken, parts.clock()) } : found;
}

/** It says itself that the person was asked before we asked. */
function wasBefore({ auth_time: time }: Claims, { startedAt }: SignInAttempt): boolean {
  return typeof time === 'number' && time < startedAt - TOLERANCE_SECONDS;
}

function carriedFrom(
  { id, trustMfa }: IdentityProviderConfig,
  { sub, sid, auth_time: authTime, amr, acr }: Claims,
  idToken: string,
  now: EpochSeconds,
): CarriedSignIn {
  const methods = Array.isArray(amr) ? amr.filter((one) => typeof one === 'string') : [];
  return {
    upstream: {
      ...{ provider: id, sub, idToken, since: now, cameMs: Date.now() },
      ...(typeof sid === 'string' ? { sid } : {}),
      ...(trustMfa && methods.length > 0 ? { amr: methods } : {}),
      ...(trustMfa && typeof acr === 'string' ? { acr } : {}),
    },
    at: typeof authTime === 'number' ? Math.min(authTime, now) : now,
    method: trustMfa && methods.includes('mfa') ? 'vouched-several' : 'vouched',
  };
}
