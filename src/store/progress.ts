import { key } from './keys.ts';
import type { Vault } from './vault.ts';

/** How far a person has come with one interaction, kept beside it. */
export interface ProgressStore<Progress> {
  load(uid: string): Promise<Progress | undefined>;
  save(uid: string, progress: Progress, ttlSeconds: number): Promise<void>;
  remove(uid: string): Promise<void>;
}

export function createProgressStore<Progress>(vault: Vault): ProgressStore<Progress> {
  const at = (uid: string): string => key.progress(vault.keys.keyedHash('interaction', uid));
  return {
    load: (uid) => vault.read<Progress>(at(uid)),
    save: (uid, progress, ttlSeconds) => vault.write(at(uid), progress, ttlSeconds),
    remove: (uid) => vault.driver.remove([at(uid)]),
  };
}
