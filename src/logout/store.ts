import type { ClientId, EpochSeconds } from '../oauth/index.ts';

/** An app that knows by an id token who is signed in. */
export interface AppOfSession {
  readonly clientId: ClientId;
  /** What it knows the session by; absent: it knows the person alone. */
  readonly sid?: string;
}

/** Which apps got an id token in which session; `store/` implements it. */
export interface AppsOfSessions {
  /** @param uid of the session */
  note(uid: string, app: AppOfSession, expiresAt: EpochSeconds): Promise<void>;
  /** Those that were noted, once: what was noted by then is forgotten. */
  take(uid: string): Promise<readonly AppOfSession[]>;
}
