import {
  NO_FACTORS,
  TOTP_STEP_SECONDS,
  type FactorChange,
  type FactorStore,
  type Factors,
} from '../identity/index.ts';
import type { AccountId } from '../oauth/index.ts';
import { createChanges } from './change.ts';
import { key } from './keys.ts';
import type { Vault } from './vault.ts';

/**
 * Keeps everything somebody signs in with beside the password in one sealed record.
 *
 * @param unsureBefore milliseconds since 1970: which codes were taken before may have been forgotten
 */
export function createFactorStore(vault: Vault, unsureBefore: () => number = () => 0): FactorStore {
  const change = createChanges(vault);
  const believed = (factors: Factors = NO_FACTORS): Factors => spent(factors, unsureBefore());
  return {
    read: async (id) => believed(await vault.read<Factors>(key.factors(id))),
    change: <Result>(id: AccountId, edit: (factors: Factors) => FactorChange<Result>) =>
      change<Factors, Result>(key.factors(id), (record) => {
        const { result, factors } = edit(believed(record));
        return { result, ...(factors ? { next: { record: factors } } : {}) };
      }),
    remove: async (id) => {
      await vault.driver.remove([key.factors(id)]);
      await vault.driver.assure(key.factors(id));
    },
  };
}

/** A code that could have been taken before that moment is no good, also one that is a step early. */
function spent(factors: Factors, unsureBefore: number): Factors {
  const step = Math.floor(unsureBefore / 1000 / TOTP_STEP_SECONDS) + 1;
  const { totp } = factors;
  return totp && unsureBefore > 0 && totp.lastStep < step
    ? { ...factors, totp: { ...totp, lastStep: step } }
    : factors;
}
