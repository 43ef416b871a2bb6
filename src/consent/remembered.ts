import type { AccountId, ClientId, EpochSeconds } from '../oauth/index.ts';
import type { Left } from './as-left.ts';
import { endOf } from './duration.ts';
import { formatScopeList, parseScopeList, type Scope } from '../smart/index.ts';

/** Whether people are asked each time, only about what they did not decide before, or never. */
export const CONSENT_POLICIES = ['always', 'remember', 'skip'] as const;

/** What somebody decided about an app, to be held to when it asks again. */
export interface RememberedDecision {
  readonly fhirBaseUrl: string;
  readonly patient?: string;
  /** Everything that was on the screen, as one scope parameter. */
  readonly offered: string;
  /** What of it was granted. */
  readonly kept: string;
  /** When what was granted ends for good. */
  readonly endsAt?: EpochSeconds;
  readonly decidedAt: EpochSeconds;
  /** What is left out of all they were asked, then and before. */
  readonly left?: Left;
  /** It says where the boxes begin when they are asked again, and is no reason not to ask. */
  readonly asksAgain?: true;
}

/** Keeps decisions of a person about an app; `store/` implements it. */
export interface ConsentMemory {
  of(accountId: AccountId, clientId: ClientId): Promise<readonly RememberedDecision[]>;
  /** The same; `undefined` when what is there was edited, and nobody will read it any more. @throws whatever passes */
  ifReadable(accountId: AccountId, clientId: ClientId): Promise<readonly RememberedDecision[] | undefined>;
  save(accountId: AccountId, clientId: ClientId, decisions: readonly RememberedDecision[]): Promise<void>;
}

/** So many patients, and FHIR servers, of one person and app are remembered. */
const MOST_DECISIONS = 50;

/** What an app asks for now. */
export interface AskedAgain {
  readonly fhirBaseUrl: string;
  readonly patient?: string | undefined;
  readonly offer: readonly Scope[];
  /** The app's own limit today; `undefined`: none. */
  readonly mostDays?: number | undefined;
}

/**
 * What was decided about exactly this before; `undefined` when anything of it was not on the screen then, was about another
 * record, or has ended since. A remembered consent never widens, and lasts no longer than the app may be allowed to today.
 */
export function recall(
  decisions: readonly RememberedDecision[],
  { fhirBaseUrl, patient, offer, mostDays }: AskedAgain,
  now: EpochSeconds,
): RememberedDecision | undefined {
  const found = lastAbout(decisions, { fhirBaseUrl, patient });
  if (!found || found.asksAgain) return undefined;
  const offered = new Set(parseScopeList(found.offered).scopes.map(({ text }) => text));
  const limit = endOf(mostDays === undefined ? {} : { days: mostDays }, found.decidedAt) ?? Infinity;
  const endsAt = Math.min(found.endsAt ?? Infinity, limit);
  if (endsAt <= now || !offer.every(({ text }) => offered.has(text))) return undefined;
  return endsAt === Infinity ? found : { ...found, endsAt };
}

/** What was decided last about this record, whether it still holds or not. */
export function lastAbout(
  decisions: readonly RememberedDecision[],
  record: RecordConcerned,
): RememberedDecision | undefined {
  return decisions.find((decision) => isAbout(decision, record));
}

/** After something was taken back: whatever they decided about the app, they are asked again. */
export function askedAgain(decisions: readonly RememberedDecision[]): RememberedDecision[] {
  return decisions.map((decision) => ({ ...decision, asksAgain: true }));
}

/** The newest first; of one record the newest alone. */
export function withDecision(
  decisions: readonly RememberedDecision[],
  added: Omit<RememberedDecision, 'offered' | 'kept'> & {
    readonly offered: readonly Scope[];
    readonly kept: readonly Scope[];
  },
): RememberedDecision[] {
  const written = { ...added, offered: formatScopeList(added.offered), kept: formatScopeList(added.kept) };
  return [written, ...decisions.filter((one) => !isAbout(one, added))].slice(0, MOST_DECISIONS);
}

type RecordConcerned = Pick<AskedAgain, 'fhirBaseUrl' | 'patient'>;

function isAbout(decision: RememberedDecision, { fhirBaseUrl, patient }: RecordConcerned): boolean {
  return decision.fhirBaseUrl === fhirBaseUrl && decision.patient === patient;
}
