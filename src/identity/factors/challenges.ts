/** What an authenticator has to sign; `store/` keeps it. */
export interface ChallengeStore {
  /** @param binding the interaction or session of the browser that was shown it */
  put(binding: string, challenge: string, ttlSeconds: number): Promise<void>;
  /** Returns it and forgets it in one step: of concurrent callers, exactly one gets it. */
  take(binding: string): Promise<string | undefined>;
}

export const CHALLENGE_SECONDS = 300;
