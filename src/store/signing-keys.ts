import type { SigningKeySet, SigningKeyStore } from '../keys/index.ts';
import { key } from './keys.ts';
import { replaceUnchanged } from './replace.ts';
import type { Vault } from './vault.ts';

/** Keys that sign tokens. */
export function createSigningKeyStore(vault: Vault): SigningKeyStore {
  return keySetAt(vault, key.signingKeys);
}

/** Keys that sign records of what people decided. */
export function createRecordKeyStore(vault: Vault): SigningKeyStore {
  return keySetAt(vault, key.recordKeys);
}

/** Keys that sign the audit log. */
export function createAuditKeyStore(vault: Vault): SigningKeyStore {
  return keySetAt(vault, key.auditKeys);
}

function keySetAt(vault: Vault, name: string): SigningKeyStore {
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
