import type { Method } from '../identity/index.ts';
import type { AccountId, EpochSeconds } from '../oauth/index.ts';
import type { CarriedSignIn, SignInProblem } from '../upstream/index.ts';
import type { EncounterSummary, PatientSummary } from './directory.ts';

/** As long as an interaction may take. */
export const PROGRESS_SECONDS = 3600;

/**
 *     asked ──▶ told: why, and a second factor that is not among so many before, which were shown too long ago
 *       └────▶ declined: it goes on without
 */
export type Emergency =
  | { readonly state: 'asked' | 'declined' }
  | { readonly state: 'told'; readonly why: string; readonly before: number };

/**
 * How far a person has come. Kept on our side: a form carries choices, never state.
 *
 *     sign in ──▶ second factor ──▶ choose patient ──▶ choose encounter ──▶ consent ──▶ done
 *        ▲                     (each only where it is needed)                │
 *        └───────────────────────── "use another account" ───────────────────┘
 */
export interface Progress {
  /** Signed in within this interaction. */
  readonly accountId?: AccountId;
  /** What was shown within this interaction; on top of what the session says, where it is the session's person. */
  readonly methods?: readonly Method[];
  /** When the person signed in within this interaction. */
  readonly signedInAt?: EpochSeconds;
  /** How, where an identity provider did it. */
  readonly carried?: CarriedSignIn;
  /** Why one did not. */
  readonly notSignedIn?: { readonly provider: string; readonly problem: SignInProblem };
  /** A provider was asked already whether somebody is signed in there. */
  readonly askedSilently?: true;
  /** The person asked to sign in as somebody else than the session says. */
  readonly switchAccount?: true;
  /** The EHR was asked who is at this browser; with the nonce until it has answered. */
  readonly vouch?: { readonly nonce?: string; readonly at: EpochSeconds };
  /** Restricted records, which a clinician asks for in an emergency. */
  readonly emergency?: Emergency;
  readonly patient?: PatientSummary;
  readonly encounter?: EncounterSummary;
  /** The running search: the FHIR server's own links to the pages after the first. */
  readonly search?: { readonly query: string; readonly pages: readonly string[] };
  /** Where the browser was sent at the end, so that a form sent twice ends in the same place. */
  readonly finishedAt?: string;
}

/** Nobody has signed in any more, nor chosen anything; the page says why. */
export function signedOut(progress: Progress, notSignedIn: NonNullable<Progress['notSignedIn']>): Progress {
  const { accountId: _who, methods: _how, signedInAt: _when, ...kept } = unsigned(progress);
  return { ...kept, notSignedIn };
}

/** What is left of it when somebody signs in anew: nothing that another person chose, nor how they signed in. */
export function unsigned({
  patient: _patient,
  encounter: _encounter,
  search: _search,
  emergency: _emergency,
  carried: _carried,
  notSignedIn: _problem,
  ...kept
}: Progress): Progress {
  return kept;
}
