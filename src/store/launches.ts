import { LAUNCH_TTL_SECONDS, type LaunchRecord, type LaunchStore } from '../launch/index.ts';
import type { LaunchId } from '../oauth/index.ts';
import { key } from './keys.ts';
import type { Vault } from './vault.ts';

/**
 * Keeps launches under a keyed hash of their id: a dump of the store launches nothing.
 *
 * @param unsureBefore milliseconds since 1970: launches announced before may have been redeemed, and are not there any more
 */
export function createLaunchStore(vault: Vault, unsureBefore: () => number = () => 0): LaunchStore {
  const ifSure = (record: LaunchRecord | undefined): LaunchRecord | undefined =>
    record && (record.expiresAt - LAUNCH_TTL_SECONDS) * 1000 >= unsureBefore() ? record : undefined;
  const at = (id: LaunchId): string => key.launch(vault.keys.keyedHash('launch', id));
  return {
    put: (id, record, ttlSeconds) => vault.write(at(id), record, ttlSeconds),
    peek: async (id) => ifSure(await vault.read<LaunchRecord>(at(id))),
    take: async (id) => ifSure(await vault.take<LaunchRecord>(at(id))),
  };
}
