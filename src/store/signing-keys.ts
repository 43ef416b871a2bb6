import type { SigningKeySet, SigningKeyStore } from '../keys/index.ts';
import { key } from './keys.ts';
import { replaceUnchanged } from './replace.ts';
import type { Vault } from './vault.ts';

export function createSigningKeyStore(vault: Vault): SigningKeyStore {
  const name = key.signingKeys;
  return {
    load: () => vault.read<SigningKeySet>(name),
    create: (set) => vault.writeIfAbsent(name, set),
    async save(set) {
      const [before] = await vault.driver.getMany([name]);
      if (before === undefined || vault.open<SigningKeySet>(name, before).version !== set.version - 1)
        return false;
      return replaceUnchanged(vault.driver, vault.sealed(name, set), before);
    },
  };
}
