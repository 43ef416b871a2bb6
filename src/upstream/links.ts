import type { AccountId } from '../oauth/index.ts';

/** Which account belongs to whom at a provider: by its id and its `sub`, and by nothing else. `store/` implements it. */
export interface AccountLinks {
  find(provider: string, sub: string): Promise<AccountId | undefined>;
  /** `false`: it leads to somebody already. Of concurrent callers exactly one gets `true`. */
  add(provider: string, sub: string, accountId: AccountId): Promise<boolean>;
  remove(provider: string, sub: string): Promise<void>;
}
