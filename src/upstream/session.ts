import type { EpochSeconds } from '../oauth/index.ts';

/** What a session of ours knows of the one it hangs on. */
export interface UpstreamSession {
  /** Id of the provider. */
  readonly provider: string;
  readonly sub: string;
  /** Its own name for its session, where it says one. */
  readonly sid?: string;
  /** To be shown when signing out there; lives as long as our session. */
  readonly idToken: string;
  /** When the person came from there; they may have been asked long before. */
  readonly since: EpochSeconds;
  /** The same in milliseconds, to tell whether that session ended after it; absent in those of before we looked. */
  readonly cameMs?: number;
  /** How they were recognised there, where its word counts. */
  readonly amr?: readonly string[];
  readonly acr?: string;
}

/** What a provider says has ended: one session by `sid`, or all of `sub`. */
export type EndedUpstream = Pick<UpstreamSession, 'provider'> & Partial<UpstreamSession>;

/** How somebody was recognised elsewhere, as far as it counts here. */
export interface CarriedSignIn {
  readonly upstream: UpstreamSession;
  /** When they were last asked who they are. */
  readonly at: EpochSeconds;
  /** What that is worth here. */
  readonly method: 'vouched' | 'vouched-several';
}

/** Which of our sessions hang on which elsewhere; a hint: a session says itself what it hangs on. `store/` implements it. */
export interface UpstreamSessions {
  /** @param uid of our session */
  note(upstream: UpstreamSession, uid: string, expiresAt: EpochSeconds): Promise<void>;
  /** From now on what hangs on that one has ended, also where no session of ours does yet. */
  noteEnd(ended: EndedUpstream, atMs: number): Promise<void>;
  /** Was that session ended there, after its person came from it? */
  hasEnded(upstream: UpstreamSession): Promise<boolean>;
  /** uids of our sessions */
  of(upstream: EndedUpstream): Promise<readonly string[]>;
}
