import type { AppsOfSessions } from '../logout/index.ts';
import { key } from './keys.ts';
import type { Vault } from './vault.ts';

/** Beside the session it is of, and as long; a member is a client id and, after a space, a `sid`. */
export function createAppsOfSessions({ driver, keys }: Vault): AppsOfSessions {
  const at = (uid: string): string => key.appsOfSession(keys.keyedHash('session-uid', uid));
  return {
    note: (uid, { clientId, sid = '' }, expiresAt) =>
      driver.addMember(at(uid), `${clientId} ${sid}`, expiresAt),
    async take(uid) {
      const members = await driver.members(at(uid));
      await Promise.all(members.map((member) => driver.removeMember(at(uid), member)));
      return members.map((member) => {
        const [clientId = '', sid = ''] = member.split(' ');
        return sid === '' ? { clientId } : { clientId, sid };
      });
    },
  };
}
