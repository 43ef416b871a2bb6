import type { EpochSeconds } from '../oauth/index.ts';
import type { TokenInfo } from './token.ts';

export interface CacheOptions {
  /** How many tokens; the one that was kept longest goes first. Default 10,000; 0: none is kept. */
  readonly entries?: number;
  /** Seconds one is kept at most, and never beyond its `exp`. Default 300. */
  readonly seconds?: number;
}

/** Tokens that were found alive, by a hash of their text: a dump of this process' memory holds none of them. */
export interface TokenCache {
  get(name: string, now: EpochSeconds): TokenInfo | undefined;
  set(name: string, token: TokenInfo, now: EpochSeconds): void;
  /** Forgets all tokens of a grant. */
  readonly dropGrant: (ref: string) => void;
  readonly clear: () => void;
  readonly size: number;
}

interface Kept {
  readonly token: TokenInfo;
  readonly until: EpochSeconds;
}

export function createTokenCache({ entries = 10_000, seconds = 300 }: CacheOptions = {}): TokenCache {
  const kept = new Map<string, Kept>();
  const ofGrant = new Map<string, Set<string>>();
  const drop = (name: string): void => {
    const ref = kept.get(name)?.token.grantRef ?? '';
    kept.delete(name);
    const others = ofGrant.get(ref);
    others?.delete(name);
    if (others?.size === 0) ofGrant.delete(ref);
  };
  return {
    get(name, now) {
      const found = kept.get(name);
      if (!found) return undefined;
      if (found.until > now) return found.token;
      drop(name);
      return undefined;
    },
    set(name, token, now) {
      const ref = token.grantRef;
      if (ref === undefined || entries === 0) return;
      drop(name);
      for (const [oldest] of kept) {
        if (kept.size < entries) break;
        drop(oldest);
      }
      kept.set(name, { token, until: Math.min(token.exp, now + seconds) });
      ofGrant.set(ref, (ofGrant.get(ref) ?? new Set()).add(name));
    },
    dropGrant(ref) {
      for (const name of ofGrant.get(ref) ?? []) kept.delete(name);
      ofGrant.delete(ref);
    },
    clear() {
      kept.clear();
      ofGrant.clear();
    },
    get size() {
      return kept.size;
    },
  };
}
