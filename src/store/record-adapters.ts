import { createHash } from 'node:crypto';

import { errors, type Adapter, type AdapterPayload } from 'oidc-provider';

import { USED_CODE_SECONDS, unsupported, type AdapterParts, type MadeAt } from './adapter-parts.ts';
import { withGrantToBe, withoutGrantToBe, type WithGrantToBe } from './grant-to-be.ts';
import { key } from './keys.ts';
import { beforeTheAnswer } from './page-request.ts';

/** Kept twice, under its secret id and its public uid, so that each look-up is one round trip. */
export function sessionAdapter({ vault }: AdapterParts): Adapter {
  const { driver, keys } = vault;
  const byId = (id: string): string => key.session(keys.keyedHash('session', id));
  const uidHash = (uid: string): string => keys.keyedHash('session-uid', uid);
  const byUid = (uid: string): string => key.sessionByUid(uidHash(uid));
  const noteSession = (accountId: string, uid: string, seconds = 1): Promise<void> =>
    driver.addMember(key.accountSessions(accountId), uidHash(uid), Math.ceil(Date.now() / 1000) + seconds);
  return {
    ...unsupported('Session'),
    async upsert(id, payload, expiresIn) {
      const writes = [byId(id), ...(payload.uid ? [byUid(payload.uid)] : [])];
      await Promise.all([
        ...writes.map((name) => vault.write(name, payload, expiresIn)),
        ...(payload.uid && payload.accountId ? [noteSession(payload.accountId, payload.uid, expiresIn)] : []),
      ]);
    },
    find: (id) => vault.read<AdapterPayload>(byId(id)),
    findByUid: (uid) => vault.read<AdapterPayload>(byUid(uid)),
    async destroy(id) {
      const session = await vault.take<AdapterPayload>(byId(id));
      if (!session?.uid) return;
      // A session that moved to a new id wrote its uid anew; only the copy of this id goes.
      const current = await vault.read<AdapterPayload>(byUid(session.uid));
      if (current?.jti !== id) return;
      await driver.remove([byUid(session.uid)]);
      if (session.accountId)
        await driver.removeMember(key.accountSessions(session.accountId), uidHash(session.uid));
    },
  };
}

/** Interactions and whatever else the provider keeps under an id of its own. */
export function recordAdapter(model: string, { vault, trust }: AdapterParts): Adapter {
  const { keys, driver } = vault;
  const at = (id: string): string =>
    model === 'Interaction'
      ? key.interaction(keys.keyedHash('interaction', id))
      : key.other(model, createHash('sha256').update(keys.keyedHash(model, id)).digest('base64url'));
  return {
    ...unsupported(model),
    upsert: (id, payload, expiresIn) =>
      vault.write(at(id), { ...withGrantToBe(payload), madeAt: Date.now() }, expiresIn),
    async find(id) {
      const name = at(id);
      // How far the person has come lies in the same slot and is read next: see request-reads.ts.
      const beside = model === 'Interaction' ? [key.progress(keys.keyedHash('interaction', id))] : [];
      const [value] = await driver.getMany([name, ...beside]);
      if (!value) return undefined;
      const { madeAt = 0, ...payload } = vault.open<WithGrantToBe & MadeAt>(name, value);
      // It may have been finished: people begin anew (C2.8).
      const isUnsure = model === 'Interaction' && madeAt < trust.unsureBefore();
      return isUnsure ? undefined : withoutGrantToBe(payload);
    },
    destroy: (id) => beforeTheAnswer(() => driver.remove([at(id)])),
    async consume(id) {
      const used = `${at(id)}:used`;
      if (await driver.putIfAbsent({ key: used, value: Uint8Array.of(1), ttlSeconds: USED_CODE_SECONDS }))
        return;
      throw new errors.InvalidRequest('was already used');
    },
  };
}
