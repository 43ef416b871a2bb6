import type { LaunchRecord, LaunchStore } from '../launch/index.ts';
import type { LaunchId } from '../oauth/index.ts';
import { key } from './keys.ts';
import type { Vault } from './vault.ts';

/** Keeps launches under a keyed hash of their id: a dump of the store launches nothing. */
export function createLaunchStore(vault: Vault): LaunchStore {
  const at = (id: LaunchId): string => key.launch(vault.keys.keyedHash('launch', id));
  return {
    put: (id, record, ttlSeconds) => vault.write(at(id), record, ttlSeconds),
    peek: (id) => vault.read<LaunchRecord>(at(id)),
    take: (id) => vault.take<LaunchRecord>(at(id)),
  };
}
