import { createHash } from 'node:crypto';

import { errors, type Adapter } from 'oidc-provider';

import { USED_CODE_SECONDS, unsupported, type AdapterParts, type MadeAt } from './adapter-parts.ts';
import { withGrantToBe, withoutGrantToBe, type WithGrantToBe } from './grant-to-be.ts';
import { key } from './keys.ts';
import { beforeTheAnswer } from './page-request.ts';

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
