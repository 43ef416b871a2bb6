import type { AccountId, EpochSeconds } from '../oauth/index.ts';
import type { BrowserName } from './browser.ts';

/** A browser that somebody is signed in to. */
export interface SessionSummary extends BrowserName {
  /** Of use for ending it, and for nothing else. */
  readonly id: string;
  readonly signedInAt: EpochSeconds;
  readonly seenAt: EpochSeconds;
  /** It ends then, whatever is done with it. */
  readonly endsAt: EpochSeconds;
  /** The address it was last seen at, without what would name one device of many. */
  readonly network?: string;
}

/** Where people are signed in; `store/` implements it. */
export interface SessionList {
  of(accountId: AccountId): Promise<readonly SessionSummary[]>;
  /** Ends one, and what was granted for its time; `false`: there is none of theirs. */
  end(accountId: AccountId, id: string): Promise<boolean>;
  /** @returns how many there were */
  endAll(accountId: AccountId): Promise<number>;
}
