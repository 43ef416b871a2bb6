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
  /** How they were recognised there, where its word counts. */
  readonly amr?: readonly string[];
  readonly acr?: string;
}

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
  /** uids of our sessions */
  of(upstream: Pick<UpstreamSession, 'provider'> & Partial<UpstreamSession>): Promise<readonly string[]>;
}
