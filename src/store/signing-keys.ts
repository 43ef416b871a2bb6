import type { SigningKeySet, SigningKeyStore } from '../keys/index.ts';
import { key } from './keys.ts';
import type { Vault } from './vault.ts';

export function createSigningKeyStore(vault: Vault): SigningKeyStore {
  return {
    load: () => vault.read<SigningKeySet>(key.signingKeys),
    create: (set) => vault.writeIfAbsent(key.signingKeys, set),
    save: (set) => vault.write(key.signingKeys, set),
  };
}
