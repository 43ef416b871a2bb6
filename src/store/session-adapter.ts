import { errors, type Adapter, type AdapterPayload } from 'oidc-provider';

import { unsupported, type AdapterParts } from './adapter-parts.ts';
import { key } from './keys.ts';
import { SESSION_MARK_SECONDS, createSessionEnd } from './session-end.ts';

/** A session's secret id names its uid, so that both are found in one round trip: `<uid>.<secret>`. */
const ID = /^([\w-]+)\.[\w-]+$/;

/**
 * Sessions lie under their uid. What a request writes in its end counts only where nobody has ended the session meanwhile
 * (attack row A092) or moved it to another id (A072): otherwise it would be back.
 */
export function sessionAdapter({ vault, grants, onSessionEnd, onSignedOut }: AdapterParts): Adapter {
  const { driver, keys } = vault;
  const endSession = createSessionEnd(vault, grants, {
    ...(onSessionEnd ? { told: onSessionEnd } : {}),
    ...(onSignedOut ? { grantEnded: onSignedOut } : {}),
  });
  const uidHash = (uid: string): string => keys.keyedHash('session-uid', uid);
  const movedFrom = (uid: string, id: string): string =>
    key.sessionMoved(uidHash(uid), keys.keyedHash('session', id));
  const note = (accountId: string, uid: string, seconds = 1): Promise<void> =>
    driver.addMember(key.accountSessions(accountId), uidHash(uid), Math.ceil(Date.now() / 1000) + seconds);
  const write = async (id: string, payload: AdapterPayload, ttlSeconds?: number): Promise<void> => {
    const { movedFrom: before, uid = '', ...kept } = payload;
    const name = key.session(uidHash(uid));
    const mark = (old: string) => ({
      key: movedFrom(uid, old),
      value: MARK,
      ttlSeconds: SESSION_MARK_SECONDS,
    });
    const outcome = await driver.commit({
      ...{ mode: 'issue', stays: true, consume: [], removes: [] },
      ...{ deadKey: key.sessionEnded(uidHash(uid)), deadTtlSeconds: SESSION_MARK_SECONDS },
      expect: [{ key: movedFrom(uid, id), value: undefined }],
      puts: [
        vault.sealed(name, { ...kept, uid }, ttlSeconds),
        ...(typeof before === 'string' ? [mark(before)] : []),
      ],
    });
    if (outcome === 'conflict') throw new errors.AccessDenied(ENDED, SESSION_MOVED);
    if (outcome !== 'committed') throw new errors.AccessDenied(ENDED);
  };
  return {
    ...unsupported('Session'),
    async upsert(id, payload, expiresIn) {
      const { uid, accountId } = payload;
      if (uid === undefined || uidOf(id) !== uid) throw new TypeError('the id of a session names its uid');
      await Promise.all([
        ...(accountId ? [note(accountId, uid, expiresIn)] : []),
        write(id, payload, expiresIn),
      ]);
    },
    async find(id) {
      const uid = uidOf(id);
      if (uid === undefined) return undefined;
      const name = key.session(uidHash(uid));
      const [value] = await driver.getMany([name]);
      const session = value && vault.open<AdapterPayload>(name, value);
      return session?.jti === id ? session : undefined;
    },
    findByUid: (uid) => vault.read<AdapterPayload>(key.session(uidHash(uid))),
    async destroy(id) {
      const uid = uidOf(id);
      if (uid !== undefined) await endSession(uidHash(uid));
    },
  };
}

const MARK = Uint8Array.of(1);
const ENDED = 'the session has ended; sign in again';
/** The `error_detail` of a write under an id that the session had before; see oidc/session-writes.ts. */
const SESSION_MOVED = 'the session goes by another id now';

function uidOf(id: string): string | undefined {
  return ID.exec(id)?.[1];
}
